package delivery

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
)

// encryptedSubscriber is a TLS server that counts its connections, and a sender that trusts it.
func encryptedSubscriber(t *testing.T, f *fixture, http2 bool) (s *httptest.Server, got chan received, connections *atomic.Int32) {
	t.Helper()
	plain := newSubscriber(t, nil)
	connections = &atomic.Int32{}
	s = httptest.NewUnstartedServer(plain.Config.Handler)
	s.EnableHTTP2 = http2
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	var err error
	f.sender, err = NewHTTPSender(HTTPOptions{Store: f.store, Signer: f.signer, PublicURL: "https://api.example.net", Allow: loopback, RootCAs: pool, Now: f.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return s, plain.got, connections
}

func TestManyNotificationsGoOverOneHTTP2ConnectionAndFewOfHTTP1(t *testing.T) {
	for name, test := range map[string]struct {
		http2 bool
		proto string
		most  int32
	}{"HTTP/2": {true, "HTTP/2.0", 1}, "HTTP/1.1": {false, "HTTP/1.1", 2 * parallelPerEndpoint}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s, got, connections := encryptedSubscriber(t, f, test.http2)
			sub := f.turn(f.subscribe("http://a.example/"), topic.HTTPS, s.URL)
			w := f.run(f.senders())
			f.publish("first", sub) // the connection stands before many want one at once
			w.Wake()
			w.outcomes(1)
			const n = 200
			for range n {
				f.publish("{}", sub)
			}
			w.Wake()
			if outcomes := w.outcomes(n); outcomes["delivered"] != n {
				t.Errorf("got %v", outcomes)
			}
			if r := <-got; r.Proto != test.proto {
				t.Errorf("got %s, want %s", r.Proto, test.proto)
			}
			if c := connections.Load(); c > test.most {
				t.Errorf("%d connections for %d requests, want at most %d", c, n+1, test.most)
			}
		})
	}
}

func TestACertificateOfAnotherAuthorityIsRefusedAndTriedAgain(t *testing.T) {
	f := newFixture(t)
	trusting, _, _ := encryptedSubscriber(t, f, true)
	trusting.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	sub := f.turn(f.subscribe("http://a.example/"), topic.HTTPS, strings.Replace(trusting.URL, "127.0.0.1", "localhost", 1))
	if got := f.sender.Send(t.Context(), f.entry(sub)); got.Outcome != Retry || !strings.Contains(got.Err.Error(), "certificate") {
		t.Errorf("another host's certificate: got %+v", got)
	}
}

// drip answers a byte at a time as long as somebody listens, which the test waits for: a header, or at once a header and then the body.
func drip(t *testing.T, at string) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	serve := func(conn net.Conn) {
		defer conn.Close()
		if _, err := conn.Read(make([]byte, 4096)); err != nil {
			return
		}
		if at == "body" {
			_, _ = io.WriteString(conn, "HTTP/1.1 500 Oops\r\nContent-Length: 1000000\r\n\r\n")
		} else {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Long: ")
		}
		for {
			if _, err := io.WriteString(conn, "x"); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond) // the pace of the endpoint; nothing waits for it
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { serve(conn) })
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestAnEndpointThatDripsIsCutOffAtTheDeadline(t *testing.T) {
	for _, at := range []string{"header", "body"} {
		t.Run(at, func(t *testing.T) {
			f := newFixture(t)
			endpoint := drip(t, at)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			got := f.send(ctx, endpoint)
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Error("it came back before the deadline")
			}
			if got.Outcome != Retry || at == "header" && !strings.Contains(got.Err.Error(), "no answer in 15s") {
				t.Errorf("got %+v", got)
			}
		})
	}
	if terms := new(HTTPSender).Terms(); terms.Timeout != 15*time.Second {
		t.Errorf("the deadline is %v", terms.Timeout)
	}
}

func TestTheContentTypeIsThatOfThePolicyForNotificationsOnly(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	sub := f.set(f.pending(s.URL), func(s *topic.Subscription) {
		s.DeliveryPolicy = `{"requestPolicy":{"headerContentType":"application/json"}}`
	})
	confirmation := f.entry(sub)
	confirmation.Kind = KindSubscriptionConfirmation
	wantDelivered(t, f.sender.Send(t.Context(), confirmation))
	if got := s.next(t).Header.Get("Content-Type"); got != topic.ContentType {
		t.Errorf("a confirmation has %q", got)
	}
	sub = f.confirm(sub)
	for _, raw := range []bool{false, true} {
		f.set(sub, func(s *topic.Subscription) { s.Raw = raw })
		wantDelivered(t, f.sender.Send(t.Context(), f.entry(sub)))
		if got := s.next(t).Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("a notification (raw: %v) has %q", raw, got)
		}
	}
}
