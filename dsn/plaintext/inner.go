package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// forwardMarks begin the subjects of forwarded mails.
var forwardMarks = []string{"fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "i:", "転送:", "转发:", "轉寄:"}

// inner returns the bounce that somebody forwarded in a text, or that a provider
// wrapped in a text of its own, as the mail that it was, and what stands before
// it. It returns nil when there is none.
func inner(text string) (wrapped *report.Message, remark string) {
	text = unquote(text)
	for rest := text; ; {
		line, behind, more := strings.Cut(rest, "\n")
		if isSystemFrom(line) {
			start := headerStart(text, len(text)-len(rest))
			return split(text[start:]), text[:start]
		}
		if !more {
			return nil, ""
		}
		rest = behind
	}
}

// isForwarded reports whether the subject is that of a forwarded bounce.
func isForwarded(subject string) bool {
	for _, mark := range forwardMarks {
		if rest, ok := strings.CutPrefix(subject, mark); ok {
			return subjectPhrases.in(rest)
		}
	}
	return false
}

// isSystemFrom reports whether the line is the From field of a mail system.
func isSystemFrom(line string) bool {
	return len(line) > 5 && strings.EqualFold(line[:5], "from:") && systemNames.in(strings.ToLower(line))
}

// isRemark reports whether the text before a forwarded bounce is more than a few
// words: somebody who writes about a bounce wants to talk about it.
func isRemark(text string) bool {
	words := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "--") || strings.HasSuffix(line, ":") {
			continue // "----- Forwarded message -----", "Begin forwarded message:"
		}
		if strings.ContainsAny(line, "?？") {
			return true
		}
		words += len(strings.Fields(line))
	}
	return words > 4
}

// headerStart returns where the header begins that holds the line at the place.
func headerStart(text string, at int) int {
	start := at
	for start > 0 {
		previous := strings.LastIndexByte(text[:start-1], '\n') + 1
		line := text[previous : start-1]
		if !isField(line) && (line == "" || line[0] != ' ' && line[0] != '\t') {
			break
		}
		start = previous
	}
	return start
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
