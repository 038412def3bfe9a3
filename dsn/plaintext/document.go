package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// document is a mail laid out for reading.
type document struct {
	message *report.Message
	// lines are the lines of the report, before the returned mail, and lower the
	// same in lower case.
	lines, lower []string
	// text is the report in lower case.
	text string
	// returned is the header of the returned mail, nil when there is none.
	returned report.Header
	// subject and from are those of the mail, in lower case.
	subject, from string
}

func open(m *report.Message) *document {
	d := &document{
		message:  m,
		returned: m.Returned,
		subject:  strings.ToLower(m.Header.Text("Subject")),
		from:     strings.ToLower(m.Header.Text("From")),
	}
	text, rest := m.Text, ""
	if at, after := findReturned(text); at >= 0 {
		text, rest = text[:at], text[after:]
	}
	if d.returned == nil && rest != "" {
		d.returned = returnedHeader(rest)
	}
	if len(text) > maxReport {
		text = strings.ToValidUTF8(text[:maxReport], "")
	}
	d.text = strings.ToLower(text)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n\t ")
		d.lines = append(d.lines, line)
		d.lower = append(d.lower, strings.ToLower(line))
	}
	return d
}

// findReturned returns where the returned mail begins in the text, with the line
// that announces it, and where that line ends; -1 when it does not stand there.
func findReturned(text string) (at, after int) {
	pos := 0
	for line := range strings.Lines(text) {
		end := pos + len(line)
		switch {
		case announcesReturned(line):
			return pos, end
		case pos > 0 && beginsHeader(line, text[end:]):
			return pos, pos
		}
		pos = end
	}
	return -1, -1
}

// announcesReturned reports whether the line is one of those that stand before
// the returned mail: short, and mostly between dashes.
func announcesReturned(line string) bool {
	if len(line) > 120 {
		return false
	}
	// Sendmail begins its report with "The original message was received at".
	line = strings.TrimPrefix(strings.ToLower(strings.Trim(line, " \t\r\n-=*|_#>:.+<")), "the ")
	if line == "" || strings.HasPrefix(line, "original message was") {
		return false
	}
	for _, phrase := range returnedMarks {
		if strings.HasPrefix(line, phrase) {
			return true
		}
	}
	return false
}

// beginsHeader reports whether a mail header begins with the line: a trace field
// of a mail, followed by another field or a folded line.
func beginsHeader(line, rest string) bool {
	line = strings.TrimLeft(line, " \t>")
	if !hasFoldedPrefix(line, "received:") && !hasFoldedPrefix(line, "return-path:") && !hasFoldedPrefix(line, "dkim-signature:") {
		return false
	}
	next, _, _ := strings.Cut(rest, "\n")
	next = strings.TrimLeft(next, ">")
	if next != "" && (next[0] == ' ' || next[0] == '\t') {
		return true
	}
	colon := strings.IndexByte(next, ':')
	return colon > 0 && !strings.ContainsAny(next[:colon], " \t")
}

// returnedHeader reads the header in text, behind the lines that are no fields.
// Its lines may be indented or quoted.
func returnedHeader(text string) report.Header {
	var b strings.Builder
	indent := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if b.Len() == 0 {
			trimmed := strings.TrimLeft(line, " \t>")
			if !isField(trimmed) {
				continue
			}
			indent = line[:len(line)-len(trimmed)]
		}
		line = strings.TrimPrefix(line, indent)
		if strings.Trim(line, " \t>") == "" {
			break
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	if h := report.ParseHeader(b.String()); len(h) > 0 {
		return h
	}
	return nil
}

// isField reports whether line is a header field of a mail.
func isField(line string) bool {
	colon := strings.IndexByte(line, ':')
	if colon < 2 || colon > 60 {
		return false
	}
	for i := range colon {
		if c := line[i]; c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return !strings.HasPrefix(line[colon:], "://")
}

func hasFoldedPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// contains reports whether the report, in lower case, holds one of the phrases.
func (d *document) contains(phrases []string) bool { return containsAny(d.text, phrases) }

func containsAny(s string, phrases []string) bool {
	for _, phrase := range phrases {
		if strings.Contains(s, phrase) {
			return true
		}
	}
	return false
}
