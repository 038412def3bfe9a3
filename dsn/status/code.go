package status

import "strconv"

// Code is an enhanced status code, "5.1.1" (RFC 3463 section 2). The zero Code
// is none.
type Code struct {
	// Class is 2 (success), 4 (persistent transient failure) or 5 (permanent failure).
	Class int
	// Subject is what the code is about: 1 address, 2 mailbox, 3 mail system,
	// 4 network, 5 protocol, 6 content, 7 policy, 0 something else.
	Subject int
	// Detail is 0 to 999.
	Detail int
}

// IsZero reports whether there is no code.
func (c Code) IsZero() bool { return c == Code{} }

// Specific reports whether the code says more than its class: it is neither
// x.0.0 nor none. x.1.0 is specific, because it names a subject.
func (c Code) Specific() bool { return c.Subject != 0 || c.Detail != 0 }

// String returns the code as "5.1.1", and "" for none.
func (c Code) String() string {
	if c.IsZero() {
		return ""
	}
	b := make([]byte, 0, 8)
	b = strconv.AppendInt(b, int64(c.Class), 10)
	b = strconv.AppendInt(append(b, '.'), int64(c.Subject), 10)
	b = strconv.AppendInt(append(b, '.'), int64(c.Detail), 10)
	return string(b)
}

// Parse reads the code at the start of s, after white space. What follows it, a
// comment for example, is ignored. It reports false when there is none, or when
// its class, subject or detail is out of the range of RFC 3463 section 2.
func Parse(s string) (Code, bool) {
	for s != "" && (s[0] == ' ' || s[0] == '\t' || s[0] == '\r' || s[0] == '\n') {
		s = s[1:]
	}
	c, n := scan(s)
	if n == 0 || n < len(s) && isWordByte(s[n]) {
		return Code{}, false
	}
	return c, true
}

// scan reads the code that s begins with and returns its length, 0 for none.
func scan(s string) (Code, int) {
	if len(s) < 5 || s[0] != '2' && s[0] != '4' && s[0] != '5' || s[1] != '.' {
		return Code{}, 0
	}
	subject, n := number(s[2:])
	if n != 1 || subject > 7 || len(s) < 5 || s[3] != '.' {
		return Code{}, 0
	}
	detail, n := number(s[4:])
	if n == 0 || n > 3 || n > 1 && s[4] == '0' {
		return Code{}, 0
	}
	end := 4 + n
	// A fourth number makes it an IP address or a version.
	if end+1 < len(s) && s[end] == '.' && isDigit(s[end+1]) {
		return Code{}, 0
	}
	return Code{Class: int(s[0] - '0'), Subject: subject, Detail: detail}, end
}

// number reads the decimal digits that s begins with, at most four of them.
func number(s string) (value, n int) {
	for n < len(s) && n < 4 && isDigit(s[n]) {
		value = value*10 + int(s[n]-'0')
		n++
	}
	return value, n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWordByte reports whether c beside a number makes it part of a word.
func isWordByte(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
