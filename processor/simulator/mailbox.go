package simulator

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/schemas"
)

// Mailbox stands in front of the bus: it takes the mails to the simulator's addresses for mails that were sent, and puts the answers
// on the bus in their place. All other mail passes.
type Mailbox struct {
	Simulator
	Store   *store.Store
	Record  func(ctx context.Context, tx *sql.Tx, mail *sentmail.Mail, now time.Time) error // notes what was sent
	Publish func(ctx context.Context, mail bus.Mail) (seq uint64, err error)
	Now     func() time.Time // nil: time.Now
}

// Accept makes a mail, or the answers to it, durable and returns the id of what was published.
func (b *Mailbox) Accept(ctx context.Context, mail bus.Mail) (id string, err error) {
	simulated, others := b.split(mail)
	if len(simulated.To) == 0 || mail.From == "" {
		return b.publish(ctx, mail)
	}
	simulated, err = b.record(ctx, simulated)
	if err != nil {
		return "", err
	}
	answers, err := b.Respond(simulated, b.now())
	if err != nil {
		return "", fmt.Errorf("simulator: %w", err)
	}
	if len(others.To) > 0 {
		answers = append(answers, others)
	}
	for _, answer := range answers {
		if id, err = b.publish(ctx, answer); err != nil {
			return "", err
		}
	}
	return id, nil
}

func (b *Mailbox) publish(ctx context.Context, mail bus.Mail) (string, error) {
	seq, err := b.Publish(ctx, mail)
	return strconv.FormatUint(seq, 10), err
}

// split divides a mail by its recipients: those of the simulator, and the others.
func (b *Mailbox) split(mail bus.Mail) (simulated, others bus.Mail) {
	simulated, others = mail, mail
	simulated.To, others.To = nil, nil
	for _, to := range mail.To {
		if _, ok := b.Recognizes(to); ok {
			simulated.To = append(simulated.To, to)
		} else {
			others.To = append(others.To, to)
		}
	}
	return simulated, others
}

// record notes the mail as one that was sent, under its Message-ID; one without gets the one that SES would give it.
func (b *Mailbox) record(ctx context.Context, mail bus.Mail) (bus.Mail, error) {
	read, err := report.Read(bytes.NewReader(mail.Raw))
	if err != nil {
		read = &report.Message{}
	}
	sent := sentmail.Mail{MessageID: schemas.NewID(b.now()), Source: mail.From, SourceIP: mail.RemoteIP, Destination: mail.To, Sent: b.now(), Account: account.DefaultID}
	for _, field := range read.Header {
		sent.Header = append(sent.Header, schemas.Header{Name: field.Name, Value: field.Value})
	}
	if sent.HeaderMessageID = read.Header.Get("Message-ID"); sent.HeaderMessageID == "" {
		sent.HeaderMessageID = "<" + sent.MessageID + "@email.amazonses.com>"
		mail.Raw = append([]byte("Message-ID: "+sent.HeaderMessageID+"\r\n"), mail.Raw...)
	}
	identity, known, err := account.IdentityOf(ctx, b.Store.Read, mail.From)
	if err != nil {
		return mail, err
	}
	if known {
		sent.Account = identity.Account
	}
	return mail, b.Store.Transact(ctx, func(tx *sql.Tx) error { return b.Record(ctx, tx, &sent, b.now()) })
}

func (b *Mailbox) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}
