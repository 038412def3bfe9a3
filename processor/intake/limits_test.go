package intake_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/intake"
)

// dialFrom dials from another address of the loopback network.
func dialFrom(t *testing.T, from, addr string) *client {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t, conn}
}

func TestConnectionsAreLimited(t *testing.T) {
	addr := serve(t, &intake.Server{Accept: new(store).accept, Domain: "mx.example.org", Limits: intake.Limits{Connections: 2}})
	first := hello(t, addr, "EHLO")
	dial(t, addr).want("220 ")
	third := dial(t, addr)
	third.want("421 4.3.2 Too many connections, try again later")
	third.wantEnd()

	first.dialogue("QUIT", "221 ")
	first.wantEnd()
	dial(t, addr).want("220 ")
}

func TestConnectionsOfOneClientAreLimited(t *testing.T) {
	addr := serve(t, &intake.Server{Accept: new(store).accept, Domain: "mx.example.org", Limits: intake.Limits{ConnectionsPerClient: 1}})
	first := hello(t, addr, "EHLO")
	second := dial(t, addr)
	second.want("421 4.3.2 Client connection limit reached")
	second.wantEnd()
	dialFrom(t, "127.0.0.2", addr).want("220 ")

	first.dialogue("QUIT", "221 ")
	first.wantEnd()
	dial(t, addr).want("220 ")
}

func TestSilentClientIsSentAway(t *testing.T) {
	const idle = 2 * time.Second // ample for the lines before the silence, on a busy machine too
	t.Run("between commands", func(t *testing.T) {
		t.Parallel()
		c := hello(t, serve(t, &intake.Server{Accept: new(store).accept, Domain: "mx.example.org", Limits: intake.Limits{Idle: idle}}), "EHLO")
		c.want("421 4.4.2 Timeout waiting for the client")
		c.wantEnd()
	})
	t.Run("in a mail", func(t *testing.T) {
		t.Parallel()
		kept := new(store)
		c := hello(t, serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org", Limits: intake.Limits{Idle: idle}}), "EHLO")
		c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ", "DATA", "354 ")
		c.put("Subject: x\r\n")
		c.want("421 4.4.2 Timeout during DATA")
		c.wantEnd()
		if mails := kept.all(); len(mails) != 0 {
			t.Errorf("got %d mails, want none", len(mails))
		}
	})
}

func TestLargeMailsAtATimeAreLimitedAndSmallOnesAreNot(t *testing.T) {
	kept := new(store)
	memory := intake.NewMemory(200 << 10)
	c := hello(t, serve(t, &intake.Server{Accept: kept.accept, Domain: "mx.example.org", Limits: intake.Limits{Memory: memory}}), "EHLO")
	send := func(size int, want string) {
		t.Helper()
		c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ", "DATA", "354 ", strings.Repeat("0123456789abcd\r\n", size/16)+".", want)
	}
	for range 5 { // what one mail took is free for the next
		send(100<<10, "250 2.6.0 ")
		send(300<<10, "452 4.3.1 Mail system full, try again later")
	}
	hold := hold(t, memory)
	send(60<<10, "250 2.6.0 ")
	send(100<<10, "452 4.3.1 ")
	hold()
	send(100<<10, "250 2.6.0 ")
}

// hold has a second server, which shares memory, hold a large mail until release is called.
func hold(t *testing.T, memory *intake.Memory) (release func()) {
	t.Helper()
	g := newGate()
	c := hello(t, serve(t, &intake.Server{Accept: g.accept, Domain: "mx.example.org", Limits: intake.Limits{Memory: memory}}), "EHLO")
	c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ", "DATA", "354 ")
	c.say(strings.Repeat("0123456789abcd\r\n", 100<<10/16) + ".")
	<-g.entered
	return func() {
		t.Helper()
		close(g.open)
		c.want("250 2.6.0 ")
		c.dialogue("QUIT", "221 ")
	}
}
