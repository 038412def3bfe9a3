package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Depth returns how many entries wait, and how many have failed.
func Depth(ctx context.Context, db *sql.DB) (waiting, failed int, err error) {
	var all int
	if err := db.QueryRowContext(ctx, countEntries).Scan(&all, &failed); err != nil {
		return 0, 0, fmt.Errorf("delivery: depth: %w", err)
	}
	return all - failed, failed, nil
}

// EndpointDepth says how an endpoint is doing.
type EndpointDepth struct {
	Protocol    string
	Endpoint    string // may hold a password: show it with topic.MaskEndpoint
	Waiting     int
	Failed      int
	Failures    int       // attempts that failed in a row
	PausedUntil time.Time // no attempt before; zero when there is no pause
}

// Endpoints returns the endpoints that have entries.
func Endpoints(ctx context.Context, db *sql.DB) ([]EndpointDepth, error) {
	rows, err := db.QueryContext(ctx, selectEndpoints)
	if err != nil {
		return nil, fmt.Errorf("delivery: endpoints: %w", err)
	}
	defer rows.Close()
	var endpoints []EndpointDepth
	for rows.Next() {
		var e EndpointDepth
		var all int
		var paused int64
		if err := rows.Scan(&e.Protocol, &e.Endpoint, &e.Failures, &paused, &all, &e.Failed); err != nil {
			return nil, fmt.Errorf("delivery: endpoints: %w", err)
		}
		e.Waiting = all - e.Failed
		if paused > 0 {
			e.PausedUntil = fromMillis(paused)
		}
		endpoints = append(endpoints, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("delivery: endpoints: %w", err)
	}
	return endpoints, nil
}
