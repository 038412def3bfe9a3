package delivery

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/address"
)

// maxSubject bounds a subject, in bytes, so that no field becomes longer than mail servers take.
const maxSubject = 400

// letter is a mail of text that a program writes to a person.
type letter struct {
	FromName    string // "" for none
	From, To    string // addresses
	Subject     string
	ID          string // of the Message-ID, before our domain: letters, digits, "-"
	Domain      string
	Unsubscribe string // a URL; "" for none
	Date        time.Time
	Body        string // lines ending with "\n"
}

// write writes the mail, its lines ending with CRLF. What a stranger wrote cannot add a field: names and subjects lose control characters
// and are encoded (RFC 2047) when they are not plain, and addresses are checked. The text is quoted-printable, so that long lines of JSON
// come through unchanged.
func (l letter) write(w io.Writer) error {
	to, err := address.Parse(l.To)
	if err != nil {
		return fmt.Errorf("%w: To: %w", errLetter, err)
	}
	from := mail.Address{Name: oneLine(l.FromName), Address: l.From}
	var out bytes.Buffer
	field := func(name, value string) { out.WriteString(name + ": " + value + "\r\n") }
	field("From", folded(from.String()))
	field("To", to)
	field("Subject", folded(mime.QEncoding.Encode("utf-8", oneLine(l.Subject))))
	field("Date", l.Date.Format(time.RFC1123Z))
	field("Message-ID", "<"+l.ID+"@"+l.Domain+">")
	if l.Unsubscribe != "" {
		field("List-Unsubscribe", "\r\n <"+l.Unsubscribe+">")
	}
	field("Auto-Submitted", "auto-generated")
	field("MIME-Version", "1.0")
	field("Content-Type", "text/plain; charset=utf-8")
	field("Content-Transfer-Encoding", "quoted-printable")
	out.WriteString("\r\n")
	body := quotedprintable.NewWriter(&out)
	_, err = io.WriteString(body, strings.ToValidUTF8(l.Body, "\uFFFD"))
	if err == nil {
		err = body.Close()
	}
	if err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// oneLine makes a blank of each control character, and cuts what is too long.
func oneLine(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.TrimSpace(text)
	for len(text) > maxSubject {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// folded gives each encoded word (RFC 2047) a line of its own.
func folded(value string) string {
	return strings.NewReplacer("?= =?", "?=\r\n =?", "?= <", "?=\r\n <").Replace(value)
}
