package schemas

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// regionCode is what SES writes in front of the time in ids of its first region, us-east-1.
const regionCode = 0x0100

// NewID makes an id in the shape of SES's: 16 hex digits (region code and milliseconds since 1970), a version 4 UUID, and
// "-000000". It names mails; feedback ids come from HashedID.
func NewID(now time.Time) string {
	var random [16]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	return HashedID(now, random[:])
}

// HashedID makes an id of the same shape out of a time and at least 16 bytes of a hash, so that the same report always gets the
// same feedback id.
func HashedID(at time.Time, sum []byte) string {
	var head [8]byte
	binary.BigEndian.PutUint64(head[:], regionCode<<48|uint64(at.UnixMilli())&(1<<48-1))
	return hex.EncodeToString(head[:]) + "-" + uuid(sum) + "-000000"
}

// HashedUUID makes a version 4 shaped UUID out of at least 16 bytes of a hash: SNS message ids that stay the same however often
// they are computed.
func HashedUUID(sum []byte) string { return uuid(sum) }

func uuid(sum []byte) string {
	var u [16]byte
	copy(u[:], sum)
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	text := hex.EncodeToString(u[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// NewUUID makes a random version 4 UUID.
func NewUUID() string {
	var random [16]byte
	rand.Read(random[:])
	return uuid(random[:])
}
