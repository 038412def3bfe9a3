package plaintext

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/report"
)

// document is a mail laid out for reading.
type document struct {
	mail
	// lines are the lines of the report, before the returned mail, and lower the
	// same in lower case.
	lines, lower []string
	// text is the report in lower case, runs of white space as one blank.
	text string
	// returned is the header of the returned mail, nil when there is none.
	returned report.Header
	// says tells what the phrases in text say.
	says kinds
	// listed tells which lines stand in a list that the text announces, all are
	// the addresses in the lines, and senders those of the sender. They are made
	// when they are asked for.
	listed  []bool
	all     []mention
	senders map[string]bool
}

func open(m mail) *document {
	d := &document{mail: m, returned: m.Returned}
	text := m.Text
	if at, after := findReturned(text); at >= 0 {
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
	lower := toLower(text)
	d.text = squeeze(lower)
	d.says = textPhrases.find(d.text)
	count := strings.Count(text, "\n") + 1
	d.lines, d.lower = make([]string, 0, count), make([]string, 0, count)
	for line := range strings.Lines(text) {
		whole := len(line)
		line = trimRight(line)
		d.lines = append(d.lines, line)
		d.lower = append(d.lower, lower[:len(line)])
		lower = lower[whole:]
	}
	return d
}

// trimRight cuts white space at the end of a line.
func trimRight(line string) string {
	for line != "" && isSpace(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	return line
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// rooms are what text is written in.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// written returns what write appends.
func written(write func(room []byte) []byte) string {
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	*room = write((*room)[:0])
	return string(*room)
}

func squeeze(s string) string {
	return written(func(room []byte) []byte { return appendWords(room, s) })
}

// appendWords appends s with one blank in the place of each run of white space.
func appendWords(dst []byte, s string) []byte {
	begin := len(dst)
	for i := 0; i < len(s); {
		word := i
		space := 0 // bytes of the white space that ends the word
		for ; i < len(s); i++ {
			if !beginsSpace[s[i]] {
				continue
			}
			if space = spaceAt(s, i); space > 0 {
				break
			}
		}
		if i > word {
			if len(dst) > begin {
				dst = append(dst, ' ')
			}
			dst = append(dst, s[word:i]...)
		}
		i += space
	}
	return dst
}

// beginsSpace tells the bytes that white space may begin with.
var beginsSpace = func() (begins [256]bool) {
	for r := range rune(0x10000) {
		if unicode.IsSpace(r) {
			begins[string(r)[0]] = true
		}
	}
	return begins
}()

// spaceAt returns the length of the white space at s[i], 0 for another character.
func spaceAt(s string, i int) int {
	if s[i] < utf8.RuneSelf && beginsSpace[s[i]] {
		return 1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	if !unicode.IsSpace(r) {
		return 0
	}
	return size
}

// toLower returns s in lower case, every character in its place: those stay as
// they are whose lower case is longer or shorter.
func toLower(s string) string {
	return written(func(room []byte) []byte { return appendLower(room, s) })
}

func appendLower(dst []byte, s string) []byte {
	dst = slices.Grow(dst, len(s))
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			dst = append(dst, lowerASCII[c])
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if low := lowerOf(r); low != r && utf8.RuneLen(low) == size {
			dst = utf8.AppendRune(dst, low)
		} else {
			dst = append(dst, s[i:i+size]...) // it may be one byte that is no UTF-8
		}
		i += size
	}
	return dst
}

// lowerASCII spares a branch that nobody can predict.
var lowerASCII = func() (low [utf8.RuneSelf]byte) {
	for c := range low {
		low[c] = byte(unicode.ToLower(rune(c)))
	}
	return low
}()

// lowerOf is unicode.ToLower, at once for the scripts from Hebrew to Burmese and
// for those of East Asia, which have no cases.
func lowerOf(r rune) rune {
	if r >= 0x590 && r < 0x10a0 || r >= 0x2e80 && r < 0xa640 || r >= 0xac00 && r < 0xd7b0 {
		return r
	}
	return unicode.ToLower(r)
}

// findReturned returns where the returned mail begins in the text with the line
// that announces it, and where that line ends; -1 when it does not stand there.
func findReturned(text string) (at, after int) {
	pos := 0
	for line := range strings.Lines(text) {
		end := pos + len(line)
		if boundaryMarks.mayBegin(trimMarks(line)) {
			line = toLower(line)
			switch {
			case announcesReturned(line):
				return pos, end
			case pos > 0 && beginsHeader(line, text[end:]):
				return pos, pos
			}
		}
		pos = end
	}
	return -1, -1
}

// traceFields begin the header of a returned mail.
var traceFields = newPhrases("received:", "return-path:", "dkim-signature:")

// boundaryMarks begin the lines where the report ends and the returned mail
// begins.
var boundaryMarks = union(returnedMarks, traceFields, newPhrases("the "))

// trimMarks cuts off what stands before the words of a heading.
func trimMarks(line string) string {
	for line != "" && headingMarks[line[0]] {
		line = line[1:]
	}
	return line
}

var headingMarks = func() (marks [256]bool) {
	for _, c := range []byte(" \t\r\n-=*|_#>:.+<") {
		marks[c] = true
	}
	return marks
}()

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
