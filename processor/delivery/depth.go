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

// Health says in a word how an endpoint is doing.
type Health string

// The healths.
const (
	Healthy Health = "healthy"
	Failing Health = "failing" // the last attempts failed
	Paused  Health = "paused"  // its breaker is open, or it asked for time: no attempt before PausedUntil
	Probing Health = "probing" // its breaker lets one attempt through at a time
)

// EndpointDepth says how an endpoint is doing.
type EndpointDepth struct {
	Protocol     string
	Endpoint     string // may hold a password: show it with topic.MaskEndpoint
	Waiting      int
	Failed       int
	Health       Health
	Failures     int       // attempts that failed in a row
	FailingSince time.Time // the first of them; zero when there are none
	PausedUntil  time.Time // no attempt before; zero when there was no pause since the last success
	LastSuccess  time.Time // to the minute; zero when there was none
}

// Endpoints returns the endpoints that have entries, and those that were delivered to in the time that entries are kept.
func Endpoints(ctx context.Context, db *sql.DB, now time.Time) ([]EndpointDepth, error) {
	rows, err := db.QueryContext(ctx, selectEndpoints)
	if err != nil {
		return nil, fmt.Errorf("delivery: endpoints: %w", err)
	}
	defer rows.Close()
	var endpoints []EndpointDepth
	for rows.Next() {
		var e EndpointDepth
		var b breaker
		var all int
		var paused, failing, success int64
		if err := rows.Scan(&e.Protocol, &e.Endpoint, &b.failures, &b.strikes, &paused, &failing, &success, &all, &e.Failed); err != nil {
			return nil, fmt.Errorf("delivery: endpoints: %w", err)
		}
		e.Waiting, e.Failures, b.pausedUntil = all-e.Failed, b.failures, fromMillisOrZero(paused)
		e.PausedUntil, e.FailingSince, e.LastSuccess = b.pausedUntil, fromMillisOrZero(failing), fromMillisOrZero(success)
		e.Health = b.health(now)
		endpoints = append(endpoints, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("delivery: endpoints: %w", err)
	}
	return endpoints, nil
}

func (b breaker) health(now time.Time) Health {
	switch {
	case b.paused(now):
		return Paused
	case b.halfOpen():
		return Probing
	case b.failures > 0:
		return Failing
	}
	return Healthy
}
