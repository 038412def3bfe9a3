package processor

import (
	"context"
	"errors"
	"time"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/store"
)

// retryDelay is how long a mail that failed stays away, and how long the worker waits when the database is in trouble.
const retryDelay = 2 * time.Second

// storeFails says whether an error is the database's trouble and not the mail's: then no mail is to blame for it.
func (w *Worker) storeFails(ctx context.Context, err error) bool {
	for _, trouble := range []error{store.ErrFull, store.ErrReadOnly, store.ErrBusy, store.ErrNotDatabase, store.ErrBroken, store.ErrClosed} {
		if errors.Is(err, trouble) {
			return true
		}
	}
	return w.Store.Healthy(ctx) != nil
}

// isTrouble says whether an error is that of the database or of the bus.
func (w *Worker) isTrouble(ctx context.Context, err error) bool {
	return errors.Is(err, bus.ErrUnavailable) || w.storeFails(ctx, err)
}

// insist repeats what fails because the database is in trouble, until it works or ctx ends. Meanwhile the worker keeps the mails that it
// has: each that it gave back would count one more delivery every time, and soon look like one that ends the program.
func (w *Worker) insist(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || ctx.Err() != nil || !w.storeFails(ctx, err) {
			return err
		}
		w.Log.Error("the database is in trouble; the mails in hand wait", "error", err)
		pause(ctx, retryDelay)
	}
}

// refuse gives a mail back to the stream, or, when it alone has failed often enough, sets it aside where it is kept and shown.
func (w *Worker) refuse(ctx context.Context, received *bus.Received, cause error) {
	if received.Deliveries < bus.MaxDeliveries || w.isTrouble(ctx, cause) {
		w.Log.Error("cannot process a mail; trying again", "seq", received.Seq, "deliveries", received.Deliveries, "error", cause)
		if err := received.Nak(retryDelay); err != nil {
			w.Log.Error("cannot give a mail back", "seq", received.Seq, "error", err)
		}
		return
	}
	w.Log.Error("a mail is set aside in quarantine", "seq", received.Seq, "error", cause)
	w.Metrics.Quarantined()
	if err := w.Bus.Quarantine(ctx, received, cause); err != nil {
		w.Log.Error("cannot set a mail aside", "seq", received.Seq, "error", err)
	}
}

func (w *Worker) refuseAll(ctx context.Context, received []*bus.Received, cause error) {
	for _, one := range received {
		w.refuse(ctx, one, cause)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
