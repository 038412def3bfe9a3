package intake_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/intake"
)

// gate accepts mails when it is opened.
type gate struct{ entered, open chan struct{} }

func newGate() gate {
	return gate{make(chan struct{}, 1), make(chan struct{})}
}

func (g gate) accept(ctx context.Context, _ bus.Mail) (string, error) {
	g.entered <- struct{}{}
	select {
	case <-g.open:
		return "id", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func TestShutdownWaitsForTransactionsAndEndsIdleConnections(t *testing.T) {
	g := newGate()
	s := &intake.Server{Accept: g.accept, Domain: "mx.example.org"}
	addr := serve(t, s)
	idle, silent, begun, waiting := hello(t, addr, "EHLO"), dial(t, addr), hello(t, addr, "EHLO"), hello(t, addr, "EHLO")
	silent.want("220 ")
	begun.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ")
	waiting.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ", "DATA", "354 ")
	waiting.say("x\r\n.")
	<-g.entered

	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	for _, c := range []*client{idle, silent} {
		c.want("421 4.3.2 Service not available")
		c.wantEnd()
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("a new connection was taken")
	}
	close(g.open)
	waiting.want("250 2.6.0 Message queued as id")
	waiting.want("421 4.3.2 Service not available")
	waiting.wantEnd()
	begun.dialogue("DATA", "354 ", "x\r\n.", "250 2.6.0 ")
	begun.want("421 4.3.2 ")
	begun.wantEnd()
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestAClientThatWasJustAnsweredIsToldOfTheShutdown(t *testing.T) {
	for range 100 { // the answer may still be on its way out of the server
		s := &intake.Server{Accept: new(store).accept, Domain: "mx.example.org"}
		c := dial(t, serve(t, s))
		c.want("220 ")
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.want("421 4.3.2 Service not available")
		c.wantEnd()
	}
}

func TestShutdownStopsAtTheEndOfItsContext(t *testing.T) {
	g := newGate()
	s := &intake.Server{Accept: g.accept, Domain: "mx.example.org"}
	c := hello(t, serve(t, s), "EHLO")
	c.dialogue("MAIL FROM:<>", "250 ", "RCPT TO:<b@example.org>", "250 ", "DATA", "354 ")
	c.say("x\r\n.")
	<-g.entered

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	c.wantEnd()
}

func TestServeAfterShutdownEndsAtOnce(t *testing.T) {
	s := &intake.Server{Accept: new(store).accept}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is still open")
	}
}
