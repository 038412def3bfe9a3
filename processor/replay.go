package processor

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// Replayed is what a report became when it was put through today's rules.
type Replayed struct {
	Before        *Arrived         `json:"before,omitempty"` // absent when it was never recorded
	After         Arrived          `json:"after"`
	Listed        []ReplayedChange `json:"listed,omitempty"`        // put on a list now
	Delisted      []ReplayedChange `json:"delisted,omitempty"`      // taken off a list where this report alone had put it
	Notifications int              `json:"notifications,omitempty"` // published now
}

// ReplayedChange is an address whose place on a list changed. List is account or global.
type ReplayedChange struct {
	Address string `json:"emailAddress"`
	List    string `json:"list"`
}

// Replay puts the mail at seq through today's rules as if it had just come in: it is read, matched and judged anew, its record is
// replaced, and the lists follow: what it is a cause to list now is listed, and what is on a list because of this report and for no
// cause that holds now is taken off. A report that had no effects before, because it matched no mail, is counted and published. One
// that had is not counted again, and published only when notify asks for it, in messages with ids of their own. The error wraps
// bus.ErrGone when the mail is no longer kept.
func (w *Worker) Replay(ctx context.Context, seq uint64, notify bool) (Replayed, error) {
	mail, err := w.Bus.Mail(ctx, seq)
	if err != nil {
		return Replayed{}, err
	}
	j, err := w.process(ctx, &bus.Received{Seq: seq, Mail: mail}, w.senders())
	if err != nil {
		return Replayed{}, err
	}
	before, err := w.recorded(ctx, j)
	if err != nil {
		return Replayed{}, err
	}
	fresh := before == nil || before.Trust == TrustC && j.match.Trust != TrustC
	if notify && !fresh {
		j.attempt = "." + schemas.NewUUID()
	}
	result := Replayed{Before: before}
	put, take, err := w.relist(ctx, j, before)
	if err != nil {
		return Replayed{}, err
	}
	err = w.Store.Transact(ctx, func(tx *sql.Tx) error {
		return w.rerecord(ctx, tx, j, before, put, take, fresh, fresh || notify)
	})
	if err != nil {
		return Replayed{}, err
	}
	if fresh || notify {
		result.Notifications = len(j.effects.Notifications)
		w.Wake()
		if err := w.Bus.PublishNotifications(ctx, j.copies()); err != nil {
			w.Log.Warn("the notifications of a replayed mail are not on the bus", "seq", seq, "error", err)
		}
	}
	result.Listed, result.Delisted = replayedChanges(put), replayedChanges(take)
	after, err := ListFeedback(ctx, w.Store.Read, FeedbackQuery{ID: j.effects.FeedbackID, Limit: 1})
	if err == nil && len(after) == 1 {
		result.After = after[0]
	}
	return result, err
}

// recorded is the record of a report: under its id, or, when it is read otherwise than before, under the mail that it came in.
func (w *Worker) recorded(ctx context.Context, j *job) (*Arrived, error) {
	for _, query := range []FeedbackQuery{{ID: j.effects.FeedbackID, Limit: 1}, {Seq: j.received.Seq, Limit: 1}} {
		found, err := ListFeedback(ctx, w.Store.Read, query)
		if err != nil || len(found) > 0 {
			return first(found), err
		}
	}
	return nil, nil
}

func first(all []Arrived) *Arrived {
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// relist compares the lists with what the report is a cause for: put is missing there, take stands there because of this report.
func (w *Worker) relist(ctx context.Context, j *job, before *Arrived) (put, take []suppression.Entry, err error) {
	for _, wanted := range j.effects.Listings {
		have, listed, err := suppression.Get(ctx, w.Store.Read, wanted.List, wanted.Address, w.now())
		if err != nil {
			return nil, nil, err
		}
		if !listed || have.FeedbackID != wanted.FeedbackID || have.Reason != wanted.Reason {
			put = append(put, wanted)
		}
	}
	if before == nil {
		return put, nil, nil
	}
	for _, recipient := range before.Recipients {
		entries, err := suppression.Everywhere(ctx, w.Store.Read, before.Account, recipient.Address, w.now())
		if err != nil {
			continue // no address, so it is on no list
		}
		for _, have := range entries {
			holds := slices.ContainsFunc(j.effects.Listings, func(e suppression.Entry) bool {
				return e.List == have.List && address.Equal(e.Address, have.Address)
			})
			if have.FeedbackID == before.ID && !holds {
				take = append(take, have)
			}
		}
	}
	return put, take, nil
}

// rerecord replaces the record of a report and changes the lists.
func (w *Worker) rerecord(ctx context.Context, tx *sql.Tx, j *job, before *Arrived, put, take []suppression.Entry, fresh, publish bool) error {
	now := w.now()
	if before != nil {
		if err := deleteFeedback(ctx, tx, before.ID); err != nil {
			return err
		}
	}
	if _, err := insertFeedback(ctx, tx, j); err != nil {
		return err
	}
	for _, entry := range take {
		if _, err := suppression.Delete(ctx, tx, entry.List, entry.Address, now); err != nil {
			return err
		}
	}
	if err := suppression.PutMany(ctx, tx, put, now); err != nil {
		return fmt.Errorf("processor: listing addresses: %w", err)
	}
	if fresh && j.effects.Counts != (statistics.Counts{}) {
		if err := statistics.Add(ctx, tx, j.match.Mail.Account, now, j.effects.Counts); err != nil {
			return fmt.Errorf("processor: adding to the statistics: %w", err)
		}
	}
	if !publish {
		return nil
	}
	return enqueue(ctx, tx, j, now)
}

func replayedChanges(entries []suppression.Entry) (changes []ReplayedChange) {
	for _, entry := range entries {
		changes = append(changes, ReplayedChange{entry.Address, entry.List.Name()})
	}
	return changes
}

// again is the id of a message that is published once more on purpose.
func again(id, attempt string) string {
	if attempt == "" {
		return id
	}
	return stableUUID(id, attempt)
}

// deleteFeedback forgets a report and its recipients.
func deleteFeedback(ctx context.Context, tx *sql.Tx, id string) error {
	for _, statement := range []string{`DELETE FROM feedback_recipient WHERE feedback_id = $1`, `DELETE FROM feedback WHERE id = $1`} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return fmt.Errorf("processor: deleting feedback %s: %w", id, err)
		}
	}
	return nil
}
