package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// keptAttempts is how many attempts of an entry are kept, the latest.
const keptAttempts = 20

// Attempt is an attempt that did not deliver.
type Attempt struct {
	Number int // of all attempts of the entry, from 1 on, also over redrives
	At     time.Time
	Took   time.Duration // in milliseconds
	Status int           // the HTTP status or SMTP reply; 0 when there was no answer
	Error  string
	Answer string // the beginning of what the endpoint said, at most 1 KiB
}

// record keeps an attempt that failed.
func (f finished) record(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, insertAttempt, f.id, f.began.UnixMilli(), f.ended.Sub(f.began).Milliseconds(), f.result.Status,
		clip(f.result.Err.Error()), clip(f.result.Answer))
	if err != nil || !f.tried {
		return err
	}
	_, err = tx.ExecContext(ctx, forgetAttempts, f.id, keptAttempts)
	return err
}

// Attempts returns the latest attempts of the entry, at most 20, the first of them first.
func Attempts(ctx context.Context, db *sql.DB, entry int64) (attempts []Attempt, err error) {
	rows, err := db.QueryContext(ctx, selectAttempts, entry)
	if err != nil {
		return nil, fmt.Errorf("delivery: attempts of entry %d: %w", entry, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a Attempt
		var at, took int64
		if err := rows.Scan(&a.Number, &at, &took, &a.Status, &a.Error, &a.Answer); err != nil {
			return nil, fmt.Errorf("delivery: attempts of entry %d: %w", entry, err)
		}
		a.At, a.Took = fromMillis(at), time.Duration(took)*time.Millisecond
		attempts = append(attempts, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("delivery: attempts of entry %d: %w", entry, err)
	}
	return attempts, nil
}
