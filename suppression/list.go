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
	// MaxPage is the largest page of List.
	MaxPage     = 1000
	defaultPage = 100
)

// Query chooses the entries that List returns.
type Query struct {
	Account string    // whose list; empty is the global list
	Reasons []Reason  // only entries for one of these; none is all
	Start   time.Time // only entries updated at this time or later; zero is all
	End     time.Time // only entries updated before this time; zero is all
	Cursor  string    // empty for the first page, then what the page before came with
	Limit   int       // entries a page, at most MaxPage; 0 is 100
	Now     time.Time // needed: entries that have expired by then are left out
}

// List returns a page of a list, and the cursor of the next one, which is empty after the last. The order means nothing
// to a reader, but stays: an entry that is on the list while all pages are read is on exactly one of them. The error is
// ErrCursor or wraps ErrInvalid when the query is the cause.
func List(ctx context.Context, db *sql.DB, q Query) (entries []Entry, nextCursor string, err error) {
	reasons, limit, err := q.check()
	if err != nil {
		return nil, "", err
	}
	after, err := decodeCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	end := int64(math.MaxInt64)
	if !q.End.IsZero() {
		end = q.End.UnixMilli()
	}
	rows, err := db.QueryContext(ctx, selectPage, q.Account, after, q.Now.UnixMilli(), millis(q.Start), end,
		string(reasons[0]), string(reasons[len(reasons)-1]), limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("suppression: list: %w", err)
	}
	var hash, last []byte
	more := false
	err = scanAll(rows, func(r row) error {
		e, err := scan(r, &hash)
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

func (q Query) check() (reasons []Reason, limit int, err error) {
	reasons, limit = q.Reasons, q.Limit
	if len(reasons) == 0 {
		reasons = Reasons()
	}
	if i := slices.IndexFunc(reasons, func(r Reason) bool { return !r.Valid() }); i >= 0 {
		return nil, 0, fmt.Errorf("%w: reason %q is none of %s and %s", ErrInvalid, reasons[i], Bounce, Complaint)
	}
	// Sorted and without repeats there are at most two, which is what the statement takes.
	reasons = slices.Compact(slices.Sorted(slices.Values(reasons)))
	if limit == 0 {
		limit = defaultPage
	}
	if limit < 0 || limit > MaxPage {
		return nil, 0, fmt.Errorf("%w: a page of %d entries: ask for 1 to %d", ErrInvalid, limit, MaxPage)
	}
	if q.Now.IsZero() {
		return nil, 0, fmt.Errorf("%w: the query does not say what time it is", ErrInvalid)
	}
	return reasons, limit, nil
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
