package statistics

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// Interval is the length of a point.
	Interval = 15 * time.Minute
	// Retention is how long points are kept and shown, as in SES.
	Retention = 14 * 24 * time.Hour
)

// Point is what happened to an account's mail in the Interval from At on. At is UTC.
type Point struct {
	At time.Time
	Counts
}

const addCounts = `
INSERT INTO statistics (account, at, delivery_attempts, bounces, complaints, rejects, deliveries)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account, at) DO UPDATE SET
    delivery_attempts = statistics.delivery_attempts + excluded.delivery_attempts,
    bounces           = statistics.bounces + excluded.bounces,
    complaints        = statistics.complaints + excluded.complaints,
    rejects           = statistics.rejects + excluded.rejects,
    deliveries        = statistics.deliveries + excluded.deliveries`

const selectPoints = `
SELECT at, delivery_attempts, bounces, complaints, rejects, deliveries
FROM statistics WHERE account = $1 AND at >= $2 ORDER BY at`

const purgePoints = `
DELETE FROM statistics WHERE (account, at) IN (
    SELECT account, at FROM statistics WHERE at < $1 ORDER BY at, account LIMIT $2)`

// Add adds counts to the account's point at the time. Counts of nothing but zeros change nothing.
func Add(ctx context.Context, tx *sql.Tx, account string, at time.Time, c Counts) error {
	if c == (Counts{}) {
		return nil
	}
	_, err := tx.ExecContext(ctx, addCounts, account, start(at).UnixMilli(),
		c.DeliveryAttempts, c.Bounces, c.Complaints, c.Rejects, c.Deliveries)
	if err != nil {
		return fmt.Errorf("statistics: add to the point of account %s at %s: %w", account, at.UTC().Format(time.RFC3339), err)
	}
	return nil
}

// Points returns the account's points from the one that since falls into, in the order of time. Points in which nothing
// happened are left out.
func Points(ctx context.Context, db *sql.DB, account string, since time.Time) ([]Point, error) {
	points, err := selectAll(ctx, db, account, start(since).UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("statistics: points of account %s: %w", account, err)
	}
	return points, nil
}

func selectAll(ctx context.Context, db *sql.DB, account string, since int64) ([]Point, error) {
	rows, err := db.QueryContext(ctx, selectPoints, account, since)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var points []Point
	for rows.Next() {
		var p Point
		var at int64
		if err := rows.Scan(&at, &p.DeliveryAttempts, &p.Bounces, &p.Complaints, &p.Rejects, &p.Deliveries); err != nil {
			return nil, err
		}
		p.At = time.UnixMilli(at).UTC()
		points = append(points, p)
	}
	return points, rows.Err()
}

// Purge deletes at most limit points that start before the time, the oldest first, and returns how many there were.
func Purge(ctx context.Context, tx *sql.Tx, before time.Time, limit int) (int, error) {
	result, err := tx.ExecContext(ctx, purgePoints, before.UnixMilli(), limit)
	if err != nil {
		return 0, fmt.Errorf("statistics: purge: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("statistics: purge: %w", err)
	}
	return int(n), nil
}

// start returns when the point of a time starts. Points start on the quarter hours of UTC.
func start(at time.Time) time.Time { return at.UTC().Truncate(Interval) }
