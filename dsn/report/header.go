package report

import (
	"strings"
	"unicode/utf8"
)

// Field is one header field or one field of a machine part. Value is unfolded
// and trimmed: a fold becomes the white space as sent. It holds the bytes of the
// mail, which need not be UTF-8; see Header.Text.
type Field struct{ Name, Value string }

// Header is a list of fields in the order of the mail.
type Header []Field

// Get returns the first value of the field, trimmed, or "" when it is missing.
// Names are compared without regard to case.
func (h Header) Get(name string) string {
	for i := range h {
		if len(h[i].Name) == len(name) && same(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// same compares names of the same length. Most begin with another letter, or are
// written as in the RFCs.
func same(a, b string) bool {
	return a == "" || a[0]|0x20 == b[0]|0x20 && (a == b || strings.EqualFold(a, b))
}

// Values returns every value of the field in the order of the mail.
func (h Header) Values(name string) []string {
	var values []string
	for i := range h {
		if len(h[i].Name) == len(name) && same(h[i].Name, name) {
			values = append(values, h[i].Value)
		}
	}
	return values
}

// Has reports whether the field is there, even when it is empty.
func (h Header) Has(name string) bool {
	for i := range h {
		if len(h[i].Name) == len(name) && same(h[i].Name, name) {
			return true
		}
	}
	return false
}

// Text returns the first value of the field with encoded words (RFC 2047)
// decoded. The result is always valid UTF-8: other bytes are read in the charset
// that the Content-Type in the header names, and else as Windows-1252.
func (h Header) Text(name string) string {
	value := h.Get(name)
	if isPlain(value) {
		return value
	}
	if utf8.ValidString(value) {
		return readable(value, "")
	}
	return readable(value, param(h.Get("Content-Type"), "charset"))
}
