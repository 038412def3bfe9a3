package processor

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/simulator"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/processor/store"
)

// Worker takes mails from the bus to their effects. Several may run side by side: the feedback id decides who was first.
type Worker struct {
	Bus       *bus.Bus
	Store     *store.Store
	Rules     *classify.Classifier
	Keys      *returnpath.Keys
	Region    string // of the ARNs in notifications
	Style     Style  // of notifications
	Simulator simulator.Simulator
	Metrics   *statistics.Metrics
	Unknown   *classify.Samples // of the replies that no rule knows; nil: they are only counted
	Wake      func()            // tells the delivery engine that there is something in the outbox
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now
}

// job is one mail on its way through the worker.
type job struct {
	received *bus.Received
	found    Report
	match    Match
	settings Settings
	effects  Effects
	first    bool   // whether this report had no effects before
	attempt  string // see publisher

	published published
}

// process reads one mail and decides; nothing is changed yet.
func (w *Worker) process(ctx context.Context, received *bus.Received, senders *senders) (*job, error) {
	if received.Deliveries > bus.MaxDeliveries {
		return nil, errors.New("processor: the program ended each time it had this mail in work")
	}
	mail, err := w.Bus.Open(ctx, received.Mail)
	if err != nil {
		return nil, fmt.Errorf("processor: opening mail %d: %w", received.Seq, err)
	}
	defer mail.Close()

	j := &job{received: received}
	j.found = Recognize(mail, w.Rules)
	if errors.Is(j.found.Err, bus.ErrUnavailable) {
		return nil, fmt.Errorf("processor: reading mail %d: %w", received.Seq, j.found.Err)
	}
	if j.found.digest == nil { // nothing could be read: no two of these mails are known to be the same
		sum := sha256.Sum256(fmt.Appendf(nil, "unread mail %d", received.Seq))
		j.found.digest = sum[:]
	}
	if j.match, err = w.correlator().correlate(ctx, j.found, received.Mail, w.now()); err != nil {
		return nil, err
	}
	if j.settings, err = senders.settings(ctx, j.match); err != nil {
		return nil, err
	}
	j.effects, err = decide(j.found, j.match, j.settings, received.Mail.Received)
	return j, err
}

// commit makes the effects of a batch durable, once for each report however often it comes, publishes them and takes the mails off
// the stream. A batch that fails is halved until the mail that makes it fail is found. The error is that of a
// database in trouble: the same batch can be committed later.
func (w *Worker) commit(ctx context.Context, batch []*job) error {
	if len(batch) == 0 {
		return nil
	}
	started := time.Now()
	err := w.Store.Transact(ctx, func(tx *sql.Tx) error { return w.record(ctx, tx, batch) })
	w.Metrics.Stage("record", time.Since(started))
	switch {
	case err == nil:
		w.Wake()
		w.publish(ctx, batch)
	case w.storeFails(ctx, err):
		return err
	case len(batch) > 1:
		half := len(batch) / 2
		return errors.Join(w.commit(ctx, batch[:half]), w.commit(ctx, batch[half:]))
	default:
		w.refuse(ctx, batch[0].received, err)
	}
	return nil
}

// The size of a batch and the time to gather it (D3): one transaction costs one fsync.
const (
	maxBatch  = 500
	batchWait = 20 * time.Millisecond
	idleWait  = 500 * time.Millisecond
)

// Run works until ctx ends and then finishes what it has begun. While one batch commits, the next is read.
func (w *Worker) Run(ctx context.Context) error {
	batches := make(chan []*job)
	done := make(chan struct{})
	finish := context.WithoutCancel(ctx)
	go func() {
		defer close(done)
		for batch := range batches {
			if err := w.insist(ctx, func() error { return w.commit(finish, batch) }); err != nil {
				for _, j := range batch {
					w.refuse(finish, j.received, err)
				}
			}
		}
	}()
	defer func() { close(batches); <-done }()
	for ctx.Err() == nil {
		received, err := w.fetch(ctx)
		if err != nil && ctx.Err() == nil {
			w.Log.Error("cannot fetch mails; trying again", "error", err)
			pause(ctx, time.Second)
		}
		for _, part := range apart(received) {
			if batch := w.understand(ctx, part); len(batch) > 0 {
				batches <- batch
			}
		}
	}
	return nil
}

// apart puts each mail that comes again into a batch of its own: one that ends the program takes no others with it, and is found by
// how often it came.
func apart(received []*bus.Received) [][]*bus.Received {
	parts := make([][]*bus.Received, 1, 2)
	for _, one := range received {
		if one.Deliveries > 1 {
			parts = append(parts, []*bus.Received{one})
		} else {
			parts[0] = append(parts[0], one)
		}
	}
	return parts
}

// fetch waits for mails, and then takes in the sent mails that were registered before them. When that cannot be done the mails go back:
// without the mails that they are about they would be taken for strangers'.
func (w *Worker) fetch(ctx context.Context) ([]*bus.Received, error) {
	received, err := w.Bus.FetchMails(ctx, maxBatch, idleWait)
	if err != nil {
		return nil, err
	}
	if n := len(received); n > 1 && n < maxBatch { // a lone mail does not wait for others
		more, err := w.Bus.FetchMails(ctx, maxBatch-n, batchWait)
		if err != nil {
			w.Log.Warn("cannot fetch more mails", "error", err)
		}
		received = append(received, more...)
	}
	err = w.recordSent(ctx)
	if finish := context.WithoutCancel(ctx); err != nil && w.isTrouble(finish, err) {
		w.refuseAll(finish, received, err)
		return nil, err
	}
	return received, err
}

// understand processes a batch on all processors, also when ctx has ended. A mail that cannot be processed goes back to the stream.
func (w *Worker) understand(ctx context.Context, received []*bus.Received) []*job {
	jobs := make([]*job, len(received))
	senders := w.senders()
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	const chunk = 16
	for from := 0; from < len(received); from += chunk {
		group.Go(func() error {
			for i := from; i < min(from+chunk, len(received)); i++ {
				jobs[i] = w.take(ctx, received[i], senders)
			}
			return nil
		})
	}
	_ = group.Wait() // the functions return no error: each mail's own is handled where it arises
	whole := jobs[:0]
	for _, j := range jobs {
		if j != nil {
			whole = append(whole, j)
		}
	}
	return whole
}

// take processes one mail. It returns nil for one that cannot be processed, which went back to the stream.
func (w *Worker) take(ctx context.Context, received *bus.Received, senders *senders) (j *job) {
	finish := context.WithoutCancel(ctx)
	err := w.insist(ctx, func() (err error) {
		started := time.Now()
		if j, err = w.process(finish, received, senders); err == nil {
			w.Metrics.Stage("process", time.Since(started))
		}
		return err
	})
	if err != nil {
		w.refuse(finish, received, err)
		return nil
	}
	return j
}

func (w *Worker) now() time.Time {
	if w.Now != nil {
		return w.Now()
	}
	return time.Now()
}

func (w *Worker) correlator() *correlator { return &correlator{db: w.Store.Read, keys: w.Keys} }
