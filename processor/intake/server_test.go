package intake_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/intake"
)

func TestAnswers(t *testing.T) {
	const mail, rcpt = "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>"
	tests := []struct {
		name  string
		lines []string
	}{
		{"a mail", []string{mail, "250 2.1.0 Sender <a@example.org> OK", rcpt, "250 2.1.5 Recipient <b@example.org> OK",
			"DATA", "354 End data with <CR><LF>.<CR><LF>", "Subject: x\r\n\r\ny\r\n.", "250 2.6.0 Message queued as id-1",
			mail, "250 2.1.0 ", "RSET", "250 2.0.0 OK", "NOOP", "250 2.0.0 OK", "QUIT", "221 2.0.0 Bye"}},
		{"the null sender", []string{"MAIL FROM:<>", "250 2.1.0 Sender <> OK"}},
		{"a mail without a header", []string{mail, "250 ", rcpt, "250 ", "DATA", "354 ", "\x00\xff\r\n.", "250 2.6.0 "}},
		{"an empty mail", []string{mail, "250 ", rcpt, "250 ", "DATA", "354 ", ".", "250 2.6.0 "}},
		{"a bad sender", []string{"MAIL FROM:<a@exa_mple!>", "501 5.1.7 Bad sender address <a@exa_mple!>", mail, "250 2.1.0 "}},
		{"a bad recipient", []string{mail, "250 ", "RCPT TO:<b@..>", "501 5.1.7 Bad recipient address <b@..>", rcpt, "250 2.1.5 "}},
		{"a bad address with control characters", []string{"MAIL FROM:<a\a@b>", "501 5.1.7 Bad sender address <a?@b>"}},
		{"an endless address", []string{"MAIL FROM:<" + strings.Repeat("a", 5000) + "@b>", "501 5.1.7 Bad sender address <aaa"}},
		{"no address", []string{"MAIL TO:<a@example.org>", "501 5.5.4 Syntax: MAIL FROM: <address> <parameters>"}},
		{"no recipient address", []string{mail, "250 ", "RCPT", "501 5.5.2 Syntax: RCPT TO: <address> <parameters>"}},
		{"quoted local parts", []string{`MAIL FROM:<"a \" b"@example.org>`, "250 2.1.0 ", `RCPT TO:<"a@b"@example.org>`, "250 2.1.5 "}},
		{"a second sender", []string{mail, "250 ", mail, "503 5.5.1 Sender already specified", "RSET", "250 ", mail, "250 2.1.0 "}},
		{"too many recipients", []string{mail, "250 ", rcpt, "250 ", rcpt, "250 ", rcpt, "452 4.5.3 Too many recipients", "DATA", "354 "}},
		{"a size over the limit", []string{mail + " SIZE=20001", "552 5.3.4 Message size exceeds fixed limit", mail + " SIZE=20000", "250 "}},
		{"a mail over the limit", []string{mail, "250 ", rcpt, "250 ", "DATA", "354 ", strings.Repeat("0123456789\r\n", 2000) + ".",
			"552 5.3.4 Message size exceeds fixed limit", mail, "250 2.1.0 "}},
		{"VRFY", []string{"VRFY a", "502 5.5.1 VRFY command has been disabled"}},
		{"EXPN", []string{"EXPN a", "502 5.5.1 EXPN command has been disabled"}},
		{"an unknown command", []string{"MOVE a", "502 5.5.1 Unrecognized command"}},
		{"a recipient before the sender", []string{rcpt, "503 5.5.1 Need MAIL command"}},
		{"a mail before the recipient", []string{mail, "250 ", "DATA", "503 5.5.1 Need RCPT command"}},
		{"STARTTLS without a certificate", []string{"STARTTLS", "502 5.5.1 TLS not supported"}},
		{"a long line in a mail", []string{mail, "250 ", rcpt, "250 ", "DATA", "354 ", strings.Repeat("x", 9000) + "\r\n.", "250 2.6.0 "}},
		{"a line over the limit", []string{mail, "250 ", rcpt, "250 ", "DATA", "354 ", strings.Repeat("x", 10001) + "\r\n.",
			"554 5.6.0 Could not read the message. Line too long"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &intake.Server{Accept: new(store).accept, Domain: "mx.example.org",
				Limits: intake.Limits{MessageBytes: 20000, Recipients: 2, LineBytes: 10000}}
			hello(t, serve(t, s), "EHLO").dialogue(test.lines...)
		})
	}
}

func TestMailComesAsSentWithItsEnvelope(t *testing.T) {
	kept := new(store)
	addr := serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org"})
	hello(t, addr, "EHLO").dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b+1@example.org>", "250 ", `RCPT TO:<@relay:"c d"@example.org>`, "250 ",
		"DATA", "354 ", "Subject: x\r\n\r\n..a dot\r\nbare LF\n.\nx\r\n.", "250 ")
	hello(t, addr, "HELO").dialogue("mail from: a@example.org", "250 ", "rcpt to: b@example.org", "250 ", "data", "354 ", "x\r\n.", "250 ")
	want := []bus.Mail{
		{Raw: []byte("Subject: x\r\n\r\n.a dot\r\nbare LF\n.\nx\r\n"), Received: noon, Source: "smtp", From: "",
			To: []string{"b+1@example.org", `"c d"@example.org`}, RemoteIP: "127.0.0.1"},
		{Raw: []byte("x\r\n"), Received: noon, Source: "smtp", From: "a@example.org", To: []string{"b@example.org"}, RemoteIP: "127.0.0.1"},
	}
	if diff := cmp.Diff(want, kept.all()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExtensionsAreOffered(t *testing.T) {
	c := dial(t, serve(t, &intake.Server{Accept: new(store).accept, TLS: &tls.Config{}}))
	c.want("220 localhost ESMTP")
	c.say("EHLO client.example")
	var got []string
	for {
		line := c.line()
		got = append(got, line[4:])
		if line[3] == ' ' {
			break
		}
	}
	want := []string{"Hello client.example", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "STARTTLS", "SMTPUTF8", "SIZE 41943040"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPipelinedCommandsAreAnsweredInOrder(t *testing.T) {
	kept := new(store)
	c := hello(t, serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org"}), "EHLO")
	c.say("MAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA")
	for _, want := range []string{"250 2.1.0 ", "250 2.1.5 ", "250 2.1.5 ", "354 "} {
		c.want(want)
	}
	c.say("x\r\n.\r\nMAIL FROM:<c@example.org>\r\nQUIT")
	for _, want := range []string{"250 2.6.0 ", "250 2.1.0 Sender <c@example.org> OK", "221 "} {
		c.want(want)
	}
	c.wantEnd()
	if mails := kept.all(); len(mails) != 1 || len(mails[0].To) != 2 {
		t.Errorf("got %v, want one mail with two recipients", mails)
	}
}

func TestAFailedAcceptIsTemporaryUnlessTheMailIsTooLarge(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("publishing: %w", bus.ErrFull), "452 4.3.1 Mail system full"},
		{bus.ErrUnavailable, "451 4.3.0 Temporary service failure"},
		{fmt.Errorf("publishing: %w", bus.ErrTooLarge), "552 5.3.4 Message size exceeds fixed limit"},
		{errors.New("who knows"), "451 4.3.0 Temporary service failure"},
	} {
		kept := &store{err: test.err}
		c := hello(t, serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org"}), "EHLO")
		c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ", "DATA", "354 ", "x\r\n.", test.want, "MAIL FROM:<>", "250 2.1.0 ")
	}
}

func TestPanicInAcceptIsATemporaryFailure(t *testing.T) {
	accept := func(context.Context, bus.Mail) (string, error) { panic("a bug") }
	c := hello(t, serve(t, &intake.Server{Accept: accept, Domain: "mx.example.org"}), "EHLO")
	c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ", "DATA", "354 ", "x\r\n.", "421 4.3.0 Mail system failure, closing transmission channel")
	c.wantEnd()
}

func TestAMailThatEndsEarlyIsNotAccepted(t *testing.T) {
	for _, test := range []struct{ name, command, ready, part, want string }{
		{"DATA", "DATA", "354 ", "Subject: x\r\n\r\nhal", "554 5.6.0 Pre-mature end of <CRLF>.<CRLF>"},
		{"the last chunk", "NOOP", "250 ", "BDAT 100 LAST\r\nSubject: x\r\n\r\nhal", "554 5.6.0 Pre-mature end of <CRLF>.<CRLF>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			kept := new(store)
			c := hello(t, serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org"}), "EHLO")
			c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ", test.command, test.ready)
			c.put(test.part)
			if err := c.conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			c.want(test.want)
			if mails := kept.all(); len(mails) != 0 {
				t.Errorf("got %d mails, want none", len(mails))
			}
		})
	}
}

func TestMailComesInChunks(t *testing.T) {
	kept := new(store)
	c := hello(t, serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org", Limits: intake.Limits{MessageBytes: 30000, LineBytes: 5000}}), "EHLO")
	c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ")
	long := strings.Repeat("x", 20000)
	c.put("BDAT 14\r\nSubject: x\r\n\r\n")
	c.want("250 2.0.0 ")
	c.put("BDAT 20003 LAST\r\n.\r\n" + long)
	c.want("250 2.6.0 Message queued as id-1")
	if got := string(kept.all()[0].Raw); got != "Subject: x\r\n\r\n.\r\n"+long {
		t.Errorf("got %q", got)
	}

	c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ")
	c.put("BDAT 5\r\nabcde")
	c.want("250 2.0.0 ")
	c.dialogue("RSET", "250 2.0.0 OK", "MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ")
	c.put("BDAT 40000 LAST\r\n" + long + long)
	c.want("552 5.3.4 Message size exceeds fixed limit")
	if mails := kept.all(); len(mails) != 1 {
		t.Errorf("got %d mails, want the first one only", len(mails))
	}
}

func TestNonASCIIAddresses(t *testing.T) {
	kept := new(store)
	c := hello(t, serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org"}), "EHLO")
	c.dialogue("MAIL FROM:<büro@müller.example> SMTPUTF8 BODY=8BITMIME", "250 2.1.0 Sender <büro@müller.example> OK",
		"RCPT TO:<用户@例え.example>", "250 2.1.5 Recipient <用户@例え.example> OK", "DATA", "354 ", "Subject: ü\r\n\r\n.", "250 2.6.0 ")
	got := kept.all()[0]
	if got.From != "büro@müller.example" || got.To[0] != "用户@例え.example" || string(got.Raw) != "Subject: ü\r\n\r\n" {
		t.Errorf("got %+v", got)
	}
}

func TestSTARTTLS(t *testing.T) {
	kept := new(store)
	certificates := httptest.NewUnstartedServer(nil)
	certificates.StartTLS()
	defer certificates.Close()
	s := &intake.Server{Accept: kept.accept, TLS: &tls.Config{Certificates: certificates.TLS.Certificates}, Limits: intake.Limits{Recipients: 1}}
	c, err := smtp.DialStartTLS(serve(t, s), &tls.Config{InsecureSkipVerify: true}) // the name does not matter here
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, isTLS := c.TLSConnectionState(); !isTLS {
		t.Error("the connection is not encrypted")
	}
	if err := c.SendMail("", []string{"b@example.org"}, strings.NewReader("Subject: x\r\n\r\ny\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := c.SendMail("", []string{"b@example.org", "c@example.org"}, strings.NewReader("x")); codeOf(err) != 452 {
		t.Errorf("got %v, want 452 for the second recipient", err)
	}
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
	if mails := kept.all(); len(mails) != 1 || !netip.MustParseAddr(mails[0].RemoteIP).IsLoopback() {
		t.Errorf("got %+v, want one mail from loopback", mails)
	}
}

// codeOf is the reply code of a client's error, 0 when it is none.
func codeOf(err error) int {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

func TestAMailOf39MiBIsAccepted(t *testing.T) {
	kept := new(store)
	c, err := smtp.Dial(serve(t, &intake.Server{Accept: kept.accept}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := strings.Repeat(strings.Repeat("A", 76)+"\r\n", 39<<20/78)
	if err := c.SendMail("", []string{"b@example.org"}, strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	if got := kept.all(); len(got) != 1 || string(got[0].Raw) != body {
		t.Error("the mail changed")
	}
}
