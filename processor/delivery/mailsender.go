package delivery

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/forward"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	// mailTimeout is enough for the largest report over a slow line.
	mailTimeout = 10 * time.Minute
	// mailsAtOnce bounds the connections to the smart host.
	mailsAtOnce = 4
)

// BodyComplaint is the body of a message that forwards a complaint; that of any other report does not matter.
const BodyComplaint = "complaint"

// MailSender forwards reports and brings alarms by mail: the entry's endpoint is the address, and its FeedbackSeq tells where the report is.
type MailSender struct {
	Bus    *bus.Bus
	Host   forward.SmartHost
	Domain string           // ours, of the From address and the Message-ID
	Now    func() time.Time // nil means time.Now
}

// Terms are those of SNS's mails.
func (s *MailSender) Terms() Terms {
	return Terms{Policy: MailPolicy, Timeout: mailTimeout, Parallel: mailsAtOnce}
}

// Send hands the report, the alarm or the mail to the smart host, from the null return path. The report is read from the bus while it is sent.
func (s *MailSender) Send(ctx context.Context, e Entry) Result {
	if s.Host.Addr == "" {
		return *final("no smart host is set up to forward reports by mail")
	}
	if e.Kind == KindAlarm {
		return sendLetter(ctx, s.Host, letter{FromName: "Rebound", From: "no-reply@" + s.Domain, To: e.Endpoint, Subject: e.Subject, ID: e.MessageID,
			Domain: s.Domain, Date: e.Published, Body: e.Body})
	}
	if e.Kind == KindMail {
		return mailResult(s.Host.Send(ctx, e.Endpoint, "", strings.NewReader(e.Body)))
	}
	mail, err := s.Bus.Mail(ctx, e.FeedbackSeq)
	if err != nil {
		return mailResult(err)
	}
	report, err := s.Bus.Open(ctx, mail)
	if err != nil {
		return mailResult(err)
	}
	defer report.Close()
	read, write := io.Pipe()
	composed := make(chan struct{})
	go func() {
		defer close(composed)
		write.CloseWithError(forward.Compose(write, report, s.options(e)))
	}()
	err = s.Host.Send(ctx, e.Endpoint, "", read)
	read.Close()
	<-composed
	return mailResult(err)
}

func (s *MailSender) options(e Entry) forward.Options {
	kind := schemas.TypeBounce
	if e.Body == BodyComplaint {
		kind = schemas.TypeComplaint
	}
	now := time.Now()
	if s.Now != nil {
		now = s.Now()
	}
	return forward.Options{To: e.Endpoint, From: forward.DefaultFrom(kind, s.Domain), Domain: s.Domain, FeedbackID: e.FeedbackID, Now: now}
}

// mailResult tells what an error means. What is neither about the mail nor about the smart host is about us.
func mailResult(err error) Result {
	var refused *forward.SendError
	switch {
	case err == nil:
		return Result{Outcome: Delivered, Status: 250}
	case errors.As(err, &refused) && refused.Permanent:
		return Result{Outcome: Final, Status: refused.Reply, Err: err}
	case errors.As(err, &refused):
		return Result{Outcome: Retry, Status: refused.Reply, Err: err}
	case errors.Is(err, bus.ErrGone), errors.Is(err, forward.ErrLoop), errors.Is(err, forward.ErrOptions):
		return Result{Outcome: Final, Err: err}
	}
	return Result{Outcome: NotTried, Err: err}
}
