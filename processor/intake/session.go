package intake

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/bus"
)

// session is one client's conversation. The SMTP server calls Data beside the other methods when a mail comes in chunks.
type session struct {
	server *Server
	conn   *conn

	mu   sync.Mutex
	open bool // MAIL was said
	from string
	to   []string
}

// newSession begins the conversation on a connection, and again after STARTTLS.
func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	below := connBelow(c.Conn())
	below.attach(c.Conn())
	return &session{server: s, conn: below}, nil
}

// Mail begins a transaction.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		return answerSenderTwice
	}
	from = quoted(from)
	if from != "" && !address.IsAddress(from) {
		return answerBadSender(from)
	}
	if !s.conn.begin() {
		return answerClosing
	}
	s.open, s.from = true, from
	return nil
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	to = quoted(to)
	if !address.IsAddress(to) {
		return answerBadRecipient(to)
	}
	if len(s.to) >= s.server.Limits.Recipients {
		return answerTooManyRecipients
	}
	s.to = append(s.to, to)
	return nil
}

// Data reads the mail and hands it on. Over LMTP its answer holds for each recipient: one mail is taken over as a whole.
func (s *session) Data(r io.Reader) error {
	s.mu.Lock()
	mail := bus.Mail{Source: s.server.source(), From: s.from, To: s.to, RemoteIP: s.conn.remote}
	s.mu.Unlock()

	raw, release, err := s.server.Limits.Memory.read(r, s.server.Limits.MessageBytes)
	if err != nil {
		return s.unread(err)
	}
	defer release()
	if s.conn.ended() != nil {
		return answerPremature // a last chunk cut short reads like a whole one
	}
	mail.Raw, mail.Received = raw, s.server.Now()
	id, err := s.server.Accept(s.server.ctx, mail)
	if err != nil {
		s.server.Logger.Warn("a mail could not be accepted", "source", mail.Source, "client", mail.RemoteIP, "error", err)
		return answerNotAccepted(err)
	}
	return answerQueued(id)
}

// unread is the answer to a mail that could not be read to its end.
func (s *session) unread(err error) error {
	var network net.Error
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, smtp.ErrDataTooLarge):
		return answerTooLarge
	case errors.Is(err, errMemory):
		return answerFull
	case errors.Is(err, smtp.ErrTooLongLine):
		return answerLongLine
	case errors.As(err, &network) && network.Timeout():
		s.conn.hangUpNext()
		return answerDataTimeout
	default:
		return answerPremature
	}
}

// Reset ends the transaction; the SMTP server calls it after the answer to the mail, too.
func (s *session) Reset() {
	s.mu.Lock()
	s.open, s.from, s.to = false, "", nil
	s.mu.Unlock()
	s.conn.finish()
}

// Logout has nothing to free.
func (s *session) Logout() error { return nil }

// quoted puts back the quotes around a local part that needs them: the SMTP server takes them off.
func quoted(path string) string {
	at := strings.LastIndexByte(path, '@')
	if at < 0 || !strings.ContainsAny(path[:at], " \t()<>[]:;@\\,\"") {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path[:at]) + `"` + path[at:]
}
