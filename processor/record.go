package processor

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/forward"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// record writes the effects of a batch into one transaction. A report whose feedback id is there already has had its effects (D3).
func (w *Worker) record(ctx context.Context, tx *sql.Tx, batch []*job) error {
	now := w.now()
	counts := map[string]statistics.Counts{}
	var listings []suppression.Entry
	for _, j := range batch {
		var err error
		if j.first, err = insertFeedback(ctx, tx, j); err != nil {
			return err
		}
		if !j.first {
			continue
		}
		listings = append(listings, j.effects.Listings...)
		if err := enqueue(ctx, tx, j, now); err != nil {
			return err
		}
		sum := counts[j.match.Mail.Account]
		sum.Add(j.effects.Counts)
		counts[j.match.Mail.Account] = sum
	}
	if err := suppression.PutMany(ctx, tx, listings, now); err != nil {
		return fmt.Errorf("processor: listing addresses: %w", err)
	}
	for owner, sum := range counts {
		if sum == (statistics.Counts{}) {
			continue
		}
		if err := statistics.Add(ctx, tx, owner, now, sum); err != nil {
			return fmt.Errorf("processor: adding to the statistics: %w", err)
		}
	}
	return nil
}

// enqueue puts the notifications of a report, and the report itself when it is to be forwarded, into the outbox.
func enqueue(ctx context.Context, tx *sql.Tx, j *job, now time.Time) error {
	var err error
	j.published, err = publisher{settings: j.settings, mail: j.match.Mail, attempt: j.attempt, now: now}.publish(ctx, tx, j.effects.Notifications)
	if err != nil {
		return err
	}
	to := forward.Destination(j.match.Mail)
	if !j.effects.Forward || to == "" || forward.IsLoop(j.found.Header) {
		return nil
	}
	message := delivery.Message{ID: again(stableUUID(j.effects.FeedbackID, to), j.attempt), Kind: delivery.KindFeedbackForward, Body: string(j.found.Kind),
		FeedbackID: j.effects.FeedbackID, FeedbackSeq: j.received.Seq, Targets: []delivery.Target{{Protocol: delivery.SMTP, Endpoint: to}}}
	if err := delivery.Enqueue(ctx, tx, message, now); err != nil {
		return fmt.Errorf("processor: enqueueing the forward of %s: %w", j.effects.FeedbackID, err)
	}
	return nil
}

// stableUUID is the SNS MessageId of one notification on one topic: the same however often it is computed.
func stableUUID(feedbackID, topic string) string {
	sum := sha256.Sum256([]byte(feedbackID + "\n" + topic))
	return schemas.HashedUUID(sum[:])
}

// publish gives the notifications of a committed batch to NATS readers and takes the mails off the stream. When it fails the mails come
// again: their effects stay as they are, and readers can tell a repeated notification by its id.
func (w *Worker) publish(ctx context.Context, batch []*job) {
	var notifications []bus.Notification
	received := make([]*bus.Received, len(batch))
	for i, j := range batch {
		received[i] = j.received
		w.count(j)
		notifications = append(notifications, j.copies()...)
	}
	started := time.Now()
	err := w.Bus.PublishNotifications(ctx, notifications)
	if err == nil {
		err = w.Bus.Ack(ctx, received)
	}
	w.Metrics.Stage("publish", time.Since(started))
	if err != nil {
		w.Log.Warn("a committed batch will come again", "mails", len(batch), "error", err)
	}
}

// copies are the notifications of a report for NATS readers, who get each report once, whatever flavours there are.
func (j *job) copies() (copies []bus.Notification) {
	for _, notification := range j.effects.Notifications {
		if !notification.isEvent() {
			copies = append(copies, bus.Notification{Subject: j.match.Mail.Account + "." + string(notification.Type),
				ID: notification.FeedbackID + "." + string(notification.Type) + j.attempt, Body: notification.Body})
		}
	}
	return copies
}

// count adds a committed report to the metrics, once.
func (w *Worker) count(j *job) {
	if !j.first {
		return
	}
	w.Metrics.Feedback(string(j.found.Kind), string(j.match.Trust), j.received.Mail.Source)
	for _, recipient := range j.found.Recipients {
		if recipient.Outcome != OutcomeDelivered && w.Unknown.Add(recipient.Cause, j.received.Mail.Received) {
			w.Metrics.Unclassified()
		}
	}
	for _, notification := range j.effects.Notifications {
		w.Metrics.Notification(string(notification.Type))
	}
	w.Metrics.FilteredOut(j.published.filtered)
	for _, what := range j.published.detached {
		w.Log.Warn("a topic is gone; what published to it was detached and its owner told", "what", what, "account", j.match.Mail.Account)
	}
	for _, entry := range j.effects.Listings {
		w.Metrics.Suppressed(entry.List.Name(), string(entry.Reason))
	}
}

// recordSent takes in the sent mails that were registered on the bus, so that a bounce never overtakes the mail that it is about. It
// finishes what it has begun when ctx ends, and gives up only then while the database is in trouble: what was fetched does not come
// again for a minute.
func (w *Worker) recordSent(ctx context.Context) error {
	finish := context.WithoutCancel(ctx)
	for {
		events, err := w.Bus.FetchEvents(finish, maxBatch, 0)
		if err != nil || len(events) == 0 {
			return err
		}
		err = w.insist(ctx, func() error {
			return w.Store.Transact(finish, func(tx *sql.Tx) error { return w.recordAll(finish, tx, events) })
		})
		if err != nil {
			return fmt.Errorf("processor: recording sent mails: %w", err)
		}
		w.Wake() // for their Send events
		if err := w.Bus.AckEvents(finish, events); err != nil {
			return err
		}
	}
}

func (w *Worker) recordAll(ctx context.Context, tx *sql.Tx, events []*bus.Event) error {
	senders := w.senders()
	for _, event := range events {
		if err := w.recordOne(ctx, tx, event.Body, senders); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) recordOne(ctx context.Context, tx *sql.Tx, body []byte, senders *senders) error {
	registration, err := sentmail.ParseRegistration(body)
	if err != nil {
		w.Log.Error("a registration of a sent mail cannot be read; it stays in the stream", "subject", "mail.sent", "error", err)
		return nil
	}
	mail, err := registration.Mail(w.now())
	if err != nil {
		w.Log.Error("a registration of a sent mail is not usable; it stays in the stream", "subject", "mail.sent", "error", err)
		return nil
	}
	return recordSent(ctx, tx, &mail, senders, w.Metrics, w.now())
}
