package report

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	"github.com/google/go-cmp/cmp"
)

// written is a mail with values that are hard to write.
func written() (Mail, Part) {
	mail := Mail{
		From: "MAILER-DAEMON@mx.example.net", To: "pélé@exämple.example", Subject: "Non remis : été", MessageID: "<1@mx.example.net>",
		Date: time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC), AutoSubmitted: "auto-replied",
		Header:   Header{{"X-Extra", "one\r\nBcc: victim@example.net"}},
		Text:     "Not delivered: été.\nSorry.\n",
		Returned: Header{{"Received", "by mx.example.net " + strings.Repeat("with a long way behind it ", 20)}, {"Subject", "Votre été"}},
	}
	part := Part{MediaType: "message/delivery-status", Groups: []Header{
		{{"Reporting-MTA", "dns; mx.example.net"}},
		{{"Final-Recipient", "utf-8; pélé@exämple.example"}, {"Diagnostic-Code", "smtp; 550 5.1.1  two blanks, " + strings.Repeat("x", 200) + " and more"}, {"Injected\n", "a\r\n\r\nStatus: 2.0.0"}},
	}}
	return mail, part
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	mail, part := written()
	var b bytes.Buffer
	if err := mail.Write(&b, part); err != nil {
		t.Fatal(err)
	}
	m := read(t, b.String())
	if len(m.Problems) > 0 || m.MediaType != "multipart/report" || m.ReportType != "delivery-status" {
		t.Errorf("got %q %q %v", m.MediaType, m.ReportType, m.Problems)
	}
	for field, want := range map[string]string{
		"From": mail.From, "To": mail.To, "Subject": mail.Subject, "Message-ID": mail.MessageID, "Date": "Sun, 22 Nov 2026 05:29:15 +0000",
		"Auto-Submitted": "auto-replied", "X-Extra": "one  Bcc: victim@example.net", "MIME-Version": "1.0",
	} {
		if got := m.Header.Text(field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	if m.Text != strings.TrimSpace(mail.Text) {
		t.Errorf("got the text %q", m.Text)
	}
	if diff := cmp.Diff(Header{{"Received", strings.TrimSpace(mail.Returned[0].Value)}, mail.Returned[1]}, m.Returned); diff != "" {
		t.Errorf("returned header: -want +got:\n%s", diff)
	}
	part.Groups[1][2] = Field{"Injected", "a    Status: 2.0.0"}
	if m.Machine[0].MediaType != "message/global-delivery-status" {
		t.Errorf("got %q, want the type of RFC 6533 for what is not ASCII", m.Machine[0].MediaType)
	}
	if diff := cmp.Diff(part.Groups, m.Machine[0].Groups); diff != "" {
		t.Errorf("groups: -want +got:\n%s", diff)
	}
}

func TestASCIIIsWrittenAsRFC6522HasIt(t *testing.T) {
	mail, part := written()
	mail.Text, mail.Returned, mail.Body = "Hello\n", Header{{"Subject", "Hello"}}, []byte("Body\r\n")
	part.Groups = part.Groups[:1]
	var b bytes.Buffer
	if err := mail.Write(&b, part); err != nil {
		t.Fatal(err)
	}
	e, err := message.Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	parts := e.MultipartReader()
	for _, want := range []struct{ mediaType, encoding, body string }{
		{"text/plain", "7bit", "Hello\r\n"},
		{"message/delivery-status", "7bit", "Reporting-MTA: dns; mx.example.net\r\n"},
		{"message/rfc822", "7bit", "Subject: Hello\r\n\r\nBody\r\n"},
	} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		mediaType, _, _ := p.Header.ContentType()
		body, err := io.ReadAll(p.Body)
		if err != nil || mediaType != want.mediaType || p.Header.Get("Content-Transfer-Encoding") != want.encoding || string(body) != want.body {
			t.Errorf("got %q %q %q, %v, want %q", mediaType, p.Header.Get("Content-Transfer-Encoding"), body, err, want)
		}
	}
}

func TestNoLineThatIsWrittenIsTooLong(t *testing.T) {
	mail, part := written()
	mail.Text = strings.Repeat("a long line without an end ", 100)
	part.Groups = append(part.Groups, Header{{"X-Word", strings.Repeat("é", 2000)}})
	var b bytes.Buffer
	if err := mail.Write(&b, part); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\r\n") {
		if len(line) > 998 || strings.Contains(line, "\n") || strings.Contains(line, "\r") {
			t.Errorf("got the line %q", line)
		}
	}
	word := read(t, b.String()).Machine[0].Groups[2].Get("X-Word")
	if strings.ReplaceAll(word, " ", "") != strings.Repeat("é", 2000) {
		t.Errorf("got the word %q", word)
	}
}

func TestAMailWithoutARequiredFieldIsNotWritten(t *testing.T) {
	for name, remove := range map[string]func(*Mail){
		"From": func(m *Mail) { m.From = "" }, "To": func(m *Mail) { m.To = " " }, "Message-ID": func(m *Mail) { m.MessageID = "" },
		"Date": func(m *Mail) { m.Date = time.Time{} }, "Auto-Submitted": func(m *Mail) { m.AutoSubmitted = "" },
	} {
		mail, part := written()
		remove(&mail)
		var b bytes.Buffer
		if err := mail.Write(&b, part); !errors.Is(err, ErrMail) || !strings.Contains(err.Error(), name) || b.Len() > 0 {
			t.Errorf("without %s: got %v, %d bytes", name, err, b.Len())
		}
	}
}

func TestAFailingWriterIsTold(t *testing.T) {
	mail, part := written()
	mail.Body = []byte("Body")
	var whole bytes.Buffer
	if err := mail.Write(&whole, part); err != nil {
		t.Fatal(err)
	}
	for room := 0; room < whole.Len(); room += 97 {
		if err := mail.Write(&fullAfter{room: room}, part); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: got %v", room, err)
		}
	}
}

var errFull = errors.New("no room")

type fullAfter struct{ room int }

func (w *fullAfter) Write(b []byte) (int, error) {
	if w.room -= len(b); w.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}
