package suppression

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Spot is an entry's place in the order of all lists. The zero value is before the first.
type Spot struct {
	list int64
	hash string
}

// Expired returns the places of at most limit entries that have expired, in order, from the first after a place on; none
// is the end. It reads all lists through, ten million entries in seconds, because an index of the times would take as
// much room as a third of the lists; reading holds up nobody.
func Expired(ctx context.Context, db *sql.DB, after Spot, now time.Time, limit int) (spots []Spot, err error) {
	rows, err := db.QueryContext(ctx, selectExpired, after.list, []byte(after.hash), now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("suppression: look for what has expired: %w", err)
	}
	err = scanAll(rows, func(r row) error {
		var spot Spot
		var hash []byte
		err := r.Scan(&spot.list, &hash)
		spot.hash = string(hash)
		spots = append(spots, spot)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("suppression: look for what has expired: %w", err)
	}
	return spots, nil
}

// Purge deletes those of the entries that have expired still, and returns how many there were. Nothing depends on it but
// the room that they take; 500 at a time leave others time to write.
func Purge(ctx context.Context, tx *sql.Tx, spots []Spot, now time.Time) (n int, err error) {
	for _, spot := range spots {
		result, err := tx.ExecContext(ctx, deleteExpired, spot.list, []byte(spot.hash), now.UnixMilli())
		if err != nil {
			return 0, fmt.Errorf("suppression: purge: %w", err)
		}
		deleted, err := result.RowsAffected()
		if err != nil {
			return 0, fmt.Errorf("suppression: purge: %w", err)
		}
		n += int(deleted)
	}
	return n, nil
}
