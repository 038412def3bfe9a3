package report

import "strings"

// word is an encoded word (RFC 2047 section 2).
type word struct {
	charset string // in lower case
	text    []byte // decoded from base64 or quoted-printable
	raw     string // as it stands in the mail
}

// readable returns a value for people: encoded words decoded, the rest read in
// the named charset, and blanks for line ends and other control characters.
func readable(value, charset string) string {
	if isPlain(value) {
		return value
	}
	if strings.Contains(value, "=?") {
		value = decodeWords(value, charset)
	} else {
		value = toUTF8(value, charset)
	}
	if strings.IndexFunc(value, isControl) < 0 {
		return value
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, value)
}

// isPlain reports whether the value is for people as it stands: printable ASCII
// without an encoded word.
func isPlain(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c >= 0x7f || c == '=' && i+1 < len(value) && value[i+1] == '?' {
			return false
		}
	}
	return true
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// decodeWords decodes the encoded words in a value. A word in an unknown charset
// stays as it is.
func decodeWords(value, charset string) string {
	var b strings.Builder
	var open word   // was read, and may go on in the next word
	var from string // the value from there on
	for {
		before, next, after, ok := cutWord(value)
		between := trim(before) == "" && open.raw != ""
		if ok && between && open.joins(next) {
			open.text, open.raw = append(open.text, next.text...), from[:len(from)-len(after)]
			value = after
			continue
		}
		open.writeTo(&b, charset)
		if !ok {
			b.WriteString(toUTF8(value, charset))
			return b.String()
		}
		if !between { // blanks between two words are not shown
			b.WriteString(toUTF8(before, charset))
		}
		open, from, value = next, value[len(before):], after
	}
}

// joins reports whether the next word may begin in the middle of a character,
// as some senders cut them. Charsets with states begin anew in each word.
func (w word) joins(next word) bool {
	return w.charset == next.charset && !strings.HasPrefix(w.charset, "iso-2022") && !isSevenBit(w.charset)
}

func (w word) writeTo(b *strings.Builder, charset string) {
	if w.raw == "" {
		return
	}
	if isUnstated(w.charset) || isUTF8(w.charset) {
		b.Write(appendUTF8(nil, w.text, w.charset))
	} else if decoded, ok := appendDecoded(nil, w.text, w.charset); ok {
		b.Write(decoded)
	} else {
		b.WriteString(toUTF8(w.raw, charset))
	}
}

// cutWord finds the first encoded word in s. Blanks in it, and base64 without
// its padding, are let pass.
func cutWord(s string) (before string, w word, after string, ok bool) {
	for at := 0; ; at += 2 {
		begin := strings.Index(s[at:], "=?")
		if begin < 0 {
			return s, word{}, "", false
		}
		at += begin
		charset, rest, found := strings.Cut(s[at+2:min(len(s), at+64)], "?")
		if !found || charset == "" || len(rest) < 2 || rest[1] != '?' || strings.ContainsAny(charset, " \t=") {
			continue
		}
		text := at + 2 + len(charset) + 3
		end := strings.Index(s[text:], "?=")
		if end < 0 {
			return s, word{}, "", false
		}
		end += text
		w = word{raw: s[at : end+2]}
		switch rest[0] {
		case 'b', 'B':
			w.text = (&transfer{}).appendBase64(nil, []byte(s[text:end]))
		case 'q', 'Q':
			w.text = appendQuotedWord(nil, s[text:end])
		default:
			continue
		}
		charset, _, _ = strings.Cut(charset, "*") // a language (RFC 2231 section 5)
		w.charset = lower(charset)
		return s[:at], w, s[end+2:], true
	}
}

// appendQuotedWord undoes the encoding "Q" (RFC 2047 section 4.2).
func appendQuotedWord(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			dst = append(dst, ' ')
			continue
		case c == '=' && i+2 < len(text):
			if high, low := hexDigit(text[i+1]), hexDigit(text[i+2]); high >= 0 && low >= 0 {
				dst = append(dst, byte(high<<4|low))
				i += 2
				continue
			}
		}
		dst = append(dst, text[i])
	}
	return dst
}
