package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/report"
)

// document is a mail laid out for reading.
type document struct {
	message *report.Message
	// lines are the lines of the report, before the returned mail, and lower the
	// same in lower case.
	lines, lower []string
	// text is the report in lower case, runs of white space as one blank.
	text string
	// returned is the header of the returned mail, nil when there is none.
	returned report.Header
	// subject and from are those of the mail, in lower case.
	subject, from string
	// listed tells which lines stand in a list that the text announces, all are
	// the addresses in the lines, and senders those of the sender. They are made
	// when they are asked for.
	listed  []bool
	all     []mention
	senders map[string]bool
}

func open(m *report.Message) *document {
	d := &document{
		message:  m,
		returned: m.Returned,
		subject:  strings.ToLower(m.Header.Text("Subject")),
		from:     strings.ToLower(m.Header.Text("From")),
	}
	text, lower := m.Text, toLower(m.Text)
	if at, after := findReturned(lower); at >= 0 {
		own := returnedHeader(text[after:])
		if d.returned == nil {
			d.returned = own
		}
		// A heading such as "Original message:" may also stand above the report.
		if own != nil || strings.IndexByte(text[:at], '@') >= 0 {
			text = text[:at]
		}
	}
	if len(text) > maxReport {
		text = strings.ToValidUTF8(text[:maxReport], "")
	}
	lower = lower[:len(text)]
	d.text = squeeze(lower)
	count := strings.Count(text, "\n") + 1
	d.lines, d.lower = make([]string, 0, count), make([]string, 0, count)
	for line := range strings.Lines(text) {
		whole := len(line)
		line = strings.TrimRight(line, "\r\n\t ")
		d.lines = append(d.lines, line)
		d.lower = append(d.lower, lower[:len(line)])
		lower = lower[whole:]
	}
	return d
}

// squeeze returns s with one blank in the place of each run of white space.
func squeeze(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for word := range strings.FieldsSeq(s) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	return b.String()
}

// toLower returns s in lower case, every character in its place: those stay as
// they are whose lower case is longer or shorter.
func toLower(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return string(appendLower(make([]byte, 0, len(s)), s))
		}
	}
	return strings.ToLower(s)
}

func appendLower(dst []byte, s string) []byte {
	for i, r := range s {
		switch size := utf8.RuneLen(r); {
		case r < utf8.RuneSelf:
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			dst = append(dst, byte(r))
		case r == utf8.RuneError: // may be one byte that is no UTF-8
			_, size = utf8.DecodeRuneInString(s[i:])
			dst = append(dst, s[i:i+size]...)
		default:
			if low := unicode.ToLower(r); utf8.RuneLen(low) == size {
				r = low
			}
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// findReturned returns where the returned mail begins in the text, which is in
// lower case, with the line that announces it, and where that line ends; -1 when it does not stand there.
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
	line = strings.TrimPrefix(strings.Trim(line, " \t\r\n-=*|_#>:.+<"), "the ")
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
	if !strings.HasPrefix(line, "received:") && !strings.HasPrefix(line, "return-path:") && !strings.HasPrefix(line, "dkim-signature:") {
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
	indent := ""
	for {
		line, rest, more := strings.Cut(text, "\n")
		if trimmed := strings.TrimLeft(line, " \t>"); isField(trimmed) {
			indent = line[:len(line)-len(trimmed)]
			break
		}
		if !more {
			return nil
		}
		text = rest
	}
	if indent == "" {
		return report.ParseHeader(text)
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(line, indent)
		if strings.Trim(line, " \t>\r\n") == "" {
			break
		}
		b.WriteString(line)
	}
	return report.ParseHeader(b.String())
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
