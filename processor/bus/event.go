package bus

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// PublishEvent keeps an event that other parts of the program wait for and returns when it is durable. The subject is
// mail.<word> or suppression.<word>; an id that was used within two minutes is not kept again. The error wraps
// ErrTooLarge, ErrFull or ErrUnavailable, or is that of ctx.
func (b *Bus) PublishEvent(ctx context.Context, subject, id string, body []byte) error {
	family, word, _ := strings.Cut(subject, ".")
	if (family != "mail" && family != "suppression") || !isToken(word) {
		return fmt.Errorf("bus: publish an event: %q is neither mail.<word> nor suppression.<word>", subject)
	}
	leave, err := b.enter()
	if err != nil {
		return fmt.Errorf("bus: publish an event: %w", err)
	}
	defer leave()
	if _, err := b.events.publish(ctx, identified(subject, id, body)); err != nil {
		return fmt.Errorf("bus: publish %s %q: %w", subject, id, explain(ctx, err))
	}
	return nil
}

// identified returns a message that a stream keeps once for its id.
func identified(subject, id string, body []byte) *nats.Msg {
	return &nats.Msg{Subject: subject, Header: nats.Header{nats.MsgIdHdr: {escape(id)}}, Data: body}
}

// isToken tells whether s may stand as one token of a subject: letters, digits, hyphen and underscore.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}

// Event is an event given out for processing. It comes again after a minute unless it is acknowledged.
type Event struct {
	Subject string
	ID      string
	Body    []byte
	// Deliveries counts how often the event was given out, this time included.
	Deliveries int
	// Published is when the stream took the event.
	Published time.Time

	reply string
}

// FetchEvents returns the events on mail.sent that wait, at most limit of them and 32 MiB together. When none waits it
// returns the first to come, and nothing at all when wait has passed or ctx has ended. The error wraps ErrUnavailable.
func (b *Bus) FetchEvents(ctx context.Context, limit int, wait time.Duration) ([]*Event, error) {
	messages, err := b.sent.fetch(ctx, limit, wait)
	if err != nil {
		return nil, fmt.Errorf("bus: fetch events: %w", explain(ctx, err))
	}
	events := make([]*Event, 0, len(messages))
	for _, message := range messages {
		about, err := message.Metadata()
		if err != nil {
			return nil, fmt.Errorf("bus: fetch events: %w: %w", ErrUnavailable, err)
		}
		events = append(events, &Event{
			Subject: message.Subject, ID: unescape(message.Header.Get(nats.MsgIdHdr)), Body: message.Data,
			Deliveries: int(about.NumDelivered), Published: about.Timestamp.UTC(), reply: message.Reply,
		})
	}
	return events, nil
}

// AckEvents says that the events are done, as Ack does for mails.
func (b *Bus) AckEvents(ctx context.Context, events []*Event) error {
	replies := make([]string, len(events))
	for i, e := range events {
		replies[i] = e.reply
	}
	if err := b.acknowledge(ctx, replies); err != nil {
		return fmt.Errorf("bus: %w", explain(ctx, err))
	}
	return nil
}

// Notification is a notification for subscribers on NATS.
type Notification struct {
	// Subject is what follows "notifications.": the account and the type, separated by a dot.
	Subject string
	// ID makes a repeat known: one id is kept once within ten minutes.
	ID   string
	Body []byte
}

// PublishNotifications keeps notifications on the stream NOTIFICATIONS and returns when they are durable. When it
// returns an error some may have been kept; calling it again with all of them keeps the others. The error wraps
// ErrTooLarge, ErrFull or ErrUnavailable, or is that of ctx.
func (b *Bus) PublishNotifications(ctx context.Context, notifications []Notification) error {
	leave, err := b.enter()
	if err != nil {
		return fmt.Errorf("bus: publish notifications: %w", err)
	}
	defer leave()
	var group []*nats.Msg
	size := 0
	for _, n := range notifications {
		for token := range strings.SplitSeq(n.Subject, ".") {
			if !isToken(token) {
				return fmt.Errorf("bus: publish notifications: %q is no subject", n.Subject)
			}
		}
		message := identified("notifications."+n.Subject, n.ID, n.Body)
		if len(group) == groupMessages || len(group) > 0 && size+message.Size() > groupBytes {
			if err := b.publishGroup(ctx, group); err != nil {
				return err
			}
			group, size = nil, 0
		}
		group, size = append(group, message), size+message.Size()
	}
	return b.publishGroup(ctx, group)
}

func (b *Bus) publishGroup(ctx context.Context, group []*nats.Msg) error {
	if len(group) == 0 {
		return nil
	}
	var failures []error
	for _, r := range b.publisher.publish(ctx, group) {
		if r.err != nil {
			failures = append(failures, r.err)
		}
	}
	if len(failures) == 0 {
		return nil
	}
	return fmt.Errorf("bus: %d of %d notifications were not kept, the first: %w",
		len(failures), len(group), explain(ctx, failures[0]))
}
