package processor

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/suppression"
)

// Retention is how long reports, statistics and failed deliveries are kept: as long as the stream keeps the mails (D2).
const Retention = 14 * 24 * time.Hour

// purgeChunk is how many rows one transaction deletes: larger ones make writers wait (D4).
const purgeChunk = 500

// Purges deletes what has expired. Look-ups compare the expiry themselves, so nothing depends on its punctuality.
type Purges struct {
	Store *store.Store
	Keys  *returnpath.Keys
	Log   *slog.Logger
	Now   func() time.Time
}

// Start runs the purges until ctx ends: each minute what has expired, each hour on the suppression lists, each month a new key for return
// paths.
func (p *Purges) Start(ctx context.Context) {
	schedule := cron.New(cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	add := func(spec string, job func()) {
		if _, err := schedule.AddFunc(spec, job); err != nil {
			panic(fmt.Sprintf("processor: the schedule %q: %v", spec, err)) // a mistake in the lines below
		}
	}
	add("* * * * *", func() { p.Purge(ctx) })
	add("@hourly", func() {
		if err := p.Sweep(ctx, p.Now()); err != nil {
			p.Log.Error("cannot purge", "what", "suppressed addresses", "error", err)
		}
	})
	add("@monthly", func() {
		if err := p.Keys.Rotate(p.Now()); err != nil {
			p.Log.Error("cannot rotate the keys of return paths", "error", err)
		}
	})
	schedule.Start()
	go func() {
		<-ctx.Done()
		schedule.Stop()
	}()
}

// Purge deletes all that has expired by now.
func (p *Purges) Purge(ctx context.Context) {
	now := p.Now()
	kept := now.Add(-Retention)
	for _, purge := range []struct {
		what  string
		chunk func(ctx context.Context, tx *sql.Tx) (int, error)
	}{
		{"changes of suppression lists", func(ctx context.Context, tx *sql.Tx) (int, error) {
			return suppression.PurgeChanges(ctx, tx, now.Add(-suppression.ChangeRetention), purgeChunk)
		}},
		{"reports", func(ctx context.Context, tx *sql.Tx) (int, error) { return PurgeFeedback(ctx, tx, kept, purgeChunk) }},
		{"unpublished notifications", func(ctx context.Context, tx *sql.Tx) (int, error) {
			return PurgeUnpublished(ctx, tx, kept, purgeChunk)
		}},
		{"statistics", func(ctx context.Context, tx *sql.Tx) (int, error) {
			return statistics.Purge(ctx, tx, now.Add(-statistics.Retention), purgeChunk)
		}},
		{"sent mails", func(ctx context.Context, tx *sql.Tx) (int, error) {
			return sentmail.Purge(ctx, tx, now.Add(-returnpath.Lifetime), purgeChunk)
		}},
		{"failed deliveries", func(ctx context.Context, tx *sql.Tx) (int, error) { return delivery.Purge(ctx, tx, kept, purgeChunk) }},
		{"unconfirmed subscriptions", func(ctx context.Context, tx *sql.Tx) (int, error) {
			return topic.PurgePending(ctx, tx, now, purgeChunk)
		}},
	} {
		if err := p.chunks(ctx, purge.chunk); err != nil {
			p.Log.Error("cannot purge", "what", purge.what, "error", err)
		}
	}
}

// chunks deletes chunk after chunk, with a pause for the other writers, until there is less than a whole one.
func (p *Purges) chunks(ctx context.Context, chunk func(ctx context.Context, tx *sql.Tx) (int, error)) error {
	for {
		var n int
		err := p.Store.Transact(ctx, func(tx *sql.Tx) (err error) {
			n, err = chunk(ctx, tx)
			return err
		})
		if err != nil || n < purgeChunk {
			return err
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// Sweep deletes the entries of the suppression lists that have expired by now. It reads the lists through, beside those who write.
func (p *Purges) Sweep(ctx context.Context, now time.Time) error {
	var last suppression.Spot
	for {
		spots, err := suppression.Expired(ctx, p.Store.Read, last, now, purgeChunk)
		if err != nil || len(spots) == 0 {
			return err
		}
		err = p.Store.Transact(ctx, func(tx *sql.Tx) error {
			_, err := suppression.Purge(ctx, tx, spots, now)
			return err
		})
		if err != nil {
			return err
		}
		last = spots[len(spots)-1]
		pause(ctx, 10*time.Millisecond)
	}
}
