package processor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/suppression"
)

// Follower publishes each change of the suppression lists, whoever made it, in the order of the journal: on NATS, and on the topic that
// an account has for it. Changes of the global list concern all accounts and go to NATS alone. It remembers where it is in the
// transaction that fills the outbox, so that a topic gets each change once and NATS at least once.
type Follower struct {
	Store *store.Store
	Bus   *bus.Bus
	Wake  func() // tells the delivery engine that there is something in the outbox
	Log   *slog.Logger
	Now   func() time.Time // nil: time.Now

	changed chan struct{} // holds one when something may have changed
}

// NewFollower makes a follower; Changed may be called from then on.
func NewFollower(s *store.Store, b *bus.Bus, wake func(), log *slog.Logger) *Follower {
	return &Follower{Store: s, Bus: b, Wake: wake, Log: log, Now: time.Now, changed: make(chan struct{}, 1)}
}

// followEach is how long the change of another process may take to be published.
const followEach = time.Second

// Changed says that a list may have changed. It returns at once.
func (f *Follower) Changed() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// Run publishes until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	poll := time.NewTicker(followEach)
	defer poll.Stop()
	for {
		if err := f.Follow(ctx); err != nil && ctx.Err() == nil {
			f.Log.Error("cannot publish changes of suppression lists; trying again", "error", err)
			pause(ctx, retryDelay)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.changed:
		case <-poll.C:
		}
	}
}

// followBatch is how many changes one transaction notes at most: others want to write too.
const followBatch = 5000

// Follow publishes all that changed since it did last.
func (f *Follower) Follow(ctx context.Context) error {
	for {
		n, err := f.step(ctx)
		if err != nil || n < followBatch {
			return err
		}
	}
}

// followed is what one step has put on the bus.
type followed struct {
	changes []suppression.Change
	bodies  []bus.Change
	next    int64 // where to go on
}

// step publishes the next changes and returns how many there were.
func (f *Follower) step(ctx context.Context) (int, error) {
	at, err := position(ctx, f.Store.Read)
	if err != nil {
		return 0, err
	}
	done, err := f.publish(ctx, at)
	if errors.Is(err, suppression.ErrChangesGone) {
		return followBatch, f.skip(ctx, at)
	}
	if err != nil || done.next == at {
		return 0, err
	}
	topics, err := f.topics(ctx, done.changes)
	if err != nil {
		return 0, err
	}
	err = f.Store.Transact(ctx, func(tx *sql.Tx) error {
		if moved, err := move(ctx, tx, at, done.next); err != nil || !moved {
			return err // another process has published them
		}
		return f.enqueue(ctx, tx, done, topics)
	})
	if err == nil && len(topics) > 0 {
		f.Wake()
	}
	return len(done.changes), err
}

// publish puts the changes after a number on the bus.
func (f *Follower) publish(ctx context.Context, at int64) (followed, error) {
	done := followed{next: at}
	for len(done.changes) < followBatch {
		changes, next, err := suppression.Changes(ctx, f.Store.Read, suppression.ChangeQuery{After: done.next, Limit: bus.MaxChanges})
		if err != nil {
			return done, err
		}
		bodies := make([]bus.Change, len(changes))
		for i, change := range changes {
			if bodies[i].Body, err = ListChange(change); err != nil {
				return done, err
			}
			bodies[i].Account = change.Account
		}
		if err := f.Bus.PublishChanges(ctx, bodies); err != nil {
			return done, err
		}
		done.changes, done.bodies, done.next = append(done.changes, changes...), append(done.bodies, bodies...), next
		if len(changes) < bus.MaxChanges {
			break
		}
	}
	return done, nil
}

// skip goes on from the first change that is kept.
func (f *Follower) skip(ctx context.Context, at int64) error {
	kept, err := suppression.FirstKept(ctx, f.Store.Read)
	if err != nil {
		return err
	}
	f.Log.Error("changes of suppression lists were not published for so long that some are gone; those who follow must read the lists anew",
		"after", at, "upTo", kept)
	return f.Store.Transact(ctx, func(tx *sql.Tx) error {
		_, err := move(ctx, tx, at, kept)
		return err
	})
}

// suppressionTopic is where an account wants to hear of changes, and who listens there.
type suppressionTopic struct {
	arn         string
	subscribers []topic.Subscription
}

// topics finds the topics of the accounts whose lists changed. One that is gone gets nothing until it is there again.
func (f *Follower) topics(ctx context.Context, changes []suppression.Change) (map[string]suppressionTopic, error) {
	topics := map[string]suppressionTopic{}
	var seen []string
	for _, change := range changes {
		if change.Account == "" || slices.Contains(seen, change.Account) {
			continue
		}
		seen = append(seen, change.Account)
		owner, err := account.Get(ctx, f.Store.Read, change.Account)
		if errors.Is(err, account.ErrNotFound) || err == nil && owner.SuppressionTopic == "" {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("processor: the topic for changes of lists: %w", err)
		}
		subscribers, exists, err := topic.Confirmed(ctx, f.Store.Read, owner.SuppressionTopic)
		if err != nil {
			return nil, fmt.Errorf("processor: the topic for changes of lists: %w", err)
		}
		if !exists {
			f.Log.Warn("the topic for changes of the suppression list is gone", "account", owner.ID, "topic", owner.SuppressionTopic)
			continue
		}
		topics[owner.ID] = suppressionTopic{owner.SuppressionTopic, subscribers}
	}
	return topics, nil
}

func (f *Follower) enqueue(ctx context.Context, tx *sql.Tx, done followed, topics map[string]suppressionTopic) error {
	for i, change := range done.changes {
		to, wanted := topics[change.Account]
		if !wanted {
			continue
		}
		message := delivery.Message{ID: stableUUID("suppression change "+strconv.FormatInt(change.Seq, 10), to.arn), TopicARN: to.arn,
			Kind: delivery.KindNotification, Body: string(done.bodies[i].Body)}
		if _, err := delivery.Publish(ctx, tx, message, nil, to.subscribers, f.Now()); err != nil {
			return fmt.Errorf("processor: publishing change %d of a suppression list: %w", change.Seq, err)
		}
	}
	return nil
}

// position returns the number of the last change that was published.
func position(ctx context.Context, db *sql.DB) (seq int64, err error) {
	if err := db.QueryRowContext(ctx, `SELECT seq FROM suppression_follower WHERE id = 1`).Scan(&seq); err != nil {
		return 0, fmt.Errorf("processor: which changes of suppression lists were published: %w", err)
	}
	return seq, nil
}

// move notes that the changes up to one were published; moved is false when another process did so first.
func move(ctx context.Context, tx *sql.Tx, from, to int64) (moved bool, err error) {
	result, err := tx.ExecContext(ctx, `UPDATE suppression_follower SET seq = $1 WHERE id = 1 AND seq = $2`, to, from)
	if err != nil {
		return false, fmt.Errorf("processor: noting which changes of suppression lists were published: %w", err)
	}
	rows, err := result.RowsAffected()
	return rows > 0, err
}
