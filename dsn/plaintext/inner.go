package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// forwardMarks begin the subjects of forwarded mails.
var forwardMarks = []string{"fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "i:", "転送:", "转发:", "轉寄:"}

// inner returns the bounce that somebody forwarded in m, or that a provider
// wrapped in a text of its own, as the mail that it was. It returns nil when
// there is none.
func inner(m *report.Message) *report.Message {
	text := unquote(m.Text)
	for rest := text; ; {
		line, behind, more := strings.Cut(rest, "\n")
		if isSystemFrom(line) {
			return split(headerAround(text, len(text)-len(rest)))
		}
		if !more {
			return nil
		}
		rest = behind
	}
}

// isForwarded reports whether the subject is that of a forwarded bounce.
func isForwarded(subject string) bool {
	for _, mark := range forwardMarks {
		if rest, ok := strings.CutPrefix(subject, mark); ok {
			return containsAny(rest, subjectPhrases)
		}
	}
	return false
}

// isSystemFrom reports whether the line is the From field of a mail system.
func isSystemFrom(line string) bool {
	line = strings.ToLower(line)
	return strings.HasPrefix(line, "from:") && containsAny(line, systemNames)
}

// headerAround returns the text from the first line of the header on that holds
// the line at the place.
func headerAround(text string, at int) string {
	start := at
	for start > 0 {
		previous := strings.LastIndexByte(text[:start-1], '\n') + 1
		line := text[previous : start-1]
		if !isField(line) && (line == "" || line[0] != ' ' && line[0] != '\t') {
			break
		}
		start = previous
	}
	return text[start:]
}

// split makes a mail of text, a header and a body.
func split(text string) *report.Message {
	head, body, _ := strings.Cut(text, "\n\n")
	h := report.ParseHeader(head)
	if len(h) == 0 {
		return nil
	}
	return &report.Message{Header: h, MediaType: "text/plain", Text: body}
}

// unquote takes the quote marks off the lines of text, if most have one.
func unquote(text string) string {
	quoted, lines := 0, 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		lines++
		if line[0] == '>' {
			quoted++
		}
	}
	if quoted*2 < lines {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, ">") {
			line = strings.TrimPrefix(line[1:], " ")
		}
		b.WriteString(line)
	}
	return b.String()
}
