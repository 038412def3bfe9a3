package forward

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

// maxName is how much of a line is looked at to find the name of a field.
const maxName = 1 << 10

// leftOut are the fields of a report that ours replace, that would make a mail program answer somebody, or that say what no longer holds.
var leftOut = map[string]bool{
	"from": true, "sender": true, "reply-to": true, "to": true, "cc": true, "bcc": true, "apparently-to": true,
	"return-path": true, "errors-to": true, "message-id": true, "auto-submitted": true,
	"disposition-notification-to": true, "return-receipt-to": true, "x-confirm-reading-to": true,
	"resent-from": true, "resent-sender": true, "resent-to": true, "resent-cc": true, "resent-bcc": true, "resent-date": true,
	"resent-message-id": true, "dkim-signature": true, "domainkey-signature": true,
	"arc-seal": true, "arc-message-signature": true, "arc-authentication-results": true,
}

// head copies the head of a mail line by line, in a fixed amount of memory. Lines may end with CRLF, LF or CR.
type head struct {
	in  *bufio.Reader
	out *bufio.Writer
	now time.Time

	keep  bool // the current field is copied
	dated bool // a Date was seen
}

// copy copies the fields that stay and ends the head. In is left at the first byte of the content.
func (h *head) copy() error {
	if err := h.skipLead(); err != nil {
		return err
	}
	for {
		start, err := h.peek()
		if err != nil {
			return err
		}
		if len(start) == 0 || isBlank(start) {
			h.keep = false
			return errors.Join(h.end(), h.line())
		}
		if start[0] != ' ' && start[0] != '\t' {
			name, ok := fieldName(start)
			if !ok { // the blank line is missing: the content begins here
				return h.end()
			}
			if name == strings.ToLower(feedbackIDField) {
				return ErrLoop
			}
			h.dated = h.dated || name == "date"
			h.keep = !leftOut[name]
		}
		if err := h.line(); err != nil {
			return err
		}
	}
}

// skipLead passes over what some programs put before the head: a byte order mark, blank lines and the "From " line of a mailbox file.
func (h *head) skipLead() error {
	for {
		start, err := h.peek()
		if err != nil {
			return err
		}
		switch {
		case bytes.HasPrefix(start, []byte("\uFEFF")):
			if _, err := h.in.Discard(len("\uFEFF")); err != nil {
				return err
			}
		case bytes.HasPrefix(start, []byte("From ")), len(start) > 0 && isBlank(start):
			if err := h.line(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// peek returns the beginning of the next line and maybe more, or nothing at the end of the mail.
func (h *head) peek() ([]byte, error) {
	start, err := h.in.Peek(maxName)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return start, err
}

// line passes over one line, and copies it when its field is kept. Bytes that end lines for some readers only cannot be in it then.
func (h *head) line() error {
	for {
		c, err := h.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return h.lineEnd()
		}
		if err != nil {
			return err
		}
		switch {
		case c == '\n':
			return h.lineEnd()
		case c == '\r':
			if err := h.skipRestOfEnd(); err != nil {
				return err
			}
			return h.lineEnd()
		case h.keep && c != 0:
			if err := h.out.WriteByte(c); err != nil {
				return err
			}
		}
	}
}

// skipRestOfEnd passes over the LF behind a CR, also when more CRs stand between them; a CR without one ends its line alone.
func (h *head) skipRestOfEnd() error {
	start, err := h.peek()
	if err != nil {
		return err
	}
	run := 0
	for run < len(start) && start[run] == '\r' {
		run++
	}
	if run < len(start) && start[run] == '\n' {
		_, err = h.in.Discard(run + 1)
	}
	return err
}

func (h *head) lineEnd() error {
	if !h.keep {
		return nil
	}
	_, err := h.out.WriteString("\r\n")
	return err
}

// end adds the Date that a mail must have (RFC 5322, section 3.6), and the blank line.
func (h *head) end() error {
	text := "\r\n"
	if !h.dated {
		text = "Date: " + h.now.Format(time.RFC1123Z) + "\r\n\r\n"
	}
	_, err := h.out.WriteString(text)
	return err
}

func isBlank(start []byte) bool { return start[0] == '\n' || start[0] == '\r' }

// fieldName returns the lower-case name of the field that the line begins with (RFC 5322, section 2.2; blanks before the colon as in
// its section 4.5.1).
func fieldName(start []byte) (string, bool) {
	colon := bytes.IndexByte(start, ':')
	if colon < 0 {
		return "", false
	}
	name := bytes.TrimRight(start[:colon], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return "", false
		}
	}
	return strings.ToLower(string(name)), len(name) > 0
}
