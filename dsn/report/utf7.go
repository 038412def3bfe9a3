package report

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeUTF7 decodes UTF-7 (RFC 2152): "+", base64 of UTF-16 and "-", or "+-"
// for "+". What is no character becomes U+FFFD.
func decodeUTF7(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "+")
		b.WriteString(before)
		if !ok {
			return strings.ToValidUTF8(b.String(), "\uFFFD")
		}
		n := 0
		for n < len(rest) && base64Digit(rest[n]) >= 0 {
			n++
		}
		if n == 0 {
			b.WriteByte('+')
		}
		writeUTF16(&b, rest[:n])
		s = strings.TrimPrefix(rest[n:], "-")
	}
}

// writeUTF16 writes the characters in base64 of big endian UTF-16. Bits that are
// left over fill up the last digit.
func writeUTF16(b *strings.Builder, digits string) {
	var bits uint32
	var high rune // the first half of a surrogate pair
	count := 0
	for i := 0; i < len(digits); i++ {
		bits, count = bits<<6|uint32(base64Digit(digits[i])), count+6
		if count < 16 {
			continue
		}
		count -= 16
		unit := rune(bits >> count & 0xffff)
		switch {
		case utf16.IsSurrogate(unit) && high == 0:
			high = unit
			continue
		case high != 0:
			if r := utf16.DecodeRune(high, unit); r != utf8.RuneError {
				b.WriteRune(r)
				high = 0
				continue
			}
			b.WriteRune(utf8.RuneError)
			high = 0
		}
		b.WriteRune(unit)
	}
	if high != 0 {
		b.WriteRune(utf8.RuneError)
	}
}
