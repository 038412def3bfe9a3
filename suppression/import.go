package suppression

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// importTime is how long a transaction of Import is to take: so long at most do others wait who want to write.
	importTime = 40 * time.Millisecond
	// The fewest and the most entries that a transaction puts, and how many the first one does.
	minImport, maxImport, startImport = putRows, 10_000, 500
)

// Import puts entries, however many, each transaction as many as it can in some 40 ms, so that others who write wait no longer than
// that. It sorts the entries, which lets an import write each page of the table once, and returns how many of them are committed:
// those in front. Transact runs one transaction, as store.Transact does. Errors are as those of PutMany.
func Import(ctx context.Context, transact func(context.Context, func(*sql.Tx) error) error, entries []Entry, now time.Time) (done int, err error) {
	if err := Sort(entries); err != nil {
		return 0, err
	}
	for size := startImport; done < len(entries); {
		part := entries[done:min(done+size, len(entries))]
		var began time.Time
		err := transact(ctx, func(tx *sql.Tx) error {
			began = time.Now() // the wait for others is not ours
			return PutMany(ctx, tx, part, now)
		})
		if err != nil {
			return done, fmt.Errorf("suppression: import, after %d of %d entries: %w", done, len(entries), err)
		}
		done += len(part)
		size = nextImport(size, time.Since(began))
	}
	return done, nil
}

// nextImport is how many entries the next transaction puts when one of size took so long: at most a quarter more, and no less than
// half, because now and then one takes long for another reason, such as a checkpoint.
func nextImport(size int, took time.Duration) int {
	fits := int(float64(size) * float64(importTime) / float64(max(took, time.Microsecond)))
	return min(max(minImport, size/2, min(fits, size+size/4)), maxImport)
}
