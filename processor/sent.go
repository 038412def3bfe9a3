package processor

import (
	"context"
	"database/sql"
	"time"

	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/simulator"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
)

// Registrar records mails that were sent, for those who send them. The worker does the same for mails that are registered on the bus.
type Registrar struct {
	DB        *sql.DB // to read from
	Region    string  // of the ARNs in events
	Style     Style
	Simulator simulator.Simulator // mail to its addresses is not counted
	Metrics   *statistics.Metrics // nil: nothing is counted
}

// Record records a mail that was sent and counts its recipients as delivery attempts, once however often it is registered. In the same
// transaction its Send events go into the outbox; the caller wakes the delivery engine after the commit. It fills in mail as
// sentmail.Record does, whose errors it returns.
func (r Registrar) Record(ctx context.Context, tx *sql.Tx, mail *sentmail.Mail, now time.Time) error {
	senders := &senders{db: r.DB, region: r.Region, style: r.Style, simulator: r.Simulator, known: map[[3]string]Settings{}}
	return recordSent(ctx, tx, mail, senders, r.Metrics, now)
}

func recordSent(ctx context.Context, tx *sql.Tx, mail *sentmail.Mail, senders *senders, metrics *statistics.Metrics, now time.Time) error {
	if err := senders.chooseSet(ctx, mail); err != nil {
		return err
	}
	fresh, err := sentmail.Record(ctx, tx, mail)
	if err != nil || !fresh {
		return err
	}
	var attempts int64
	for _, destination := range mail.Destination {
		if !senders.simulator.IsSimulated(bare(destination)) {
			attempts++
		}
	}
	if attempts > 0 {
		if err := statistics.Add(ctx, tx, mail.Account, mail.Sent, statistics.Counts{DeliveryAttempts: attempts}); err != nil {
			return err
		}
	}
	if mail.ConfigurationSet == "" {
		return nil
	}
	settings, err := senders.of(ctx, *mail)
	if err != nil {
		return err
	}
	events, err := sendEvents(Match{Mail: *mail}, settings)
	if err != nil {
		return err
	}
	result, err := publisher{settings: settings, mail: *mail, now: now}.publish(ctx, tx, events)
	if err != nil {
		return err
	}
	for range events {
		metrics.Notification(string(schemas.TypeSend))
	}
	metrics.FilteredOut(result.filtered)
	return nil
}
