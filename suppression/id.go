package suppression

import (
	"encoding/hex"
	"strings"
)

// packed starts an id of SES's shape that was made short. No UTF-8 text starts with it.
const packed = 0xff

// What the ids of feedback and mails have in common: the region in front, and the end.
const (
	region = "0100"
	end    = "-000000"
)

// packID makes an id of the shape that SES gives its feedback and its mails (16 hexadecimal digits, a UUID, "-000000") 23
// bytes instead of 60. Any other id stays as it is.
func packID(id string) []byte {
	const head, uuid = 16, 36
	if len(id) != head+1+uuid+len(end) || !strings.HasPrefix(id, region) || !strings.HasSuffix(id, end) {
		return []byte(id)
	}
	bytes, err := hex.DecodeString(strings.ReplaceAll(id[len(region):head+1+uuid], "-", ""))
	if short := append([]byte{packed}, bytes...); err == nil && unpackID(short) == id {
		return short
	}
	return []byte(id)
}

func unpackID(stored []byte) string {
	if len(stored) != 23 || stored[0] != packed {
		return string(stored)
	}
	h := region + hex.EncodeToString(stored[1:])
	return h[:16] + "-" + h[16:24] + "-" + h[24:28] + "-" + h[28:32] + "-" + h[32:36] + "-" + h[36:] + end
}
