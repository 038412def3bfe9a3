package suppression

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
)

// putRows is how many rows one statement of PutMany writes.
const putRows = 100

// putStatements are the statements that put so many rows.
var putStatements = statements(func(n int) string { return putEntries + tuples(n, 9) + orReplace })

// statements writes those for up to putRows rows.
func statements(of func(rows int) string) (all [putRows + 1]string) {
	for n := 1; n <= putRows; n++ {
		all[n] = of(n)
	}
	return all
}

// Put puts an address on a list, or replaces reason, ids and expiry of the one that is there: on the global list the 14
// days start anew. e.Created and e.Updated are not read, and an entry that allows is Manual whatever e.Reason says. An
// entry that has expired by now changes nothing. The error wraps ErrInvalid when the address or the reason is none, or
// when an entry of the global list has no expiry.
func Put(ctx context.Context, tx *sql.Tx, e Entry, now time.Time) error {
	return PutMany(ctx, tx, []Entry{e}, now)
}

// PutMany is Put for many entries, at a fifth of the cost. Of two for the same address and list the later one counts. When
// one is invalid none is put. Batches of 1000 to 10,000 a transaction let other writers in between.
func PutMany(ctx context.Context, tx *sql.Tx, entries []Entry, now time.Time) error {
	puts, err := prepare(entries, now)
	if err != nil || len(puts) == 0 {
		return err
	}
	seq, err := numbers(ctx, tx, len(puts))
	if err != nil {
		return err
	}
	lists := map[List]int64{{}: globalID}
	for i := range puts {
		if puts[i].list, err = numberFor(ctx, tx, lists, puts[i].List); err != nil {
			return err
		}
	}
	// In the order of the keys each page of the table is written once.
	slices.SortFunc(puts, func(a, b put) int {
		return cmp.Or(cmp.Compare(a.list, b.list), bytes.Compare(a.at.hash[:], b.at.hash[:]))
	})
	for part := range slices.Chunk(puts, putRows) {
		if err := write(ctx, tx, part, seq, now); err != nil {
			return err
		}
		seq += int64(len(part))
	}
	return nil
}

// Sort brings entries into the order of the table's rows. A large import that is sorted as a whole, and put in batches then,
// writes each page of the table once instead of once for each address.
func Sort(entries []Entry) error {
	puts := make([]put, len(entries))
	for i, e := range entries {
		at, err := placeOf(e.Address)
		if err != nil {
			return err
		}
		puts[i] = put{Entry: e, at: at}
	}
	slices.SortStableFunc(puts, func(a, b put) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Identity, b.Identity), bytes.Compare(a.at.hash[:], b.at.hash[:]))
	})
	for i := range puts {
		entries[i] = puts[i].Entry
	}
	return nil
}

// put is an entry on its way into the table.
type put struct {
	Entry
	at   place
	list int64
}

// prepare checks the entries, and leaves out those that would change nothing.
func prepare(entries []Entry, now time.Time) ([]put, error) {
	puts := make([]put, 0, len(entries))
	type key struct {
		List
		hash [hashLength]byte
	}
	known := make(map[key]int, len(entries))
	for _, e := range entries {
		at, err := placeOf(e.Address)
		if err != nil {
			return nil, err
		}
		if err := e.normalize(); err != nil {
			return nil, err
		}
		if expired(e.Expires, now) {
			continue
		}
		k := key{e.List, at.hash}
		if i, twice := known[k]; twice {
			e.Address = puts[i].Address // as if they came one after the other
			puts[i] = put{Entry: e, at: at}
			continue
		}
		known[k] = len(puts)
		puts = append(puts, put{Entry: e, at: at})
	}
	return puts, nil
}

// normalize checks the entry and gives it the form in which it is stored.
func (e *Entry) normalize() error {
	normal, err := address.Normalize(e.Address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	e.Address, e.List = normal, e.List.folded()
	if e.Allow {
		e.Reason = Manual
	}
	if e.Reason.number() == 0 {
		return fmt.Errorf("%w: reason %q of %s is none of %v", ErrInvalid, e.Reason, normal, stored[1:])
	}
	if err := e.List.check(); err != nil {
		return err
	}
	if e.Account == "" && e.Expires.IsZero() {
		return fmt.Errorf("%w: %s has no expiry, which the global list needs: at most 14 days", ErrInvalid, normal)
	}
	return nil
}

// numberFor returns the number of a list and makes it when it has none.
func numberFor(ctx context.Context, tx *sql.Tx, known map[List]int64, l List) (int64, error) {
	if id, ok := known[l]; ok {
		return id, nil
	}
	id, ok, err := numberOf(ctx, tx, l)
	if err == nil && !ok {
		err = tx.QueryRowContext(ctx, insertList, l.Account, l.Identity, flag(l.Allow)).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("suppression: the %s list of %s: %w", l.Name(), l.Account, err)
	}
	known[l] = id
	return id, nil
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}

// write puts a few rows and notes the changes.
func write(ctx context.Context, tx *sql.Tx, puts []put, seq int64, now time.Time) error {
	rows := make([]any, 0, 9*len(puts))
	changes := make([]change, 0, len(puts))
	for _, p := range puts {
		feedback := packID(p.FeedbackID)
		rows = append(rows, p.list, p.at.hash[:], p.Address, p.Reason.number(), feedback, packID(p.MessageID), now.UnixMilli(), 0, millis(p.Expires))
		changes = append(changes, change{list: p.list, address: p.Address, reason: p.Reason.number(), feedback: feedback, expires: millis(p.Expires)})
	}
	if _, err := tx.ExecContext(ctx, putStatements[len(puts)], rows...); err != nil {
		return fmt.Errorf("suppression: put %s and %d more: %w", puts[0].Address, len(puts)-1, err)
	}
	return note(ctx, tx, changes, seq, now)
}

// Delete takes an address off a list, with effect for the next Check everywhere, and tells whether it was there.
func Delete(ctx context.Context, tx *sql.Tx, on List, addr string, now time.Time) (existed bool, err error) {
	n, err := DeleteMany(ctx, tx, on, []string{addr}, now)
	return n > 0, err
}

// DeleteMany is Delete for many addresses and returns how many were there.
func DeleteMany(ctx context.Context, tx *sql.Tx, on List, addrs []string, now time.Time) (n int, err error) {
	list, known, err := numberOf(ctx, tx, on)
	if err != nil {
		return 0, err
	}
	var changes []change
	for _, addr := range addrs {
		at, err := placeOf(addr)
		if err != nil {
			return 0, err
		}
		if !known {
			continue
		}
		e, err := scan(tx.QueryRowContext(ctx, selectEntry, list, at.hash[:]))
		if errors.Is(err, sql.ErrNoRows) || err == nil && !at.holds(e.Address) {
			continue
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, deleteEntry, list, at.hash[:])
		}
		if err != nil {
			return 0, fmt.Errorf("suppression: delete %s: %w", at.key, err)
		}
		if !expired(e.Expires, now) {
			changes = append(changes, change{list: list, address: e.Address})
		}
	}
	if len(changes) == 0 {
		return 0, nil
	}
	seq, err := numbers(ctx, tx, len(changes))
	if err != nil {
		return 0, err
	}
	for part := range slices.Chunk(changes, putRows) {
		if err := note(ctx, tx, part, seq, now); err != nil {
			return 0, err
		}
		seq += int64(len(part))
	}
	return len(changes), nil
}
