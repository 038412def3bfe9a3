package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

// MaxMessage is the most that subject and body of a message may have together, in bytes: the limit of SNS.
const MaxMessage = 256 << 10

// Kind says what a message is.
type Kind string

// The kinds of messages.
const (
	KindNotification             Kind = "Notification"
	KindSubscriptionConfirmation Kind = "SubscriptionConfirmation"
	KindUnsubscribeConfirmation  Kind = "UnsubscribeConfirmation"
	KindFeedbackForward          Kind = "feedback-forward"
	KindAlarm                    Kind = "alarm" // a mail to people; see EnqueueAlarm
	KindMail                     Kind = "mail"  // a mail that Body holds as it is to be sent, from the null return path
)

// SMTP is the protocol of a target that gets a report or an alarm by mail. Those of subscriptions stand in package topic.
const SMTP = "smtp"

// Message is what is to be delivered to one or more targets.
type Message struct {
	ID          string // a UUID, the same for all targets and all attempts: SNS's MessageId
	TopicARN    string // "" for a forwarded report
	Kind        Kind
	Subject     string                              // of a notification; "" for none
	Body        string                              // of a notification, the JSON; of a forwarded report "complaint" or "bounce"; of a mail, all of it; else ""
	Attributes  map[string]schemas.MessageAttribute // of a notification; nil for none
	FeedbackID  string                              // the feedback that it is about; "" for none
	FeedbackSeq uint64                              // where the report is on the bus; only forwarded reports need it
	Targets     []Target
}

// Target is one endpoint that gets a message.
type Target struct {
	SubscriptionARN string // "" for a forwarded report and an alarm
	Protocol        string // SMTP, or one of those in package topic
	Endpoint        string // a URL, a mail address, or a subject of NATS
}

// Enqueue puts the message into the outbox; the engine sends it when tx is committed, as soon as Wake is called. The time of publication
// is now. A message without targets leaves nothing behind. Errors: ErrMessage, ErrTooLarge.
func Enqueue(ctx context.Context, tx *sql.Tx, m Message, now time.Time) error {
	if err := m.check(); err != nil {
		return fmt.Errorf("delivery: enqueue: %w", err)
	}
	if len(m.Targets) == 0 {
		return nil
	}
	attributes, err := encodeAttributes(m.Attributes)
	if err != nil {
		return fmt.Errorf("delivery: enqueue message %s: %w", m.ID, err)
	}
	var seq int64
	err = tx.QueryRowContext(ctx, insertMessage, m.ID, m.TopicARN, string(m.Kind), m.Subject, m.Body, attributes, m.FeedbackID, int64(m.FeedbackSeq),
		now.UnixMilli()).Scan(&seq)
	if err != nil {
		return fmt.Errorf("delivery: enqueue message %s: %w", m.ID, err)
	}
	for _, target := range m.Targets {
		if err := enqueueFor(ctx, tx, seq, target, now); err != nil {
			return fmt.Errorf("delivery: enqueue message %s: %w", m.ID, err)
		}
	}
	return nil
}

func (m Message) check() error {
	if m.ID == "" {
		return fmt.Errorf("%w: no id", ErrMessage)
	}
	switch m.Kind {
	case KindNotification, KindSubscriptionConfirmation, KindUnsubscribeConfirmation, KindFeedbackForward, KindAlarm, KindMail:
	default:
		return fmt.Errorf("%w: kind %q", ErrMessage, m.Kind)
	}
	for _, target := range m.Targets {
		if target.Protocol == "" || target.Endpoint == "" {
			return fmt.Errorf("%w: a target without a protocol or an endpoint", ErrMessage)
		}
	}
	if size := len(m.Subject) + len(m.Body); size > MaxMessage {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, MaxMessage)
	}
	return nil
}

// enqueueFor writes the entry of one target, and the row of its endpoint when there is none.
func enqueueFor(ctx context.Context, tx *sql.Tx, seq int64, target Target, now time.Time) error {
	insert := func() (int64, error) {
		return affected(tx.ExecContext(ctx, insertEntry, seq, target.SubscriptionARN, now.UnixMilli(), target.Protocol, target.Endpoint))
	}
	n, err := insert()
	if err != nil || n > 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, insertEndpoint, target.Protocol, target.Endpoint); err != nil {
		return err
	}
	_, err = insert()
	return err
}
