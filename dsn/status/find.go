package status

import "strings"

// Find returns the first plausible enhanced status code in an SMTP reply or in
// any text about one. It takes no part of an IP address, a version or a host
// name for one. A code of class 2 counts only at the start or behind a reply
// code of class 2, because "2.0.1" is mostly a version.
func Find(text string) (Code, bool) {
	for i := 0; i+4 < len(text); i++ {
		if !inCodes[text[i+4]] {
			i += 4 // what ends there is no code, nor is what goes on
			continue
		}
		if text[i+1] != '.' || text[i+3] != '.' {
			continue
		}
		c, n := scan(text[i:])
		if n == 0 || !startsToken(text, i) || !endsToken(text[i+n:]) {
			continue
		}
		if c.Class != 2 || isBlank(text[:i]) || followsReply(text[:i], '2') {
			return c, true
		}
	}
	return Code{}, false
}

// inCodes are the bytes of codes.
var inCodes = func() (are [256]bool) {
	for c := range are {
		are[c] = c == '.' || isDigit(byte(c))
	}
	return are
}()

// startsToken reports whether a code may begin at text[i]: not inside a word, a
// number, a path or a host name.
func startsToken(text string, i int) bool {
	if i == 0 {
		return true
	}
	switch c := text[i-1]; c {
	case '.', '/', '\\', '@', '+', '%', '$':
		return false
	case '-', '_':
		return followsReply(text[:i], text[i])
	default:
		return !isWordByte(c)
	}
}

// endsToken reports whether a code may end before rest.
func endsToken(rest string) bool {
	if rest == "" {
		return true
	}
	switch c := rest[0]; c {
	case '@', '/', '\\', '%':
		return false
	case '.', '-':
		return len(rest) == 1 || !isWordByte(rest[1])
	default:
		return !isWordByte(c)
	}
}

// followsReply reports whether before ends with a basic reply code of the class
// and one separator, "550-" or "550 ".
func followsReply(before string, class byte) bool {
	n := len(before)
	if n < 4 || before[n-4] != class || !isDigit(before[n-3]) || !isDigit(before[n-2]) {
		return false
	}
	return n == 4 || !isWordByte(before[n-5]) && before[n-5] != '.'
}

func isBlank(s string) bool { return strings.TrimLeft(s, " \t\r\n") == "" }
