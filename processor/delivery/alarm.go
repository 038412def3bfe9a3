package delivery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// alarmEvery is the least time between two alarms about one subscription.
const alarmEvery = 24 * time.Hour

// Alarm is a mail to people about something that they should mend.
type Alarm struct {
	To      []string // addresses
	Subject string   // one line
	Text    string   // plain text, lines ending with "\n"
}

// EnqueueAlarm puts the alarm into the outbox as mails over the protocol SMTP, one to each address. Without an address nothing is sent.
func EnqueueAlarm(ctx context.Context, tx *sql.Tx, a Alarm, now time.Time) error {
	m := Message{ID: schemas.NewUUID(), Kind: KindAlarm, Subject: a.Subject, Body: a.Text}
	for _, to := range a.To {
		m.Targets = append(m.Targets, Target{Protocol: SMTP, Endpoint: to})
	}
	return Enqueue(ctx, tx, m, now)
}

// watch notes which subscriptions lost a message in this turn and which got one, and enqueues the alarms that are due: one for the first
// loss after a success, and no more than one a day. It tells whether it did.
func (e *Engine) watch(ctx context.Context, tx *sql.Tx, o order) (alarmed bool, err error) {
	lost, got := map[string]finished{}, map[string]bool{}
	for _, f := range o.settled {
		switch {
		case f.entry.Kind != KindNotification || f.entry.To == nil:
		case f.result.Outcome == Final:
			lost[f.entry.SubscriptionARN] = f
		case f.result.Outcome == Delivered:
			got[f.entry.SubscriptionARN] = true
		}
	}
	if err := endTroubles(ctx, tx, got); err != nil {
		return false, fmt.Errorf("delivery: note the subscriptions that got something: %w", err)
	}
	for arn, f := range lost {
		sent, err := e.noteLoss(ctx, tx, arn, f, o.now)
		if err != nil {
			return false, fmt.Errorf("delivery: note that %s lost a message: %w", arn, err)
		}
		alarmed = alarmed || sent
	}
	return alarmed, nil
}

// endTroubles notes that the subscriptions got something.
func endTroubles(ctx context.Context, tx *sql.Tx, got map[string]bool) error {
	if len(got) == 0 {
		return nil
	}
	rows, err := tx.QueryContext(ctx, selectTroubled)
	if err != nil {
		return err
	}
	defer rows.Close()
	var ended []string
	for rows.Next() {
		var arn string
		if err := rows.Scan(&arn); err != nil {
			return err
		}
		if got[arn] {
			ended = append(ended, arn)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, arn := range ended {
		if _, err := tx.ExecContext(ctx, endTrouble, arn); err != nil {
			return err
		}
	}
	return nil
}

// noteLoss notes that the subscription lost a message, and enqueues an alarm when it is time for one.
func (e *Engine) noteLoss(ctx context.Context, tx *sql.Tx, arn string, f finished, now time.Time) (alarmed bool, err error) {
	var since, last int64
	if err := tx.QueryRowContext(ctx, beginTrouble, arn, now.UnixMilli()).Scan(&since, &last); err != nil {
		return false, err
	}
	if e.Owners == nil || last >= since || now.Sub(fromMillis(last)) < alarmEvery {
		return false, nil
	}
	owners, err := e.Owners(ctx, f.entry.TopicARN)
	if err != nil || len(owners) == 0 {
		e.log.Error("a subscription loses messages, and nobody was told by mail", "subscription", arn, "last error", f.result.Err, "error", err)
		return false, nil
	}
	var kept int
	if err := tx.QueryRowContext(ctx, countLost, arn).Scan(&kept); err != nil {
		return false, err
	}
	if err := EnqueueAlarm(ctx, tx, lossAlarm(owners, f, fromMillis(since), kept), now); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, noteAlarm, now.UnixMilli(), arn)
	return err == nil, err
}

// lossAlarm writes what happened, and what to do about it.
func lossAlarm(owners []string, f finished, since time.Time, kept int) Alarm {
	e := f.entry
	queue := f.queue
	if queue == "" {
		queue = DefaultQueue
	}
	text := fmt.Sprintf(`Notifications could not be delivered to a subscription, and its retries are used up.

Topic:         %s
Subscription:  %s
Endpoint:      %s
Since:         %s
Last error:    %s
Kept:          %d message(s), in the dead-letter queue %q

Nothing is lost: what could not be delivered is kept for 14 days. When the endpoint works again, send it with

    rebound outbox redrive --subscription %s

and see what it is with

    rebound outbox list --state failed --subscription %s

You get at most one such mail a day for a subscription, and none until it failed anew after a success.
`, e.TopicARN, e.SubscriptionARN, topic.MaskEndpoint(e.Endpoint), since.UTC().Format("2006-01-02 15:04:05 MST"), clip(f.result.Err.Error()),
		kept, queue, e.SubscriptionARN, e.SubscriptionARN)
	return Alarm{To: owners, Subject: "Notifications cannot be delivered: " + e.TopicARN, Text: text}
}
