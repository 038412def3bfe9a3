package report

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// htmlText returns the text of HTML, a line for each block, at most 64 KiB. It
// writes in room.
func htmlText(source, room []byte) string {
	if len(bytes.TrimSpace(source)) == 0 {
		return ""
	}
	m := markup{rest: source}
	f := flow{text: room[:0]}
	hidden := 0
	for len(f.text) < maxText {
		kind, text := m.next()
		switch kind {
		case noToken:
			return f.String()
		case textToken:
			if hidden == 0 {
				f.write(text)
			}
		case startToken:
			if isHidden(text) {
				hidden++
			}
			f.tag(text)
		case endToken:
			if isHidden(text) && hidden > 0 {
				hidden--
			}
			f.tag(text)
		}
	}
	return f.String()
}

// metaCharset returns the charset that HTML names in a meta element at its
// beginning, "" when there is none.
func metaCharset(source []byte) string {
	head := strings.ToLower(string(source[:min(len(source), 2048)]))
	_, meta, _ := strings.Cut(head, "<meta ")
	_, value, ok := strings.Cut(meta, "charset=")
	if !ok {
		return ""
	}
	value = strings.TrimLeft(value, `"'`)
	if end := strings.IndexAny(value, "\"'/> ;\n"); end >= 0 {
		value = value[:end]
	}
	return value
}

func isHidden(tag []byte) bool {
	switch string(tag) {
	case "script", "style", "title":
		return true
	}
	return false
}

// flow collects text as a browser shows it: runs of white space as one blank.
type flow struct {
	text  []byte
	blank bool // stands before the next word, if that does not begin a line
}

func (f *flow) beginsLine() bool { return len(f.text) == 0 || f.text[len(f.text)-1] == '\n' }

func (f *flow) write(text []byte) {
	text = validUTF8(text)
	if first, _ := utf8.DecodeRune(text); unicode.IsSpace(first) && !f.beginsLine() {
		f.blank = true
	}
	for word := range bytes.FieldsSeq(text) {
		if f.blank && !f.beginsLine() {
			f.text = append(f.text, ' ')
		}
		f.text = append(f.text, word...)
		f.blank = true
	}
	if last, _ := utf8.DecodeLastRune(text); !unicode.IsSpace(last) {
		f.blank = false
	}
}

// tag breaks the line where a block begins or ends. An empty cell makes a line too.
func (f *flow) tag(name []byte) {
	switch string(name) {
	case "br", "p", "div", "tr", "li", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "hr", "blockquote":
		if len(f.text) > 0 && (f.blank || !f.beginsLine()) {
			f.text = append(f.text, '\n')
		}
		f.blank = false
	case "td", "th":
		f.blank = true
	}
}

func (f *flow) String() string {
	return string(bytes.Trim(wholeRunes(f.text[:min(len(f.text), maxText)]), "\n"))
}
