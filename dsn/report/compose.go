package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
)

// Mail is the mail around a report that is written (RFC 6522 section 3).
type Mail struct {
	// From, To and MessageID are written as they are, Subject in encoded words
	// where needed. All but Subject are required; MessageID has its brackets.
	From, To, Subject, MessageID string
	// Date is required.
	Date time.Time
	// AutoSubmitted is the value of Auto-Submitted (RFC 3834 section 5), required.
	AutoSubmitted string
	// Header holds further fields, in order.
	Header Header
	// Text is what people read, in UTF-8, lines ended by LF or CRLF.
	Text string
	// Returned is the header of the mail that the report is about; nil leaves it out.
	Returned Header
	// Body, when not nil, is the body of that mail, which is then returned whole.
	Body []byte
}

// ErrMail is returned by Mail.Write when the mail lacks a field that it needs.
var ErrMail = errors.New("report: the mail around the report lacks a field")

// Write writes the mail with the part for machines as multipart/report. Values
// are written on one logical line: line ends in them become blanks. A part or a
// returned header that is not ASCII is written as RFC 6533 has it. It returns
// ErrMail, or the wrapped error of w.
func (m Mail) Write(w io.Writer, part Part) error {
	reportType := strings.Replace(strings.TrimPrefix(part.MediaType, "message/"), "global-", "", 1)
	header, err := m.header(reportType)
	if err != nil {
		return err
	}
	mw, err := message.CreateWriter(w, header)
	if err != nil {
		return fmt.Errorf("report: begin the mail: %w", err)
	}
	if err := m.writeParts(mw, part); err != nil {
		return err
	}
	if err := mw.Close(); err != nil {
		return fmt.Errorf("report: end the mail: %w", err)
	}
	return nil
}

func (m Mail) header(reportType string) (message.Header, error) {
	var h message.Header
	required := []Field{
		{"From", m.From}, {"To", m.To}, {"Message-ID", m.MessageID}, {"Auto-Submitted", m.AutoSubmitted},
	}
	for _, field := range required {
		if trim(oneLine(field.Value)) == "" {
			return h, fmt.Errorf("%w: %s", ErrMail, field.Name)
		}
	}
	if m.Date.IsZero() {
		return h, fmt.Errorf("%w: Date", ErrMail)
	}
	// Fields are added in front of those before.
	h.SetContentType("multipart/report", map[string]string{"report-type": reportType})
	h.Add("MIME-Version", "1.0")
	for i := len(m.Header) - 1; i >= 0; i-- {
		h.Add(m.Header[i].Name, oneLine(m.Header[i].Value))
	}
	h.Add("Auto-Submitted", oneLine(m.AutoSubmitted))
	h.SetText("Subject", oneLine(m.Subject))
	h.Add("Message-ID", oneLine(m.MessageID))
	h.Add("Date", m.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.Add("To", oneLine(m.To))
	h.Add("From", oneLine(m.From))
	return h, nil
}

func (m Mail) writeParts(mw *message.Writer, part Part) error {
	text := crlf(m.Text)
	encoding := "7bit"
	if !isASCII(text) || longestLine(text) > 998 {
		encoding = "quoted-printable"
	}
	if err := writePart(mw, "text/plain; charset=utf-8", "Notification", encoding, text); err != nil {
		return err
	}
	fields := formatGroups(part.Groups)
	mediaType, encoding := part.MediaType, "7bit"
	if !isASCII(fields) {
		encoding = "8bit"
		if mediaType == deliveryStatus {
			mediaType = globalDeliveryStatus
		}
	}
	if err := writePart(mw, mediaType, "Report", encoding, fields); err != nil {
		return err
	}
	if m.Returned == nil {
		return nil
	}
	return m.writeReturned(mw)
}

func (m Mail) writeReturned(mw *message.Writer) error {
	content := append(formatGroups([]Header{m.Returned}), "\r\n"...)
	mediaType, global := "text/rfc822-headers", "message/global-headers"
	if m.Body != nil {
		content = append(content, m.Body...)
		mediaType, global = "message/rfc822", "message/global"
	}
	encoding := "7bit"
	if !isASCII(content) {
		mediaType, encoding = global, "8bit"
	}
	return writePart(mw, mediaType, "Returned message", encoding, content)
}

func writePart(mw *message.Writer, contentType, description, encoding string, content []byte) error {
	var h message.Header
	h.Add("Content-Transfer-Encoding", encoding)
	h.Add("Content-Type", contentType)
	h.Add("Content-Description", description)
	pw, err := mw.CreatePart(h)
	if err != nil {
		return fmt.Errorf("report: begin the part %s: %w", contentType, err)
	}
	if _, err := pw.Write(content); err != nil {
		return fmt.Errorf("report: write the part %s: %w", contentType, err)
	}
	if err := pw.Close(); err != nil {
		return fmt.Errorf("report: end the part %s: %w", contentType, err)
	}
	return nil
}

const (
	// foldAt is the length of a line at which it is folded, and breakAt the one at
	// which it is broken even inside a word: RFC 5322 section 2.1.1 allows 998.
	foldAt  = 76
	breakAt = 900
)

// formatGroups writes groups of fields, a blank line between them.
func formatGroups(groups []Header) []byte {
	var b bytes.Buffer
	for i, group := range groups {
		if i > 0 {
			b.WriteString("\r\n")
		}
		for _, field := range group {
			fold(&b, oneLine(field.Name)+": "+trim(oneLine(field.Value)))
		}
	}
	return b.Bytes()
}

// fold writes a field, folded before blanks, so that unfolding gives it back. A
// word that is too long for a line gets a blank.
func fold(b *bytes.Buffer, line string) {
	for len(line) > foldAt {
		at, blank := foldPlace(line), ""
		if at < 0 && len(line) <= breakAt {
			break
		}
		if at < 0 || at > breakAt {
			at, blank = breakAt, " "
			for !utf8.RuneStart(line[at]) {
				at--
			}
		}
		b.WriteString(line[:at])
		b.WriteString("\r\n" + blank)
		line = line[at:]
	}
	b.WriteString(line)
	b.WriteString("\r\n")
}

// foldPlace returns the last single blank before foldAt, or the first one behind
// it, behind the name of the field; -1 when there is none.
func foldPlace(line string) int {
	place := -1
	for i := 1; i < len(line)-1; i++ {
		if i > foldAt && place > 0 {
			break
		}
		if line[i] == ' ' && line[i-1] != ' ' && line[i-1] != ':' && line[i+1] != ' ' && strings.TrimSpace(line[:i]) != "" {
			place = i
		}
	}
	return place
}

// oneLine replaces what would end a line or hide in it.
func oneLine(value string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return ' '
		}
		return r
	}, toUTF8(value, ""))
}

func crlf(text string) []byte {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return []byte(strings.ReplaceAll(strings.TrimRight(text, "\n")+"\n", "\n", "\r\n"))
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func longestLine(text []byte) int {
	longest := 0
	for _, line := range bytes.Split(text, []byte("\n")) {
		longest = max(longest, len(line))
	}
	return longest
}
