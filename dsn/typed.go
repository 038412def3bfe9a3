package dsn

import (
	"strings"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
)

// splitTyped cuts a value at the ";" behind its type. Without one the type is
// empty: what stands before the ";" must look like a type.
func splitTyped(value string) (kind, rest string) {
	before, after, ok := strings.Cut(value, ";")
	if !ok {
		return "", value
	}
	kind = strings.TrimSpace(before)
	if kind == "" || len(kind) > 40 {
		return "", value
	}
	for i := 0; i < len(kind); i++ {
		c := kind[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || i > 0 && (c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9') {
			continue
		}
		return "", value
	}
	return kind, strings.TrimSpace(after)
}

func parseName(value string) TypedName {
	kind, name := splitTyped(report.WithoutComments(clean(value)))
	return TypedName{Type: kind, Name: name}
}

func parseAddress(value string) TypedAddress {
	kind, text := splitTyped(clean(value))
	if strings.Contains(text, `\x{`) {
		text = decodeUnitext(text)
	}
	// Some put the type in twice: "rfc822; rfc822; jane@example.net".
	if again, rest := splitTyped(text); again != "" && strings.EqualFold(again, kind) {
		text = rest
	}
	if spec, err := address.Parse(text); err == nil {
		text = spec
	} else {
		text = strings.Trim(report.WithoutComments(text), "<> ")
	}
	return TypedAddress{Type: kind, Address: text}
}

// clean brings a value to UTF-8 with encoded words decoded, and runs of white
// space and control characters to one blank.
func clean(value string) string {
	value = report.Text(value)
	previous := byte('x')
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c < ' ' || c == 0x7f || c == ' ' && previous == ' ' {
			return squeeze(value)
		}
		previous = c
	}
	return value
}

func squeeze(value string) string {
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c < ' ' || c == 0x7f {
			c = ' '
		}
		if c != ' ' || len(b) > 0 && b[len(b)-1] != ' ' {
			b = append(b, c)
		}
	}
	return strings.TrimRight(string(b), " ")
}

// decodeUnitext decodes the embedded characters of an internationalized address,
// "\x{e9}" (RFC 6533 section 3). What is no character stays as it is.
func decodeUnitext(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, `\x{`)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		r, n := embedded(s[i:])
		if n == 0 {
			b.WriteString(s[i : i+3])
			n = 3
		} else {
			b.WriteRune(r)
		}
		s = s[i+n:]
	}
}

// embedded reads the "\x{…}" that s begins with and returns its length, 0 when
// it is no printable character.
func embedded(s string) (rune, int) {
	value := rune(0)
	for i := 3; i < len(s) && i < 10; i++ {
		if s[i] == '}' {
			if i == 3 || value <= ' ' || value == 0x7f || !utf8.ValidRune(value) {
				return 0, 0
			}
			return value, i + 1
		}
		digit := hexDigit(s[i])
		if digit < 0 {
			return 0, 0
		}
		value = value<<4 | rune(digit)
	}
	return 0, 0
}

// decodeOctal decodes the escapes that Exim prints in place of bytes: "\303\251".
func decodeOctal(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) {
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
			continue
		}
		b = append(b, s[i])
	}
	if !utf8.Valid(b) {
		return s
	}
	return string(b)
}

func isOctal(s string) bool {
	return s[0] >= '2' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7'
}
