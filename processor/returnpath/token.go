package returnpath

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Lifetime is how long a path is accepted after the day on which it was made. Servers give a mail up within days;
// complaints and late bounces come within weeks.
const Lifetime = 60 * 24 * time.Hour

const (
	tokenLength   = 40 // characters of a token: 25 bytes in base32
	payloadLength = 15 // bytes that are signed, as they stand in the token
	sumLength     = 10 // bytes of the signature
	dayLength     = 24 * time.Hour
	lifetimeDays  = int64(Lifetime / dayLength)
	accountDigits = 12
	// noAccount stands for what is no 12-digit account id. It is above the largest one.
	noAccount = 1<<40 - 1
)

// lowerCase is base32 (RFC 4648) in the case that is customary for addresses. 25 bytes fill 40 characters to the last
// bit, so there is one token for each path.
var lowerCase = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Path is what a verified token says.
type Path struct {
	Account     string    // 12 digits; empty when the path was made for none
	RecipientID uint64    // a sentmail.Recipient's
	Day         time.Time // midnight UTC of the day on which the path was made
}

// Make returns the token for a recipient of an account's mail, signed with the newest key. An account that is not 12
// digits is left out of the path: it verifies, and its Account is empty.
func (k *Keys) Make(account string, recipientID uint64, now time.Time) string {
	newest := k.newest()
	day := dayOf(now)
	var token [payloadLength + sumLength]byte
	token[0] = newest.number
	putAccount(token[1:6], account)
	binary.BigEndian.PutUint64(token[6:14], recipientID)
	token[14] = byte(day)
	copy(token[payloadLength:], newest.sign(token[:payloadLength], day))
	return lowerCase.EncodeToString(token[:])
}

// Verify tells what a token says when one of the keys has signed it; upper and lower case are the same. The error is
// ErrInvalid or ErrExpired.
func (k *Keys) Verify(token string, now time.Time) (Path, error) {
	content, ok := decode(token)
	if !ok {
		return Path{}, ErrInvalid
	}
	signer, ok := k.numbered(content[0])
	if !ok {
		return Path{}, ErrInvalid
	}
	payload, sum := content[:payloadLength], content[payloadLength:]
	day, ok := signer.signedOn(payload, sum, dayOf(now))
	if !ok {
		return Path{}, ErrInvalid
	}
	if dayOf(now)-day > lifetimeDays {
		return Path{}, ErrExpired
	}
	return Path{
		Account:     accountOf(payload[1:6]),
		RecipientID: binary.BigEndian.Uint64(payload[6:14]),
		Day:         time.Unix(day*int64(dayLength/time.Second), 0).UTC(),
	}, nil
}

// Find returns the token in the local part of an address, in lower case: the local part itself, or what follows the last
// "+", "-" or "=" of it, as in bounces+TOKEN. It looks at the shape alone; only Verify tells whether it is a path.
func Find(localPart string) (token string, ok bool) {
	at := len(localPart) - tokenLength
	if at < 0 || at > 0 && !strings.ContainsRune("+-=", rune(localPart[at-1])) {
		return "", false
	}
	token = lower(localPart[at:])
	for i := range len(token) {
		if c := token[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return "", false
		}
	}
	return token, true
}

// decode returns the bytes of a token. Find leaves nothing to it that base32 would skip, such as line ends.
func decode(token string) ([]byte, bool) {
	if len(token) != tokenLength {
		return nil, false
	}
	token, ok := Find(token)
	if !ok {
		return nil, false
	}
	content, err := lowerCase.DecodeString(token)
	return content, err == nil
}

// lower changes ASCII letters only: Unicode knows letters whose lower case is an ASCII letter.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// sign returns the signature of a payload made on a day.
func (k key) sign(payload []byte, day int64) []byte {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write(payload)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(day)))
	return mac.Sum(nil)[:sumLength]
}

// signedOn returns the day on which the key signed the payload: one of those between the key's first and tomorrow (a
// clock may be ahead of ours) whose low byte stands in the payload. Days that are not expired count even when the key is
// younger, so that a key made while the clock was wrong does its work.
func (k key) signedOn(payload, sum []byte, today int64) (day int64, ok bool) {
	first := min(dayOf(k.created)-1, today-lifetimeDays)
	latest := today + 1
	latest -= int64(byte(latest) - payload[payloadLength-1])
	for day = latest; day >= first; day -= 1 << 8 {
		if hmac.Equal(k.sign(payload, day), sum) {
			return day, true
		}
	}
	return 0, false
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(dayLength/time.Second) }

func putAccount(to []byte, account string) {
	number, err := strconv.ParseUint(account, 10, 64)
	if err != nil || len(account) != accountDigits {
		number = noAccount
	}
	var wide [8]byte
	binary.BigEndian.PutUint64(wide[:], number)
	copy(to, wide[3:])
}

func accountOf(from []byte) string {
	var wide [8]byte
	copy(wide[3:], from)
	number := binary.BigEndian.Uint64(wide[:])
	if number == noAccount {
		return ""
	}
	return fmt.Sprintf("%0*d", accountDigits, number)
}
