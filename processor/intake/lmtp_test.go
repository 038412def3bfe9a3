package intake_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/intake"
)

func TestLMTPAnswersForEachRecipient(t *testing.T) {
	kept := new(store)
	c := hello(t, serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org", LMTP: true}), "LHLO")
	c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<a@example.org>", "250 2.1.5 ", "RCPT TO:<b@example.org>", "250 2.1.5 ", "RCPT TO:<a@example.org>", "250 2.1.5 ",
		"DATA", "354 ", "x\r\n.", "250 2.6.0 <a@example.org> Message queued as id-1")
	c.want("250 2.6.0 <b@example.org> Message queued as id-1")
	c.want("250 2.6.0 <a@example.org> Message queued as id-1")

	kept.mu.Lock()
	kept.err = bus.ErrFull
	kept.mu.Unlock()
	c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<a@example.org>", "250 ", "RCPT TO:<b@example.org>", "250 ")
	c.put("BDAT 1 LAST\r\nx")
	c.want("452 4.3.1 <a@example.org> Mail system full")
	c.want("452 4.3.1 <b@example.org> Mail system full")
}

func TestLMTPRefusesEHLO(t *testing.T) {
	c := dial(t, serve(t, &intake.Server{Accept: new(store).accept, LMTP: true}))
	c.want("220 ")
	c.dialogue("EHLO client.example", "500 5.5.1 ")
}

func TestLMTPOverAUnixSocketHasNoClientAddress(t *testing.T) {
	kept := new(store)
	s := &intake.Server{Accept: kept.accept, LMTP: true, Limits: intake.Limits{ConnectionsPerClient: 1}}
	addr := serveOn(t, s, "unix", filepath.Join(t.TempDir(), "lmtp"))
	for range 2 { // at a time: all clients of the machine look the same here
		conn, err := net.Dial("unix", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := smtp.NewClientLMTP(conn).SendMail("", []string{"b@example.org"}, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	if mails := kept.all(); len(mails) != 2 || mails[0].RemoteIP != "" || mails[0].Source != "lmtp" {
		t.Errorf("got %+v", mails)
	}
}
