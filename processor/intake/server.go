package intake

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Server takes mails over SMTP (RFC 5321) or LMTP (RFC 2033), with STARTTLS, SIZE, 8BITMIME, SMTPUTF8, PIPELINING, CHUNKING and
// ENHANCEDSTATUSCODES. It takes mail for every recipient, and from every sender including the null one.
//
// Set the fields, then call Serve; a zero field other than Accept means what is said there.
type Server struct {
	Accept Accept
	Domain string           // the name in the greeting: "localhost"
	LMTP   bool             // speak LMTP
	TLS    *tls.Config      // offer STARTTLS with it: not offered
	Limits Limits           // see there
	Logger *slog.Logger     // slog.Default()
	Now    func() time.Time // time.Now

	start sync.Once
	smtp  *smtp.Server
	ctx   context.Context // ends when the server must stop at once
	stop  context.CancelFunc

	mu      sync.Mutex
	closing bool
	conns   map[*conn]struct{}
	clients map[string]int // connections by client, see conn.client
}

// Serve takes connections from l until Shutdown, and returns nil after that. Several listeners can be served at a time; l is closed
// by Shutdown.
func (s *Server) Serve(l net.Listener) error {
	s.start.Do(s.setUp)
	if s.isClosing() {
		return l.Close()
	}
	return s.smtp.Serve(&listener{Listener: l, server: s})
}

// Shutdown stops the server: no connection and no transaction is begun any more, both are answered with 421 4.3.2, and idle
// connections are closed. It waits for the transactions under way. When ctx ends before them, their connections are cut, their
// Accept calls are told to stop, and the error of ctx is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.start.Do(s.setUp)
	for _, c := range s.close() {
		go c.dismiss()
	}
	err := s.smtp.Shutdown(ctx)
	if ctx.Err() != nil {
		for _, c := range s.close() {
			c.Close()
		}
	}
	s.stop()
	return err
}

func (s *Server) setUp() {
	s.Limits = s.Limits.withDefaults()
	s.Logger = cmp.Or(s.Logger, slog.Default())
	if s.Now == nil {
		s.Now = time.Now
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.conns, s.clients = make(map[*conn]struct{}), make(map[string]int)

	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = cmp.Or(s.Domain, "localhost")
	s.smtp.LMTP = s.LMTP
	s.smtp.TLSConfig = s.TLS
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.MaxMessageBytes = s.Limits.MessageBytes
	s.smtp.MaxLineLength = s.Limits.LineBytes
	s.smtp.ErrorLog = protocolLog{s.Logger}
}

// source is what bus.Mail names this way in.
func (s *Server) source() string {
	if s.LMTP {
		return "lmtp"
	}
	return "smtp"
}

// close marks the server as closing and returns the connections there are.
func (s *Server) close() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	open := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		open = append(open, c)
	}
	return open
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// admit counts a connection in, or returns the answer to turn it away with.
func (s *Server) admit(c *conn) (refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return replyClosing
	case len(s.conns) >= s.Limits.Connections:
		return replyTooMany
	case c.client != "" && s.clients[c.client] >= s.Limits.ConnectionsPerClient:
		return replyClientLimit
	}
	s.conns[c] = struct{}{}
	s.clients[c.client]++
	return ""
}

// leave counts a connection out.
func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.clients[c.client]--; s.clients[c.client] == 0 {
		delete(s.clients, c.client)
	}
}

// protocolLog takes what the SMTP server logs: broken connections, which are daily fare, and panics.
type protocolLog struct{ *slog.Logger }

func (l protocolLog) Printf(format string, v ...any) {
	level := slog.LevelDebug
	if strings.HasPrefix(format, "panic") {
		level = slog.LevelError
	}
	l.Log(context.Background(), level, fmt.Sprintf(format, v...))
}

func (l protocolLog) Println(v ...any) {
	l.Debug(fmt.Sprint(v...))
}
