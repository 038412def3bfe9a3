package address

import "strings"

// maxHeader bounds the header value in which an address is looked for: no
// mailbox with its display name is longer.
const maxHeader = 4096

// extract finds the address in a mailbox as RFC 5322 section 3.4 writes it:
// `"Jane" <jane@example.net> (home)`. It reports false when there is none, or
// more than one.
func extract(s string) (string, bool) {
	if len(s) > maxHeader {
		return "", false
	}
	s = withoutComments(s)
	open := indexUnquoted(s, '<')
	if open < 0 {
		return strings.TrimSuffix(strings.TrimSpace(s), "."), true
	}
	found := ""
	for open >= 0 {
		s = strings.TrimLeft(s[open:], "<")
		end := indexUnquoted(s, '>')
		if end < 0 {
			break
		}
		if spec := strings.TrimSpace(withoutRoute(s[:end])); IsAddress(spec) {
			if found != "" {
				return "", false
			}
			found = spec
		}
		s = s[end:]
		open = indexUnquoted(s, '<')
	}
	return found, found != ""
}

// withoutRoute cuts a source route: "@a,@b:jane@c" (RFC 5321 appendix C).
func withoutRoute(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "@") {
		if _, rest, ok := strings.Cut(s, ":"); ok {
			return rest
		}
	}
	return s
}

// indexUnquoted returns the place of c outside quoted strings, or -1. A quote
// that is never closed quotes nothing.
func indexUnquoted(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case c:
			return i
		case '"':
			if end := quotedEnd(s[i:]); end > 0 {
				i += end
			}
		}
	}
	return -1
}

// quotedEnd returns the place of the quote that closes the one at s[0], or -1.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// withoutComments cuts comments, nested ones as well, that stand outside quoted
// strings. A comment that is never closed is none.
func withoutComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && depth == 0:
			if end := quotedEnd(s[i:]); end > 0 {
				b.WriteString(s[i : i+end])
				i += end
			}
			b.WriteByte('"')
		case c == '\\' && depth > 0:
			i++
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	if depth > 0 {
		return s
	}
	return b.String()
}
