package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// returnedAt reports where the returned mail begins, when the line text[pos:end]
// announces it or is the first of its header; else it is -1.
func returnedAt(text string, pos, end int) int {
	line := text[pos:end]
	words := trimMarks(line)
	if len(words) > 4 && words[3] == ' ' && strings.EqualFold(words[:3], "the") {
		words = words[4:]
	}
	if !boundaryMarks.mayBegin(words) {
		return -1
	}
	line = toLower(line)
	switch {
	case announcesReturned(line):
		return end
	case pos > 0 && beginsHeader(line, text[end:]):
		return pos
	}
	return -1
}

// traceFields begin the header of a returned mail.
var traceFields = newPhrases("received:", "return-path:", "dkim-signature:")

// boundaryMarks begin the lines where the report ends and the returned mail
// begins.
var boundaryMarks = union(returnedMarks, traceFields)

// trimMarks cuts off what stands before the words of a heading.
func trimMarks(line string) string {
	for line != "" && headingMarks[line[0]] {
		line = line[1:]
	}
	return line
}

var headingMarks = bytesOf(" \t\r\n-=*|_#>:.+<")

// announcesReturned reports whether the line is one of those that stand before
// the returned mail: short, and mostly between dashes.
func announcesReturned(line string) bool {
	if len(line) > 120 {
		return false
	}
	// Sendmail begins its report with "The original message was received at".
	line = strings.TrimPrefix(trimMarks(line), "the ")
	return !strings.HasPrefix(line, "original message was") && returnedMarks.begin(line)
}

// beginsHeader reports whether a mail header begins with the line: a trace field
// of a mail, followed by another field or a folded line.
func beginsHeader(line, rest string) bool {
	if !traceFields.begin(strings.TrimLeft(line, " \t>")) {
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
		text, _, _ = strings.Cut(text, "\n\n") // the body may be long
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
