package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/rebound-mail/rebound/dsn/report"
)

// demoInbox is the smart host of the demo: it keeps what is forwarded.
type demoInbox struct {
	listener net.Listener
	server   *smtp.Server
	mails    chan forwarded
}

type forwarded struct{ to, from, subject string }

func newDemoInbox() (*demoInbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	inbox := &demoInbox{listener: listener, mails: make(chan forwarded, 8)}
	inbox.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &inboxSession{inbox: inbox}, nil }))
	inbox.server.Domain = "inbox.example"
	go func() { _ = inbox.server.Serve(listener) }() // ends with close
	return inbox, nil
}

func (i *demoInbox) addr() string { return i.listener.Addr().String() }

func (i *demoInbox) close() { _ = i.server.Close() }

func (i *demoInbox) wait(ctx context.Context, to string) (forwarded, error) {
	select {
	case mail := <-i.mails:
		if mail.to != to {
			return mail, fmt.Errorf("a report was forwarded to %s instead of %s", mail.to, to)
		}
		return mail, nil
	case <-ctx.Done():
		return forwarded{}, fmt.Errorf("still missing after %s: the report forwarded to %s", demoTime, to)
	}
}

type inboxSession struct {
	inbox *demoInbox
	to    string
}

func (s *inboxSession) Mail(from string, _ *smtp.MailOptions) error {
	if from != "" {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "a forwarded report has a null sender"}
	}
	return nil
}

func (s *inboxSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *inboxSession) Data(r io.Reader) error {
	mail, err := report.Read(r)
	if err != nil {
		return err
	}
	s.inbox.mails <- forwarded{to: s.to, from: strings.TrimSpace(mail.Header.Text("From")), subject: mail.Header.Text("Subject")}
	return nil
}

func (s *inboxSession) Reset()        {}
func (s *inboxSession) Logout() error { return nil }
