package report

import (
	"bytes"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
)

var words = mime.WordDecoder{CharsetReader: charset.Reader}

// decodeWords decodes RFC 2047 encoded words. A word in an unknown charset
// stays as it is.
func decodeWords(s string) string {
	if strings.Contains(s, "=?") {
		if decoded, err := words.DecodeHeader(s); err == nil {
			s = decoded
		}
	}
	return toUTF8(s, "")
}

// toUTF8 decodes text in the named charset. When the charset is unknown or
// missing and the text is not UTF-8 it is taken for ISO-2022-JP when it holds
// its escape sequences, and for Windows-1252 otherwise.
func toUTF8(text, name string) string {
	escapes := strings.Contains(text, "\x1b$") || strings.Contains(text, "\x1b(")
	switch name = strings.ToLower(name); name {
	case "", "us-ascii", "ascii", "utf-8", "utf8", "unknown", "unknown-8bit", "x-unknown":
		if utf8.ValidString(text) && !escapes {
			return text
		}
		if strings.HasPrefix(name, "utf") {
			return strings.ToValidUTF8(text, "\uFFFD")
		}
		name = ""
	}
	if name != "" {
		if decoded, ok := decodeCharset(text, name); ok {
			return decoded
		}
	}
	if escapes {
		if decoded, ok := decodeCharset(text, "iso-2022-jp"); ok {
			return decoded
		}
	}
	if utf8.ValidString(text) {
		return text
	}
	decoded, _ := decodeCharset(text, "windows-1252")
	return strings.ToValidUTF8(decoded, "\uFFFD")
}

func decodeCharset(text, name string) (string, bool) {
	r, err := charset.Reader(name, strings.NewReader(text))
	if err != nil {
		return "", false
	}
	var b bytes.Buffer
	b.Grow(len(text) + len(text)/4)
	if _, err := io.Copy(&b, r); err != nil {
		return "", false
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD"), true
}
