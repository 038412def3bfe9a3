package intake

import (
	"bufio"
	"bytes"
	"io"
)

const (
	// mailboxBuffer holds a line; longer ones pass through in pieces.
	mailboxBuffer = 64 << 10
	// maxFromLine is longer than any From_ line: an address has at most 320 bytes.
	maxFromLine = 1000
)

// mailbox reads an mbox in the forms mboxo and mboxrd, with LF or CRLF, one mail at a time and without holding a whole one.
type mailbox struct {
	r         *bufio.Reader
	out       []byte // read and not handed out yet
	empty     string // an empty line kept back: the one before a From_ line is the mailbox's, not the mail's
	joined    []byte // room for the empty line and the line after it
	lineStart bool   // what comes next starts a line
	separated bool   // a From_ line was read: the mail before it has ended
	ended     bool
	err       error // why reading ended, nil at the end of the mailbox
}

// newMailbox reads the mailbox in r, whose first line is a From_ line.
func newMailbox(r *bufio.Reader) *mailbox {
	m := &mailbox{r: r}
	for !m.lineStart && !m.ended {
		m.piece()
	}
	m.separated = true
	return m
}

// mails yields each mail. A reader is good until the next one is asked for.
func (m *mailbox) mails(yield func(io.Reader) bool) {
	for m.separated {
		m.separated = false
		if !yield(mailReader{m}) {
			return
		}
		for !m.separated && !m.ended {
			m.advance()
		}
		m.out = nil
	}
}

// mailReader reads the current mail of a mailbox.
type mailReader struct{ *mailbox }

func (m mailReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(m.out) == 0 {
		if m.err != nil {
			return 0, m.err
		}
		if m.separated || m.ended {
			return 0, io.EOF
		}
		m.advance()
	}
	n := copy(p, m.out)
	m.mailbox.out = m.out[n:]
	return n, nil
}

// advance takes the next line, or a piece of a long one, and puts what belongs to the mail into m.out.
func (m *mailbox) advance() {
	atStart, kept := m.lineStart, m.empty
	line := m.piece()
	m.empty = ""
	switch {
	case len(line) == 0:
	case !atStart:
		m.out = line
	case isEmptyLine(line):
		m.joined = append(m.joined[:0], kept...)
		m.out, m.empty = m.joined, string(line)
	case isSeparator(line, kept != ""):
		m.separated = true
	case kept == "":
		m.out = unescaped(line)
	default:
		m.joined = append(append(m.joined[:0], kept...), unescaped(line)...)
		m.out = m.joined
	}
}

// piece is the next line, or as much of it as the buffer holds. It is empty at the end, and good until the next call.
func (m *mailbox) piece() []byte {
	line, err := m.r.ReadSlice('\n')
	m.lineStart = err == nil
	if err != nil && err != bufio.ErrBufferFull {
		m.ended = len(line) == 0 || err != io.EOF
		if err != io.EOF {
			m.err = err
		}
	}
	return line
}

func isEmptyLine(line []byte) bool {
	return string(line) == "\n" || string(line) == "\r\n"
}

// unescaped takes off the ">" that writing to a mailbox puts before lines that look like a From_ line, quoted (mboxrd) or not (mboxo).
func unescaped(line []byte) []byte {
	if line[0] == '>' && bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte(fromLine)) {
		return line[1:]
	}
	return line
}

// isSeparator reports whether line is a From_ line rather than a sentence that starts with "From": it carries the date that
// asctime writes. After an empty line the forms without such a date count too: those of Thunderbird ("From ", "From - …"), those
// with an address only, and those with a date in another order.
func isSeparator(line []byte, afterEmpty bool) bool {
	rest, ok := bytes.CutPrefix(line, []byte(fromLine))
	if !ok || len(line) > maxFromLine {
		return false
	}
	fields := bytes.Fields(rest)
	if hasAsctime(fields) {
		return true
	}
	if !afterEmpty {
		return false
	}
	if len(fields) <= 1 {
		return len(fields) == 0 || string(fields[0]) == "-" || bytes.IndexByte(fields[0], '@') > 0
	}
	return hasDate(fields)
}

// hasAsctime finds "Fri Jul  8 12:08:34 2011", with a zone or without, in the fields after the address.
func hasAsctime(fields [][]byte) bool {
	for i := 0; i+4 < len(fields); i++ {
		if isName(fields[i], weekdays) && isName(fields[i+1], months) && isNumber(string(fields[i+2])) && isClock(fields[i+3]) {
			return true
		}
	}
	return false
}

// hasDate finds a month, a time of day and a year in any order.
func hasDate(fields [][]byte) bool {
	var month, clock, year bool
	for _, field := range fields {
		month = month || isName(field, months)
		clock = clock || isClock(field)
		year = year || len(field) == 4 && isNumber(string(field))
	}
	return month && clock && year
}

const (
	weekdays = "Mon Tue Wed Thu Fri Sat Sun"
	months   = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
)

func isName(field []byte, names string) bool {
	return len(field) == 3 && bytes.Contains([]byte(names), field)
}

func isClock(field []byte) bool {
	hour, rest, ok := bytes.Cut(field, []byte(":"))
	return ok && len(hour) <= 2 && isNumber(string(hour)) && len(rest) >= 2 && isNumber(string(bytes.ReplaceAll(rest, []byte(":"), nil)))
}
