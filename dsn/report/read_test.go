package report

import (
	"encoding/base64"
	"errors"
	"mime/quotedprintable"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A small report, part by part, for the tables below.
const (
	textPart    = "--b\nContent-Type: text/plain\n\nNot delivered.\n\n"
	statusField = "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; jane@example.net\nAction: failed\nStatus: 5.1.1\n"
	statusPart  = "--b\nContent-Type: message/delivery-status\n\n" + statusField + "\n"
	mailPart    = "--b\nContent-Type: message/rfc822\n\nFrom: shop@example.org\nTo: jane@example.net\nSubject: Hello\n\nBody\n"
	container   = "From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
	whole       = container + textPart + statusPart + mailPart + "--b--\n"
)

// assertReport checks that the small report was found in a mail.
func assertReport(t *testing.T, m *Message) {
	t.Helper()
	if len(m.Machine) != 1 || m.Machine[0].MediaType != "message/delivery-status" {
		t.Fatalf("got the machine parts %v", m.Machine)
	}
	groups := m.Machine[0].Groups
	if len(groups) != 2 || groups[0].Get("Reporting-MTA") != "dns; mx.example.net" || groups[1].Get("Final-Recipient") != "rfc822; jane@example.net" || groups[1].Get("Status") != "5.1.1" {
		t.Errorf("got the groups %v", groups)
	}
}

func TestReadFindsTheThreePartsOfRFC6522(t *testing.T) {
	m := read(t, whole)
	want := &Message{
		Header: Header{
			{"From", "MAILER-DAEMON@mx.example.net"}, {"Subject", "Undelivered"},
			{"Content-Type", "multipart/report; report-type=delivery-status; boundary=b"},
		},
		MediaType: "multipart/report", ReportType: "delivery-status", Text: "Not delivered.",
		Machine: []Part{{
			MediaType: "message/delivery-status", Header: Header{{"Content-Type", "message/delivery-status"}},
			Groups: []Header{
				{{"Reporting-MTA", "dns; mx.example.net"}},
				{{"Final-Recipient", "rfc822; jane@example.net"}, {"Action", "failed"}, {"Status", "5.1.1"}},
			},
			Body: strings.TrimSpace(statusField),
		}},
		Returned: Header{{"From", "shop@example.org"}, {"To", "jane@example.net"}, {"Subject", "Hello"}},
		Size:     int64(len(whole)),
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReadFindsTheReportInAnyContainer(t *testing.T) {
	encoded := func(encoding, content string) string {
		return container + textPart + "--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: " + encoding + "\n\n" + content + "\n" + mailPart + "--b--\n"
	}
	quoted := &strings.Builder{}
	w := quotedprintable.NewWriter(quoted)
	if _, err := w.Write([]byte(statusField)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	tests := []struct{ name, mail string }{
		{"as RFC 6522 has it", whole},
		{"multipart/mixed", replace("multipart/report", "multipart/mixed")},
		{"unknown multipart", replace("multipart/report", "multipart/mx6d")},
		{"type names in upper case", strings.NewReplacer("multipart/report", "MULTIPART/REPORT", "message/delivery-status", "MESSAGE/DELIVERY-STATUS", "Content-Type", "CONTENT-TYPE").Replace(whole)},
		{"no space behind colons", strings.ReplaceAll(whole, "Content-Type: ", "Content-Type:")},
		{"space before colons", strings.ReplaceAll(whole, "Content-Type:", "Content-Type :")},
		{"parameter in quotes", replace("boundary=b", `boundary="b"`)},
		{"parameter with an open quote", replace("boundary=b", `boundary="b`)},
		{"parameter with blanks around", replace("boundary=b", "boundary = b ")},
		{"parameter as RFC 2231 has it", replace("boundary=b", "boundary*0=b")},
		{"parameters on folded lines", replace("; boundary=b", ";\n\tboundary=b")},
		{"a comment in the type", replace("multipart/report;", "multipart/report (report);")},
		{"nested in multipart/mixed", "Content-Type: multipart/mixed; boundary=o\n\n--o\n" + whole + "\n--o\nContent-Type: text/plain\n\nA footer.\n--o--\n"},
		{"nested in a multipart whose boundary begins alike", "Content-Type: multipart/mixed; boundary=bb\n\n--bb\n" + whole + "\n--bb--\n"},
		{"no boundary parameter", replace("; boundary=b", "")},
		{"another boundary than the body's", replace("boundary=b", "boundary=c")},
		{"no Content-Type at all", replace("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n", "")},
		{"text/plain as type of the whole", replace("multipart/report; report-type=delivery-status; boundary=b", "text/plain")},
		{"the machine part alone", "Content-Type: message/delivery-status\n\n" + statusField},
		{"fields in the text", "From: MAILER-DAEMON@mx.example.net\n\nNot delivered.\n\n" + statusField},
		{"fields in the text before the returned header", "Return-Path: <>\n\nNot delivered.\n\n" + statusField + "\nReceived: by x\nFrom: a@b.example\nSubject: Hello\n\nBody\n"},
		{"fields in the text behind a line of blanks", "From: MAILER-DAEMON@mx.example.net\n\nNot delivered.\n \n" + statusField},
		{"fields in a preamble", strings.NewReplacer("--b\n", "", "--b--\n", "", "Content-Type: message/delivery-status\n", "").Replace(whole)},
		{"machine part labelled text/plain", replace("message/delivery-status", "text/plain")},
		{"machine part labelled application/octet-stream", replace("message/delivery-status", "application/octet-stream; name=details.txt")},
		{"machine part without a type", replace("Content-Type: message/delivery-status\n", "")},
		{"machine part with another main type", replace("message/delivery-status", "text/delivery-status")},
		{"machine part in base64", encoded("base64", base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(statusField, "\n", "\r\n"))))},
		{"machine part in base64 of short lines", encoded("BASE64", strings.Join(pieces(base64.StdEncoding.EncodeToString([]byte(statusField)), 10), "\n"))},
		{"machine part said to be in base64", encoded("base64", statusField)},
		{"machine part in quoted-printable", encoded("Quoted-Printable", strings.ReplaceAll(quoted.String(), "\r", ""))},
		{"machine part said to be in quoted-printable", encoded("quoted-printable", statusField)},
		{"machine part in an unknown encoding", encoded("x-strange", statusField)},
		{"machine part with leading blank lines", replace("delivery-status\n\n", "delivery-status\n\n\n\n")},
		{"machine part without the blank line", replace("message/delivery-status\n\n", "message/delivery-status\n")},
		{"several blank lines between groups", replace("example.net\n\nFinal", "example.net\n\n\n\nFinal")},
		{"blanks in the blank line between groups", replace("example.net\n\nFinal", "example.net\n \t\nFinal")},
		{"machine part behind the returned mail", container + textPart + mailPart + statusPart + "--b--\n"},
		{"machine part first", container + statusPart + textPart + mailPart + "--b--\n"},
		{"no closing delimiter", strings.TrimSuffix(whole, "--b--\n")},
		{"cut off in the machine part", strings.TrimSuffix(container+textPart+statusPart, "\n\n")},
		{"a delimiter with another boundary behind the machine part", container + textPart + statusPart + strings.Replace(mailPart, "--b\n", "--c\n", 1)},
		{"no delimiter before the machine part", strings.Replace(whole, "\n--b\nContent-Type: message/d", "\nContent-Type: message/d", 1)},
		{"no delimiter between HTML and the machine part", container + "--b\nContent-Type: text/html\n\n<p>\n" + statusPart[4:] + "--b--\n"},
		{"blanks behind delimiters", strings.ReplaceAll(whole, "--b\n", "--b \t\n")},
		{"byte order mark", "\ufeff" + whole},
		{"leading blank lines", "\n\r\n" + whole},
		{"mailbox separator", "From MAILER-DAEMON Thu Nov 22 05:29:15 2026\n" + whole},
		{"quoted mailbox separator", ">From MAILER-DAEMON Thu Nov 22 05:29:15 2026\n" + whole},
		{"no blank line behind the header", replace("boundary=b\n\n", "boundary=b\n")},
		{"a line that is no field in the header", replace("Subject: Undelivered\n", "Subject: Undelivered\nwhich is junk\n")},
		{"a header that begins with the rest of a field", "\tby mx.example.net\n" + whole},
		{"a forwarded report", "From: jane@example.org\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nFYI\n--o\nContent-Type: message/rfc822\n\n" + whole + "\n--o--\n"},
		{"a forwarded report alone", "Content-Type: message/rfc822\n\n" + whole},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			assertReport(t, read(t, test.mail))
			assertReport(t, read(t, strings.ReplaceAll(test.mail, "\n", "\r\n")))
			assertReport(t, read(t, strings.ReplaceAll(test.mail, "\n", "\r")))
		})
	}
}

func pieces(s string, size int) []string {
	var out []string
	for len(s) > size {
		out, s = append(out, s[:size]), s[size:]
	}
	return append(out, s)
}

func TestReadFindsTheReturnedHeader(t *testing.T) {
	const header = "Received: by mx.example.net;\n\tSun, 22 Nov 2026\nFrom: shop@example.org\nSubject: Hello\n"
	part := func(contentType, content string) string {
		return container + textPart + statusPart + "--b\nContent-Type: " + contentType + "\n\n" + content + "\n--b--\n"
	}
	tests := []struct{ name, mail string }{
		{"message/rfc822", part("message/rfc822", header+"\nBody: none\n")},
		{"message/global, RFC 6532", part("message/global", header+"\nBody\n")},
		{"text/rfc822-headers, RFC 6522", part("text/rfc822-headers", header)},
		{"message/global-headers, RFC 6533", part("message/global-headers; charset=utf-8", header)},
		{"message/rfc822-headers", part("message/rfc822-headers", header)},
		{"text/rfc822-header", part("text/rfc822-header", header)},
		{"upper case", part("MESSAGE/RFC822", header+"\nBody\n")},
		{"leading blank lines", part("message/rfc822", "\n\n"+header+"\nBody\n")},
		{"mailbox separator", part("message/rfc822", "From a@b.example Thu Nov 22 05:29:15 2026\n"+header+"\nBody\n")},
		{"no blank line before it", strings.Replace(part("message/rfc822", header), "message/rfc822\n\n", "message/rfc822\n", 1)},
		{"the header only", part("message/rfc822", header)},
		{"base64", part("message/rfc822\nContent-Transfer-Encoding: base64", base64.StdEncoding.EncodeToString([]byte(header+"\nBody")))},
		{"quoted-printable", part("message/global\nContent-Transfer-Encoding: quoted-printable", strings.ReplaceAll(header, "Hello", "Hel=\nlo"))},
		{"the first of two", part("message/rfc822", header) + "--b\nContent-Type: message/rfc822\n\nSubject: no\n\n"},
		{"a boundary of its own", part("message/rfc822", header+"Content-Type: multipart/mixed; boundary=i\n\n--i\nSubject: no\n\n--i--\n")},
		{"a report, which is none about this", part("message/rfc822", header+"Content-Type: multipart/report; boundary=i\n\n--i\nContent-Type: message/delivery-status\n\nStatus: 5.0.0\n--i--\n")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := read(t, test.mail)
			assertReport(t, m)
			if got := m.Returned.Get("Received"); got != "by mx.example.net;\tSun, 22 Nov 2026" {
				t.Errorf("got Received %q", got)
			}
			if m.Returned.Get("From") != "shop@example.org" || m.Returned.Get("Subject") != "Hello" || m.Returned.Has("Body") {
				t.Errorf("got the returned header %v", m.Returned)
			}
		})
	}
}

// A line of the returned header that is neither a field nor a fold is taken for
// the rest of the field before it, so that the fields behind it are not lost.
func TestABrokenLineDoesNotEndTheReturnedHeader(t *testing.T) {
	m := read(t, strings.Replace(whole, "Subject: Hello\n", "X-Long: a\nb c\nSubject: Hello\n", 1))
	if m.Returned.Get("X-Long") != "a b c" || m.Returned.Get("Subject") != "Hello" {
		t.Errorf("got %v", m.Returned)
	}
}

func TestAForwardedReportKeepsItsOwnReturnedMail(t *testing.T) {
	m := read(t, "From: jane@example.org\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nFYI\n--o\nContent-Type: message/rfc822\n\n"+whole+"\n--o--\n")
	if m.Returned.Get("Subject") != "Hello" || m.Text != "FYI\nNot delivered." || m.Header.Get("From") != "jane@example.org" {
		t.Errorf("got %v, %q", m.Returned, m.Text)
	}
	m = read(t, "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\nSubject: A\nContent-Type: multipart/report; boundary=i\n\n--i\n\nText\n--i--\n--o--\n")
	if m.Returned.Get("Subject") != "A" {
		t.Errorf("without a machine part: got %v", m.Returned)
	}
}

func TestPeopleWhoWriteAboutAnAttachedReportSendNone(t *testing.T) {
	const attached = "\n--o\nContent-Type: message/rfc822\n\n" + whole + "\n--o--\n"
	for name, mail := range map[string]string{
		"a question": "From: jane@example.org\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nWhat is this?" + attached,
		"a sentence": "From: jane@example.org\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nThis is what I told you about." + attached,
		"HTML":       "From: jane@example.org\nContent-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/html\n\n<p>This is <b>what</b> I told you about." + attached,
		"an answer":  "From: jane@example.org\nIn-Reply-To: <a@b>\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nFYI" + attached,
	} {
		if m := read(t, mail); len(m.Machine) != 0 {
			t.Errorf("%s: got %v", name, m.Machine)
		}
	}
	m := read(t, "From: MAILER-DAEMON@example.org\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nThis mail could not be delivered here."+attached)
	if len(m.Machine) != 1 {
		t.Errorf("a mail system: got %v", m.Machine)
	}
}

func TestAReceiptWithoutItsTypeIsStillNone(t *testing.T) {
	m := read(t, "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nRead.\n\n--b\n\nFinal-Recipient: rfc822; jane@example.net\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n")
	if len(m.Machine) != 1 || m.Machine[0].MediaType != "message/disposition-notification" {
		t.Errorf("got %v", m.Machine)
	}
}

func TestPeopleWhoQuoteABounceSendNoReport(t *testing.T) {
	m := read(t, "From: jane@example.org\nSubject: Please help\n\nI got this:\n\n"+statusField)
	if len(m.Machine) != 0 {
		t.Errorf("got %v", m.Machine)
	}
}

func TestProblemsSayWhatWasOdd(t *testing.T) {
	tests := []struct {
		name, mail string
		want       error
	}{
		{"no boundary parameter", strings.Replace(whole, "; boundary=b", "", 1), ErrNoBoundary},
		{"another boundary", strings.Replace(whole, "boundary=b", "boundary=c", 1), ErrNoBoundary},
		{"not closed", strings.TrimSuffix(whole, "--b--\n"), ErrNotClosed},
		{"nothing odd", whole, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := read(t, test.mail)
			if test.want == nil && len(m.Problems) == 0 || len(m.Problems) > 0 && hasProblem(m, test.want) {
				return
			}
			t.Errorf("got %v, want %v", m.Problems, test.want)
		})
	}
}

func TestNothingIsAnEmptyMail(t *testing.T) {
	for _, mail := range []string{"", "\n", "\r\n\r\n\n\r", "\ufeff", " \t\n"} {
		if m, err := Read(strings.NewReader(mail)); !errors.Is(err, ErrEmpty) {
			t.Errorf("%q: got %+v, %v, want ErrEmpty", mail, m, err)
		}
	}
	for _, mail := range []string{"a", "Subject: a", "\n\nhello\n", "--\n"} {
		if _, err := Read(strings.NewReader(mail)); err != nil {
			t.Errorf("%q: got %v", mail, err)
		}
	}
}

func TestAMailWithoutAHeaderIsText(t *testing.T) {
	m := read(t, "Hello there,\nyour mail was not delivered.\n")
	if m.Text != "Hello there,\nyour mail was not delivered." || m.MediaType != "text/plain" || len(m.Header) != 0 {
		t.Errorf("got %+v", m)
	}
}
