package suppression

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"
)

// ChangeRetention is how long changes are kept; who has not read them by then reads the lists anew.
const ChangeRetention = 30 * 24 * time.Hour

// Action says what a change did.
type Action string

// The actions. Allow and Disallow concern the addresses that an account may write to although they are on the global list.
const (
	ActionPut      Action = "put"
	ActionDelete   Action = "delete"
	ActionAllow    Action = "allow"
	ActionDisallow Action = "disallow"
)

// Change is one change of a list. That an entry expires is none: whoever was told of the entry knows when it does.
type Change struct {
	Seq int64 // grows from change to change
	List
	Action     Action
	Address    string    // empty when it was forgotten; then Hash tells which one it was
	Hash       string    // see HashOf; empty while Address is known
	Reason     Reason    // empty when the address was taken off
	FeedbackID string    // of the report that led to it; empty when a person did it
	Expires    time.Time // of the entry; zero is never
	At         time.Time
}

// ChangeQuery chooses the changes that Changes returns.
type ChangeQuery struct {
	After   int64  // only changes after this one: what the call before came with; 0 is from the first
	Account string // only changes of this account's lists; empty is all lists, the global one as well
	Limit   int    // at most MaxPage; 0 is 100
}

// Changes returns changes in the order in which they were made, and where to go on. What it returned once it never has to
// return again: no change with a lower number comes later. The error is ErrChangesGone when changes after q.After are no
// longer kept.
func Changes(ctx context.Context, db *sql.DB, q ChangeQuery) (changes []Change, next int64, err error) {
	limit, err := pageSize(q.Limit)
	if err != nil {
		return nil, 0, err
	}
	last, purged, err := journal(ctx, db)
	if err != nil {
		return nil, 0, err
	}
	if q.After < purged {
		return nil, 0, ErrChangesGone
	}
	rows, err := db.QueryContext(ctx, selectChanges, q.After, last, flag(q.Account != ""), q.Account, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("suppression: changes: %w", err)
	}
	err = scanAll(rows, func(r row) error {
		c, _, err := scanChange(r)
		changes = append(changes, c)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("suppression: changes: %w", err)
	}
	if len(changes) == limit {
		return changes, changes[limit-1].Seq, nil
	}
	return changes, max(last, q.After), nil
}

// LastChange returns the number of the last change: with it as ChangeQuery.After, Changes tells what comes from now on.
func LastChange(ctx context.Context, db *sql.DB) (int64, error) {
	last, _, err := journal(ctx, db)
	return last, err
}

// FirstKept returns the number after which all changes are kept.
func FirstKept(ctx context.Context, db *sql.DB) (int64, error) {
	_, purged, err := journal(ctx, db)
	return purged, err
}

// journal returns the numbers of the last change and of the last that is no longer kept.
func journal(ctx context.Context, db *sql.DB) (last, purged int64, err error) {
	if err := db.QueryRowContext(ctx, selectJournal).Scan(&last, &purged); err != nil {
		return 0, 0, fmt.Errorf("suppression: the journal of changes: %w", err)
	}
	return last, purged, nil
}

func scanChange(from row) (c Change, list int64, err error) {
	var reason int
	var hash, feedback []byte
	var expires, at int64
	if err := from.Scan(&c.Seq, &c.Address, &hash, &reason, &feedback, &expires, &at, &list, &c.Account, &c.Identity, &c.Allow); err != nil {
		return Change{}, 0, err
	}
	c.Hash = hex.EncodeToString(hash)
	c.Reason, c.FeedbackID, c.Expires, c.At = stored[reason], unpackID(feedback), fromMillis(expires), fromMillis(at)
	switch {
	case c.Allow && reason == 0:
		c.Action = ActionDisallow
	case c.Allow:
		c.Action = ActionAllow
	case reason == 0:
		c.Action = ActionDelete
	default:
		c.Action = ActionPut
	}
	return c, list, nil
}

// change is a row of the journal.
type change struct {
	list     int64
	address  string
	reason   int // 0 is taken off the list
	feedback []byte
	expires  int64
}

// numbers takes n numbers for changes and returns the first. From then on no other transaction changes a list until this
// one has ended.
func numbers(ctx context.Context, tx *sql.Tx, n int) (first int64, err error) {
	var last int64
	if err := tx.QueryRowContext(ctx, takeNumbers, n).Scan(&last); err != nil {
		return 0, fmt.Errorf("suppression: number %d changes: %w", n, err)
	}
	return last - int64(n) + 1, nil
}

var changeStatements = statements(func(n int) string { return insertChanges + tuples(n, 7) })

// note writes changes into the journal, from number seq on.
func note(ctx context.Context, tx *sql.Tx, changes []change, seq int64, now time.Time) error {
	values := make([]any, 0, 7*len(changes))
	for i, c := range changes {
		feedback := c.feedback
		if feedback == nil {
			feedback = []byte{}
		}
		values = append(values, seq+int64(i), c.list, c.address, c.reason, feedback, c.expires, now.UnixMilli())
	}
	if _, err := tx.ExecContext(ctx, changeStatements[len(changes)], values...); err != nil {
		return fmt.Errorf("suppression: note %d changes: %w", len(changes), err)
	}
	return nil
}

// PurgeChanges forgets at most limit changes that were made before a time, the oldest first, and returns how many there were.
func PurgeChanges(ctx context.Context, tx *sql.Tx, before time.Time, limit int) (n int, err error) {
	var upTo int64
	if err := tx.QueryRowContext(ctx, selectOldChange, limit, before.UnixMilli()).Scan(&upTo); err != nil {
		return 0, fmt.Errorf("suppression: purge changes: %w", err)
	}
	if upTo == 0 {
		return 0, nil
	}
	if _, err := tx.ExecContext(ctx, notePurged, upTo); err != nil {
		return 0, fmt.Errorf("suppression: purge changes: %w", err)
	}
	result, err := tx.ExecContext(ctx, deleteChanges, upTo)
	if err != nil {
		return 0, fmt.Errorf("suppression: purge changes: %w", err)
	}
	deleted, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("suppression: purge changes: %w", err)
	}
	return int(deleted), nil
}
