package delivery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

const (
	// parallelPerEndpoint is how many attempts at one endpoint are under way at a time.
	parallelPerEndpoint = 4
	// batchSize and batchWait bound how many results are written in one transaction, and how long a result waits for others.
	batchSize = 500
	batchWait = 20 * time.Millisecond
	// pollWait is how long the engine sleeps at most: entries that another process wrote wake nobody here.
	pollWait = time.Second
	// troubleWait is the pause after the database refused a transaction.
	troubleWait = time.Second
	// drainTime is how long a stop waits for attempts that are under way. What takes longer is sent again by the next engine.
	drainTime = 20 * time.Second
)

// Engine delivers what is in the outbox. Its exported fields are set before Run.
type Engine struct {
	// OnAttempt, when set, is told of every attempt: the protocol, an Outcome as text, and how long it took. Many goroutines call it.
	OnAttempt func(protocol, outcome string, took time.Duration)
	// Name tells the engines that share a database apart, and is the same over restarts: an engine that starts takes back what it had
	// in hand before. "" is right when there is one.
	Name string
	// Owners, when set, returns the mail addresses of those who are told that a subscription of the topic loses messages.
	Owners func(ctx context.Context, topicARN string) ([]string, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Jitter returns what part of a tenth is added to a delay, from 0 to 1; nil means a random one. Many goroutines call it.
	Jitter func() float64

	store     *store.Store
	senders   map[string]Sender
	log       *slog.Logger
	wake      chan struct{}
	throttles throttles
	messages  messages
}

// New returns an engine that sends with the sender of each protocol.
func New(s *store.Store, senders map[string]Sender, log *slog.Logger) *Engine {
	return &Engine{store: s, senders: senders, log: log, wake: make(chan struct{}, 1)}
}

// Wake tells the engine that a transaction was committed that put something into the outbox. It does not wait.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default: // the engine will look anyway
	}
}

// Run delivers until ctx ends. Then it begins nothing more, lets the attempts under way finish for at most 20 seconds, gives back what it
// had claimed, and returns. It returns an error when the database is broken for good (store.ErrBroken, store.ErrClosed), or cannot be
// written at the start or the end.
func (e *Engine) Run(ctx context.Context) error {
	attempts, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	defer interrupt()
	r := &run{
		Engine: e, attempts: attempts, interrupt: interrupt, done: make(chan finished), turned: make(chan turned),
		queues: map[int64]*queue{}, routes: map[string]*route{}, timer: time.NewTimer(0),
	}
	defer r.timer.Stop()
	if err := r.reclaim(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return r.drain()
		case <-e.wake:
			r.wanted = true
		case <-r.timer.C:
			r.wanted = true
		case f := <-r.done:
			r.finish(f)
		case t := <-r.turned:
			if err := r.take(t); err != nil {
				return r.abandon(err)
			}
		}
		r.turn()
	}
}

func (e *Engine) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

func (e *Engine) name() string {
	if e.Name != "" {
		return e.Name
	}
	return "engine"
}

func (e *Engine) sender(protocol string) Sender {
	if s, ok := e.senders[protocol]; ok {
		return s
	}
	return nobody{protocol}
}

// isBroken tells whether a write failed in a way that only a new start can mend.
func isBroken(err error) bool {
	return errors.Is(err, store.ErrBroken) || errors.Is(err, store.ErrClosed)
}

func (e *Engine) jitter() float64 {
	if e.Jitter != nil {
		return e.Jitter()
	}
	return rand.Float64()
}

// attempt makes one attempt and tells how it went.
func (e *Engine) attempt(ctx context.Context, terms Terms, sender Sender, protocol string, c claimed) finished {
	f := finished{claimed: c, result: Result{Outcome: NotTried}}
	unbound := context.WithoutCancel(ctx) // watching ctx costs more than the look-ups take
	entry, ok, err := e.load(unbound, c.id, c.message)
	if err != nil {
		f.result.Err = err
		return f
	}
	if !ok {
		return f
	}
	entry.ID, entry.Attempts, entry.SubscriptionARN, entry.Protocol, entry.Endpoint = c.id, c.attempts, c.subscription, protocol, c.address
	f.entry = entry
	if err := e.address(unbound, &f, &terms); err != nil {
		f.result.Err = err
		return f
	}
	if f.result.Outcome != NotTried {
		return f
	}
	started := time.Now()
	f.began = e.now()
	limited, cancel := context.WithTimeout(ctx, terms.Timeout)
	defer cancel()
	f.result = sender.Send(limited, f.entry)
	f.entry.Subject, f.entry.Body, f.entry.Attributes = "", "", nil // a result waits for others to be written with it, and bodies are large
	if ctx.Err() != nil && f.result.Outcome == Retry {
		f.result = Result{Outcome: NotTried, Err: fmt.Errorf("interrupted: %w", ctx.Err())}
	}
	f.ended, f.held, f.made = e.now(), time.Time{}, 1
	f.settle(terms, e.jitter())
	if e.OnAttempt != nil && f.result.Outcome != NotTried {
		e.OnAttempt(protocol, string(f.result.Outcome), time.Since(started))
	}
	return f
}

// load returns what the entry has in common with others of its message, or ok false when it is no longer in hand: it was too old, or about
// somebody who is forgotten.
func (e *Engine) load(ctx context.Context, id, message int64) (entry Entry, ok bool, err error) {
	var one int
	err = e.store.Read.QueryRowContext(ctx, selectOwned, id, e.name()).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("delivery: load entry %d: %w", id, err)
	}
	return e.messages.load(ctx, e.store.Read, message)
}

// address finds who gets the entry, and what the policies of a subscription say: its retries, its dead-letter queue, and whether it is
// held now.
func (e *Engine) address(ctx context.Context, f *finished, terms *Terms) error {
	if f.entry.SubscriptionARN == "" {
		return nil
	}
	to, err := f.recipients.find(ctx, e.store.Read, f.entry)
	if errors.Is(err, errTopicDeleted) || errors.Is(err, errUnsubscribed) {
		return nil // the sender says so
	}
	if err != nil {
		return err
	}
	f.entry.To = &to
	f.queue, _ = ParseRedrivePolicy(to.Subscription.RedrivePolicy, to.Topic.ARN) // it was checked when it was set
	if protocol := f.entry.Protocol; protocol != topic.HTTP && protocol != topic.HTTPS {
		return nil
	}
	policy := EffectivePolicy(to.Topic, to.Subscription)
	terms.Policy = *policy.Retry
	if f.entry.Kind == KindNotification {
		e.throttle(f, policy.PerSecond)
	}
	return nil
}

// throttle holds the entry when its subscription has had its share of this second. What was held for too long is final.
func (e *Engine) throttle(f *finished, perSecond int) {
	now := e.now()
	turn, free := e.throttles.admit(f.entry.SubscriptionARN, perSecond, !f.held.IsZero(), now)
	if free {
		return
	}
	if f.held.IsZero() {
		f.held = now
	}
	last := f.held.Add(maxHold)
	if f.began, f.ended = now, now; !now.Before(last) {
		f.result = Result{Outcome: Final, Err: fmt.Errorf("held for %v: the subscription takes %d messages a second", maxHold, perSecond)}
		return
	}
	f.result, f.next = Result{Outcome: Held}, turn
	if turn.After(last) {
		f.next = last
	}
}
