package status

import (
	"strings"
	"unicode/utf8"
)

// FindReply returns the first plausible basic SMTP reply code (RFC 5321 section
// 4.2) in text: one of class 4 or 5, or of class 2 when text begins with it.
// A number in the place of a reply code (at the start, behind a colon or a
// bracket, before an enhanced code) comes before one that merely looks like it,
// and a number that counts something ("552 bytes", "port 465") is none.
func FindReply(text string) (code int, ok bool) {
	loose := 0
	for i := 0; i+3 <= len(text); i++ {
		if !isDigit(text[i+2]) {
			i += 2 // three digits begin behind it at the earliest
			continue
		}
		for !isDigit(text[i]) {
			i++
		}
		end := i + 1
		for end < len(text) && isDigit(text[end]) {
			end++
		}
		if code := replyAt(text, i, end); code != 0 {
			if inPlace(text, i, end) {
				return code, true
			}
			if loose == 0 && isCommon(code) && !counts(text, i, end) {
				loose = code
			}
		}
		i = end
	}
	return loose, loose != 0
}

// replyAt returns the code in text[i:end], 0 when it cannot be one.
func replyAt(text string, i, end int) int {
	if end-i != 3 || i > 0 && !replyMayFollow(text[i-1]) || !replyMayEnd(text[end:]) {
		return 0
	}
	code, _ := number(text[i:end])
	switch {
	case code >= 400 && code <= 599:
		return code
	case code >= 200 && code <= 299 && isBlank(text[:i]):
		return code
	}
	return 0
}

func replyMayFollow(c byte) bool {
	switch c {
	case '.', '/', '\\', '@', '-', '+', '_', '=', '%', '$', ',':
		return false
	}
	return !isWordByte(c)
}

func replyMayEnd(rest string) bool {
	if rest == "" {
		return true
	}
	switch c := rest[0]; c {
	case '.', ',':
		return len(rest) == 1 || !isWordByte(rest[1])
	case '@', '/', '\\', '%', '=':
		return false
	default:
		return !isWordByte(c)
	}
}

// inPlace reports whether the three digits stand where servers put a reply code.
func inPlace(text string, i, end int) bool {
	rest := text[end:]
	if rest != "" && (rest[0] == ' ' || rest[0] == '-' || rest[0] == '#') {
		if c, n := scan(strings.TrimLeft(rest[1:], "# ([")); n > 0 && int(text[i]-'0') == c.Class {
			return true
		}
	}
	before := strings.TrimRight(text[:i], " \t\r\n")
	if before == "" {
		return true
	}
	switch before[len(before)-1] {
	case ':', ';', '(', '[', '<', '"', '\'', '#':
		return !counts(text, i, end)
	}
	return false
}

// isCommon reports whether a server is likely to send the code: second digits
// above 5 are in no RFC, but for 57x, which some filters send.
func isCommon(code int) bool {
	ten := code / 10 % 10
	return ten <= 5 || code/10 == 57
}

// units are the words behind a number that counts something. They are plural, so
// that "550 message refused" stays a reply.
var units = [...]string{
	"bytes", "octets", "kb", "kilobytes", "mb", "megabytes", "ms", "seconds", "secs", "minutes", "mins", "hours", "days",
	"weeks", "times", "attempts", "messages", "recipients", "connections", "characters", "lines", "of",
}

// nouns are the words before a number that is no reply.
var nouns = [...]string{"port", "line", "size", "uid", "userid", "pid", "version", "limit", "maximum", "after", "than", "every", "about"}

// counts reports whether the number in text[i:end] counts or numbers something.
func counts(text string, i, end int) bool {
	rest := strings.TrimLeft(text[end:], " ")
	word := 0
	for word < len(rest) && isWordByte(rest[word]) {
		word++
	}
	before := strings.TrimRight(text[:i], " :")
	start := strings.LastIndexAny(before, " \t\r\n(<[") + 1
	return oneOf(rest[:word], units[:]) || oneOf(before[start:], nouns[:])
}

// oneOf reports whether the word is in the list, in any case.
func oneOf(word string, list []string) bool {
	if word == "" {
		return false
	}
	first := word[0] | ('a' - 'A')
	for _, w := range list {
		if (first == w[0] || first >= utf8.RuneSelf) && strings.EqualFold(word, w) {
			return true
		}
	}
	return false
}
