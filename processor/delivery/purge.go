package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Purge deletes the messages published before that time with all their entries, waiting ones too: an endpoint that was away for so long
// gets what is younger, and endpoints that have no entries and delivered nothing since. It deletes at most limit messages and returns how many.
func Purge(ctx context.Context, tx *sql.Tx, before time.Time, limit int) (int, error) {
	old, err := selectOldMessages(ctx, tx, before, limit)
	if err != nil {
		return 0, fmt.Errorf("delivery: purge: %w", err)
	}
	for _, seq := range old {
		_, err := tx.ExecContext(ctx, deleteAttemptsOf, seq)
		if err == nil {
			_, err = tx.ExecContext(ctx, deleteEntriesOf, seq)
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, deleteMessage, seq)
		}
		if err != nil {
			return 0, fmt.Errorf("delivery: purge: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, deleteUnused, before.UnixMilli(), limit); err != nil {
		return 0, fmt.Errorf("delivery: purge: %w", err)
	}
	return len(old), nil
}

// selectOldMessages relies on messages being numbered in the order of their publication.
func selectOldMessages(ctx context.Context, tx *sql.Tx, before time.Time, limit int) (old []int64, err error) {
	rows, err := tx.QueryContext(ctx, selectOld, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq, created int64
		if err := rows.Scan(&seq, &created); err != nil {
			return nil, err
		}
		if created >= before.UnixMilli() {
			break
		}
		old = append(old, seq)
	}
	return old, rows.Err()
}
