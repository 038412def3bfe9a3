package report

import (
	"bytes"

	nethtml "golang.org/x/net/html"
)

// markup cuts HTML into text and tags where the tokenizer of golang.org/x/net/html
// cuts it, but only skips attributes and comments, which are most of the HTML in
// mail.
type markup struct {
	rest []byte // the names of tags are brought to lower case in it
	raw  string // the element just begun whose content is no markup, "" for others
}

type tokenKind int

const (
	noToken tokenKind = iota // the end
	textToken
	startToken
	endToken
	otherToken // a comment or a declaration
)

// next returns the next token: a text, or the name of a tag in lower case.
func (m *markup) next() (tokenKind, []byte) {
	if raw := m.raw; raw != "" {
		m.raw = ""
		if text := m.cut(rawEnd(m.rest, raw)); raw == "title" || raw == "textarea" {
			return textToken, unescape(text)
		} else if len(text) > 0 {
			return textToken, text
		}
	}
	if text := m.cut(tagStart(m.rest)); len(text) > 0 {
		return textToken, unescape(text)
	}
	if len(m.rest) == 0 {
		return noToken, nil
	}
	kind, at := startToken, 1
	if m.rest[1] == '/' {
		kind, at = endToken, 2
	}
	switch {
	case at == len(m.rest):
		return textToken, m.cut(at)
	case isLetter(m.rest[at]):
		return m.tag(kind, at)
	case bytes.HasPrefix(m.rest, []byte("<!--")):
		m.cut(commentEnd(m.rest))
	default:
		m.cut(1 + indexByte(m.rest[1:], '>') + 1)
	}
	return otherToken, nil
}

// cut cuts up to n bytes off.
func (m *markup) cut(n int) []byte {
	n = min(n, len(m.rest))
	cut := m.rest[:n:n]
	m.rest = m.rest[n:]
	return cut
}

func unescape(text []byte) []byte {
	if bytes.IndexByte(text, '&') < 0 {
		return text
	}
	return []byte(nethtml.UnescapeString(string(text)))
}

// tag reads the tag whose name begins at the place.
func (m *markup) tag(kind tokenKind, at int) (tokenKind, []byte) {
	end := at
	for end < len(m.rest) && m.rest[end] != '>' && m.rest[end] != '/' && !isTagSpace(m.rest[end]) {
		if isLetter(m.rest[end]) {
			m.rest[end] |= 0x20
		}
		end++
	}
	name := m.rest[at:end]
	behind := attributesEnd(m.rest, end)
	if behind > len(m.rest) { // a tag that is cut off is none
		m.rest = nil
		return noToken, nil
	}
	m.rest = m.rest[behind:]
	switch string(name) {
	case "script", "style", "title", "textarea", "iframe", "noembed", "noframes", "noscript", "plaintext", "xmp":
		if kind == startToken {
			m.raw = string(name)
		}
	}
	return kind, name
}

// attributesEnd returns the place behind the ">" that ends the tag whose
// attributes begin at b[i:], one behind the end of b when there is none.
func attributesEnd(b []byte, i int) int {
	for {
		if i = skipTagSpace(b, i); i == len(b) {
			return i + 1
		}
		if b[i] == '>' {
			return i + 1
		}
		start := i // of a name
		for i < len(b) && b[i] != '>' && b[i] != '/' && !isTagSpace(b[i]) && (b[i] != '=' || i == start) {
			i++
		}
		if i = skipTagSpace(b, i); i == len(b) {
			return i + 1
		}
		switch b[i] {
		case '/':
			i++
		case '=':
			i = valueEnd(b, skipTagSpace(b, i+1))
		}
	}
}

// valueEnd returns the place behind the value that begins at b[i].
func valueEnd(b []byte, i int) int {
	if i < len(b) && (b[i] == '"' || b[i] == '\'') {
		return min(i+1+indexByte(b[i+1:], b[i])+1, len(b))
	}
	for i < len(b) && b[i] != '>' && !isTagSpace(b[i]) {
		i++
	}
	return i
}

// tagStart returns the place of the next tag or comment.
func tagStart(b []byte) int {
	for at := 0; ; at++ {
		at += indexByte(b[at:], '<')
		if at+1 >= len(b) {
			return len(b)
		}
		if c := b[at+1]; isLetter(c) || c == '/' || c == '!' || c == '?' {
			return at
		}
	}
}

// rawEnd returns the place of the tag that ends the element, in which nothing
// else is a tag.
func rawEnd(b []byte, name string) int {
	if name == "plaintext" {
		return len(b)
	}
	for at := 0; ; at++ {
		at += indexByte(b[at:], '<')
		end := at + 2 + len(name)
		if end >= len(b) {
			return len(b)
		}
		if b[at+1] == '/' && bytes.EqualFold(b[at+2:end], []byte(name)) && (b[end] == '>' || b[end] == '/' || isTagSpace(b[end])) {
			return at
		}
	}
}

// commentEnd returns the place behind the comment that b begins with.
func commentEnd(b []byte) int {
	const start = len("<!--")
	dashes := start
	for dashes < len(b) && b[dashes] == '-' {
		dashes++
	}
	for at := start; at < len(b); at++ {
		at += indexByte(b[at:], '>')
		text := b[start:min(at, len(b))]
		if at == dashes || bytes.HasSuffix(text, []byte("--")) || bytes.HasSuffix(text, []byte("--!")) {
			return at + 1
		}
	}
	return len(b)
}

// indexByte returns the place of c, the length of b when it does not stand there.
func indexByte(b []byte, c byte) int {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return i
	}
	return len(b)
}

func skipTagSpace(b []byte, i int) int {
	for i < len(b) && isTagSpace(b[i]) {
		i++
	}
	return i
}

func isTagSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
