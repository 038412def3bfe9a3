package report

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	xtext "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// charsetNames are charsets that mail names and that neither the WHATWG nor IANA does,
// or not as mail means them.
var charsetNames = map[string]string{
	"eucjp": "euc-jp", "gb2312": "gb18030", "gbk": "gb18030", "iso-2022-jp-1": "iso-2022-jp",
	"iso-2022-jp-ms": "iso-2022-jp", "koi8": "koi8-r", "koi8r": "koi8-r", "ansi": "windows-1252", "latin-1": "iso-8859-1", "tis-620": "windows-874", "uhc": "euc-kr",
}

// codePages are the numbers that Windows has for charsets: cp932, x-cp1251, ms949 …
var codePages = map[string]string{
	"874": "windows-874", "932": "shift_jis", "936": "gb18030", "949": "euc-kr", "950": "big5", "1250": "windows-1250",
	"1251": "windows-1251", "1252": "windows-1252", "1253": "windows-1253", "1254": "windows-1254", "1255": "windows-1255",
	"1256": "windows-1256", "1257": "windows-1257", "1258": "windows-1258", "20866": "koi8-r", "20932": "euc-jp",
	"21866": "koi8-u", "28591": "iso-8859-1", "50220": "iso-2022-jp", "51932": "euc-jp", "51949": "euc-kr", "54936": "gb18030",
}

// byteOrderMark is what Windows programs put before UTF-8.
const byteOrderMark = "\ufeff"

// isUnstated reports whether the lower-case name of a charset tells nothing.
func isUnstated(name string) bool {
	switch name {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown", "unknown-8bit", "x-unknown", "default", "8bit":
		return true
	}
	return false
}

// isUTF8 reports whether a lower-case name is one of UTF-8.
func isUTF8(name string) bool {
	return name == "utf-8" || name == "utf8" || name == "csutf8" || name == "unicode-1-1-utf-8" || name == "cp65001"
}

// isUTF7 reports whether a lower-case name is one of UTF-7.
func isUTF7(name string) bool {
	return strings.HasPrefix(name, "utf-7") || name == "unicode-1-1-utf-7" || name == "csutf7" || name == "csunicode11utf7" || name == "cp65000" || name == "utf7"
}

// isSevenBit reports whether the charset writes all characters in ASCII, without
// escapes that give it away.
func isSevenBit(name string) bool {
	return len(name) > 0 && (isUTF7(lower(name)) || strings.HasPrefix(lower(name), "hz"))
}

// encodingOf returns the encoding with the lower-case name, nil when there is none.
func encodingOf(name string) xtext.Encoding {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "x-"), "x-")
	if digits := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz-_"); codePages[digits] != "" {
		name = codePages[digits]
	}
	if known := charsetNames[name]; known != "" {
		name = known
	}
	switch name {
	case "gb18030":
		return simplifiedchinese.GB18030
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312
	case "iso-2022-jp":
		return japanese.ISO2022JP
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	for _, name := range []string{name, "x-" + name, strings.TrimPrefix(name, "cs")} {
		// The WHATWG's tables read what is sent: ISO-8859-1 with the characters of Windows-1252.
		if e, err := htmlindex.Get(name); err == nil && e != xtext.Replacement {
			return e
		}
		if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
			return e
		}
	}
	return nil
}

// toUTF8 is appendUTF8 of strings.
func toUTF8(text, name string) string { return string(appendUTF8(nil, []byte(text), name)) }

// appendUTF8 decodes text in the named charset. When the charset is unknown or
// missing and the text is not UTF-8 it is taken for ISO-2022-JP when it holds
// its escape sequences, and for Windows-1252 otherwise.
func appendUTF8(dst, text []byte, name string) []byte {
	switch name = lower(name); {
	case isUTF8(name):
		return append(dst, validUTF8(text)...)
	case !isUnstated(name):
		if decoded, ok := appendDecoded(dst, text, name); ok {
			return decoded
		}
	}
	if bytes.Contains(text, []byte("\x1b$")) || bytes.Contains(text, []byte("\x1b(")) {
		if decoded, ok := appendDecoded(dst, text, "iso-2022-jp"); ok {
			return decoded
		}
	}
	if utf8.Valid(text) {
		return append(dst, text...)
	}
	decoded, _ := appendDecoded(dst, text, "windows-1252")
	return decoded
}

// appendDecoded decodes text in a charset given by its lower-case name, and
// reports false when there is none of that name.
func appendDecoded(dst, text []byte, name string) ([]byte, bool) {
	if isUTF7(name) {
		return append(dst, decodeUTF7(string(text))...), true
	}
	e := encodingOf(name)
	if e == nil {
		return dst, false
	}
	if e == japanese.ISO2022JP {
		return appendISO2022JP(dst, text)
	}
	return appendOf(dst, text, e)
}

// appendOf decodes text. transform.Append gives a full dst no more room than the
// text is long, which would make many short ones quadratic.
func appendOf(dst, text []byte, e xtext.Encoding) ([]byte, bool) {
	dst = slices.Grow(dst, len(text)+1)
	decoded, _, err := transform.Append(e.NewDecoder(), dst, text)
	return decoded, err == nil
}

// appendISO2022JP leaves to the decoder only what stands between the escape
// sequences that leave ASCII and those that come back to it (RFC 1468).
func appendISO2022JP(dst, text []byte) ([]byte, bool) {
	for len(text) > 0 {
		plain := bytes.IndexByte(text, 0x1b)
		if plain < 0 {
			plain = len(text)
		}
		if needsDecoding(text[:plain]) {
			plain = 0
		}
		dst, text = append(dst, text[:plain]...), text[plain:]
		end := len(text)
		if back := bytes.Index(text, []byte("\x1b(B")); back >= 0 {
			end = back + len("\x1b(B")
		}
		var ok bool
		if dst, ok = appendOf(dst, text[:end], japanese.ISO2022JP); !ok {
			return dst, false
		}
		text = text[end:]
	}
	return dst, true
}

// validUTF8 is bytes.ToValidUTF8 that sees quickly what is valid already.
func validUTF8(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	return bytes.ToValidUTF8(text, []byte("\uFFFD"))
}
