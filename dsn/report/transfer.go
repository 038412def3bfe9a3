package report

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
)

// transfer undoes a Content-Transfer-Encoding (RFC 2045 section 6) line by line.
type transfer struct {
	encoding encoding
	begun    bool
	bits     uint32
	digits   int
}

type encoding int

const (
	identity encoding = iota
	quotedPrintable
	base64Code
)

func newTransfer(name string) transfer {
	switch mediaWord(name) {
	case "base64":
		return transfer{encoding: base64Code}
	case "quoted-printable":
		return transfer{encoding: quotedPrintable}
	}
	return transfer{}
}

// mediaWord returns the first word of a value in lower case.
func mediaWord(value string) string {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c == ' ' || c == '\t' || c == ';' || c == '(' {
			value = value[:i]
		}
	}
	return lower(value)
}

// line appends a decoded line to dst.
func (t *transfer) line(dst, line []byte) []byte {
	switch t.encoding {
	case quotedPrintable:
		return appendQuotedPrintable(dst, line)
	case base64Code:
		if !t.begun && len(line) > 0 {
			t.begun = true
			// Some label a part that they do not encode.
			if bytes.ContainsAny(trimRight(line), ":.<>@-_ ") {
				t.encoding = identity
				return t.line(dst, line)
			}
		}
		return t.appendBase64(dst, line)
	}
	return append(append(dst, line...), '\n')
}

// appendQuotedPrintable leaves a "=" that begins no code as it is.
func appendQuotedPrintable(dst, line []byte) []byte {
	line = trimRight(line)
	for {
		at := bytes.IndexByte(line, '=')
		if at < 0 {
			return append(append(dst, line...), '\n')
		}
		dst = append(dst, line[:at]...)
		if line = line[at+1:]; len(line) == 0 {
			return dst
		}
		if len(line) > 1 {
			if high, low := hexDigit(line[0]), hexDigit(line[1]); high >= 0 && low >= 0 {
				dst, line = append(dst, byte(high<<4|low)), line[2:]
				continue
			}
		}
		dst = append(dst, '=')
	}
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// appendBase64 skips what is not of the alphabet (RFC 2045 section 6.8). Most
// lines hold nothing else, and whole groups of it.
func (t *transfer) appendBase64(dst, line []byte) []byte {
	if whole := len(line) / 4 * 3; t.digits == 0 && len(line)%4 == 0 {
		dst = slices.Grow(dst, whole)
		if n, err := base64.StdEncoding.Decode(dst[len(dst):len(dst)+whole], line); err == nil {
			return dst[:len(dst)+n]
		}
	}
	for _, c := range line {
		v := base64Digit(c)
		if v < 0 {
			if c == '=' {
				t.bits, t.digits = 0, 0
			}
			continue
		}
		t.bits = t.bits<<6 | uint32(v)
		if t.digits++; t.digits > 1 {
			dst = append(dst, byte(t.bits>>(6-2*(t.digits-1))))
			t.digits %= 4
		}
	}
	return dst
}

// base64Digit returns the value of a digit, -1 for any other byte.
func base64Digit(c byte) int { return int(base64Digits[c]) }

var base64Digits = func() (values [256]int8) {
	for c := range values {
		values[c] = int8(strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", byte(c)))
	}
	return values
}()

// unixLines brings line ends to LF in place.
func unixLines(b []byte) []byte {
	if bytes.IndexByte(b, '\r') < 0 {
		return b
	}
	out := b[:0]
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] != '\r':
			out = append(out, b[i])
		case i+1 == len(b) || b[i+1] != '\n':
			out = append(out, '\n')
		}
	}
	return out
}
