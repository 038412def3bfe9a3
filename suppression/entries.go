package suppression

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// MaxPage is the largest page of Entries and of Changes.
	MaxPage     = 1000
	defaultPage = 100
)

// Query chooses the entries that Entries returns.
type Query struct {
	List
	Reasons []Reason  // only entries for one of these; none is all
	Start   time.Time // only entries updated at this time or later; zero is all
	End     time.Time // only entries updated before this time; zero is all
	Cursor  string    // empty for the first page, then what the page before came with
	Limit   int       // entries a page, at most MaxPage; 0 is 100
	Now     time.Time // needed: entries that have expired by then are left out
}

// Entries returns a page of a list, and the cursor of the next one, which is empty after the last. The order means nothing
// to a reader, but stays: an entry that is on the list while all pages are read is on exactly one of them. The error is
// ErrCursor or wraps ErrInvalid when the query is the cause.
func Entries(ctx context.Context, db *sql.DB, q Query) (entries []Entry, nextCursor string, err error) {
	reasons, limit, err := q.check()
	if err != nil {
		return nil, "", err
	}
	after, err := decodeCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	list, known, err := numberOf(ctx, db, q.List)
	if err != nil || !known {
		return nil, "", err
	}
	end := int64(math.MaxInt64)
	if !q.End.IsZero() {
		end = q.End.UnixMilli()
	}
	rows, err := db.QueryContext(ctx, selectPage, list, after, q.Now.UnixMilli(), millis(q.Start), end, reasons[0], reasons[1], reasons[2], limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("suppression: list: %w", err)
	}
	var hash, last []byte
	more := false
	err = scanAll(rows, func(r row) error {
		e, err := scan(r, &hash)
		e.List = q.List
		if more = len(entries) == limit; !more {
			entries, last = append(entries, e), hash
		}
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("suppression: list: %w", err)
	}
	if more {
		nextCursor = base64.RawURLEncoding.EncodeToString(last)
	}
	return entries, nextCursor, nil
}

// Everywhere returns the entries of an address on all lists of an account, also those that count for one identity or
// allow, and on the global list. An empty account has the global list alone.
func Everywhere(ctx context.Context, db *sql.DB, account, addr string, now time.Time) ([]Entry, error) {
	at, err := placeOf(addr)
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, selectEverywhere, account, at.hash[:])
	if err != nil {
		return nil, fmt.Errorf("suppression: get %s everywhere: %w", at.key, err)
	}
	var entries []Entry
	err = scanAll(rows, func(r row) error {
		var id int64
		var on List
		e, err := scan(r, &id, &on.Account, &on.Identity, &on.Allow)
		if e.List = on; err == nil && !expired(e.Expires, now) && at.holds(e.Address) {
			entries = append(entries, e)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("suppression: get %s everywhere: %w", at.key, err)
	}
	return entries, nil
}

// check returns the numbers of three reasons, which is what the statement takes, with repeats when there are fewer.
func (q Query) check() (reasons [3]int, limit int, err error) {
	wanted := q.Reasons
	if len(wanted) == 0 {
		wanted = stored[1:]
	}
	i := slices.IndexFunc(wanted, func(r Reason) bool { return r.number() == 0 })
	if i >= 0 {
		return reasons, 0, fmt.Errorf("%w: reason %q is none of %v", ErrInvalid, wanted[i], stored[1:])
	}
	wanted = slices.Compact(slices.Sorted(slices.Values(wanted)))
	for i := range reasons {
		reasons[i] = wanted[min(i, len(wanted)-1)].number()
	}
	if limit, err = pageSize(q.Limit); err != nil {
		return reasons, 0, err
	}
	if q.Now.IsZero() {
		return reasons, 0, fmt.Errorf("%w: the query does not say what time it is", ErrInvalid)
	}
	return reasons, limit, nil
}

func pageSize(limit int) (int, error) {
	if limit == 0 {
		return defaultPage, nil
	}
	if limit < 0 || limit > MaxPage {
		return 0, fmt.Errorf("%w: a page of %d entries: ask for 1 to %d", ErrInvalid, limit, MaxPage)
	}
	return limit, nil
}

// decodeCursor returns the hash of the last entry of the page before; it is empty, not nil, before the first page.
func decodeCursor(cursor string) ([]byte, error) {
	if cursor == "" {
		return []byte{}, nil
	}
	hash, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(hash) != hashLength {
		return nil, ErrCursor
	}
	return hash, nil
}
