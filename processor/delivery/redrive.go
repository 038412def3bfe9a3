package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// MaxChange is how many entries one call of Redrive or Drop changes at most, so that no other writer waits for long.
const MaxChange = 1000

// Redrive has the entries that f selects tried again at once, with all the retries of a new message, and ends the pauses of their
// endpoints. Entries that are being sent stay as they are. It changes at most MaxChange entries and returns how many; call it again, in
// a transaction of its own, while it returns MaxChange and f selects failed entries.
func Redrive(ctx context.Context, tx *sql.Tx, f Filter, now time.Time) (int, error) {
	ids, err := selectIDs(ctx, tx, f)
	if err != nil {
		return 0, fmt.Errorf("delivery: redrive: %w", err)
	}
	for _, id := range ids {
		_, err := tx.ExecContext(ctx, resumeEndpointOf, now.UnixMilli(), id)
		if err == nil {
			_, err = tx.ExecContext(ctx, redriveEntry, now.UnixMilli(), id)
		}
		if err != nil {
			return 0, fmt.Errorf("delivery: redrive: %w", err)
		}
	}
	return len(ids), nil
}

// Drop deletes the entries that f selects, but not those that are being sent, and messages that nobody waits for any more. It deletes at
// most MaxChange entries and returns how many; call it again, in a transaction of its own, while it returns MaxChange.
func Drop(ctx context.Context, tx *sql.Tx, f Filter) (int, error) {
	ids, err := selectIDs(ctx, tx, f)
	if err != nil {
		return 0, fmt.Errorf("delivery: drop: %w", err)
	}
	for _, id := range ids {
		var message int64
		err := tx.QueryRowContext(ctx, dropEntry, id).Scan(&message)
		if err != nil {
			return 0, fmt.Errorf("delivery: drop: %w", err)
		}
		if _, err := tx.ExecContext(ctx, deleteAttempts, id); err != nil {
			return 0, fmt.Errorf("delivery: drop: %w", err)
		}
		if _, err := tx.ExecContext(ctx, deleteMessage, message); err != nil {
			return 0, fmt.Errorf("delivery: drop: %w", err)
		}
	}
	return len(ids), nil
}

// selectIDs returns the first entries that f selects and nobody sends.
func selectIDs(ctx context.Context, tx *sql.Tx, f Filter) (ids []int64, err error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	query, args := f.ids(MaxChange)
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
