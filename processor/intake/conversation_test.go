package intake_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/intake"
)

// noon is when every mail of these tests arrives.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// store keeps what was accepted, or refuses with err.
type store struct {
	mu    sync.Mutex
	mails []bus.Mail
	err   error
}

func (s *store) accept(_ context.Context, m bus.Mail) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return "", s.err
	}
	s.mails = append(s.mails, m)
	return fmt.Sprint("id-", len(s.mails)), nil
}

func (s *store) all() []bus.Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mails
}

// serve runs a server on a loopback port until the test ends.
func serve(t *testing.T, s *intake.Server) (addr string) {
	t.Helper()
	return serveOn(t, s, "tcp", "127.0.0.1:0")
}

func serveOn(t *testing.T, s *intake.Server, network, address string) (addr string) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	s.Now = func() time.Time { return noon }
	s.Logger = slog.New(slog.DiscardHandler)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Shutdown(ctx) // the connections that a test leaves open are cut
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String()
}

// client is one end of a conversation, line by line.
type client struct {
	t    *testing.T
	conn net.Conn
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t, conn}
}

// hello dials, and gets past the greeting and EHLO (or LHLO).
func hello(t *testing.T, addr, command string) *client {
	t.Helper()
	c := dial(t, addr)
	c.want("220 mx.example.org ")
	c.say(command + " client.example")
	for line := c.line(); strings.HasPrefix(line, "250-"); line = c.line() {
	}
	return c
}

func (c *client) say(line string) {
	c.t.Helper()
	c.put(line + "\r\n")
}

// put sends bytes as they are.
func (c *client) put(bytes string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, bytes); err != nil {
		c.t.Fatal(err)
	}
}

// line reads one line, byte for byte: nothing after it is taken from the connection.
func (c *client) line() string {
	c.t.Helper()
	var line []byte
	for one := make([]byte, 1); ; line = append(line, one[0]) {
		if _, err := c.conn.Read(one); err != nil {
			c.t.Fatalf("after %q: %v", line, err)
		}
		if one[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r")
		}
	}
}

// want reads a line that starts with prefix.
func (c *client) want(prefix string) {
	c.t.Helper()
	if line := c.line(); !strings.HasPrefix(line, prefix) {
		c.t.Fatalf("got %q, want %q", line, prefix)
	}
}

// wantEnd checks that the server closed the connection.
func (c *client) wantEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.conn); len(rest) > 0 || err != nil {
		c.t.Fatalf("got %q and error %v, want the end", rest, err)
	}
}

// dialogue says the odd lines and wants the even ones.
func (c *client) dialogue(lines ...string) {
	c.t.Helper()
	for i := 0; i < len(lines); i += 2 {
		c.say(lines[i])
		c.want(lines[i+1])
	}
}
