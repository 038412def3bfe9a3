package report

import (
	"bytes"
	"strings"
)

// htmlText returns the text of HTML, a line for each block, at most 64 KiB.
func htmlText(source []byte) string {
	if len(bytes.TrimSpace(source)) == 0 {
		return ""
	}
	m := markup{rest: source}
	var b strings.Builder
	hidden := 0
	for b.Len() < maxText {
		kind, text := m.next()
		switch kind {
		case noToken:
			return cutText(b.String())
		case textToken:
			if hidden == 0 {
				writeWords(&b, text)
			}
		case startToken:
			if isHidden(text) {
				hidden++
			}
			breakLine(&b, text)
		case endToken:
			if isHidden(text) && hidden > 0 {
				hidden--
			}
			breakLine(&b, text)
		}
	}
	return cutText(b.String())
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

func isHidden(tag string) bool {
	switch tag {
	case "script", "style", "title":
		return true
	}
	return false
}

func breakLine(b *strings.Builder, tag string) {
	switch tag {
	case "br", "p", "div", "tr", "li", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "hr", "blockquote":
		if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
			b.WriteByte('\n')
		}
	case "td", "th":
		b.WriteByte(' ')
	}
}

// writeWords writes text as a browser shows it: runs of white space as one blank.
func writeWords(b *strings.Builder, text string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	first := true
	for word := range strings.FieldsSeq(text) {
		if s := b.String(); !first || s != "" && !strings.HasSuffix(s, "\n") && strings.TrimLeft(text, " \t\r\n") != text {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		first = false
	}
	if endsInBlank(text) && strings.TrimRight(text, " \t\r\n\u00a0") != "" {
		b.WriteByte(' ')
	}
}

// endsInBlank reports whether a blank ends text, other than one that is nothing
// but blanks of ASCII.
func endsInBlank(text string) bool {
	trimmed := strings.TrimRight(text, " \t\r\n")
	return trimmed != "" && (len(trimmed) < len(text) || strings.HasSuffix(text, "\u00a0"))
}

func cutText(s string) string {
	var b strings.Builder
	b.Grow(min(len(s), maxText))
	for line := range strings.SplitSeq(strings.ToValidUTF8(s[:min(len(s), maxText)], ""), "\n") {
		before := ""
		for word := range strings.FieldsSeq(line) {
			b.WriteString(before)
			b.WriteString(word)
			before = " "
		}
		b.WriteByte('\n')
	}
	return strings.Trim(b.String(), "\n")
}
