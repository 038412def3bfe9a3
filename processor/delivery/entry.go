package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

// State says whether an entry will be tried again.
type State string

// The states. What was delivered is in the outbox no more.
const (
	Waiting State = "waiting"
	Failed  State = "failed"
)

// maxIDs bounds the ids of a filter: a statement has only so many parameters.
const maxIDs = 1000

// Entry is a message for one endpoint that has not arrived.
type Entry struct {
	ID          int64
	MessageID   string
	TopicARN    string // "" for a forwarded report
	Kind        Kind
	Subject     string                              // List leaves it out
	Body        string                              // List leaves it out
	Attributes  map[string]schemas.MessageAttribute // List leaves them out
	FeedbackID  string
	FeedbackSeq uint64
	Published   time.Time

	SubscriptionARN string // "" for a forwarded report
	Protocol        string
	Endpoint        string // may hold a password: show it with topic.MaskEndpoint

	State       State
	Attempts    int       // since it was published, or redriven
	Next        time.Time // when a waiting entry is tried; zero for a failed one
	FailedAt    time.Time // zero for a waiting entry
	LastAttempt time.Time // zero before the first
	LastStatus  int       // 0 when there was no answer
	LastError   string
	LastAnswer  string // at most 1 KiB
	Queue       string // ARN of a failed entry's dead-letter queue; "" for the one that all subscriptions without a RedrivePolicy share

	To *Addressee // who gets it, as the engine found before it sends; nil in what was listed
}

// Filter selects entries. What is left empty selects all.
type Filter struct {
	IDs             []int64 // at most 1000
	State           State
	TopicARN        string
	SubscriptionARN string
	Endpoint        string
	Queue           string    // ARN of a dead-letter queue, or DefaultQueue
	Since, Until    time.Time // published at or after Since, and before Until
	Error           string    // a part of the last error or answer, whatever the case of its letters
	Status          int       // of the last attempt
}

// DefaultQueue stands in a Filter for the failed entries of subscriptions without a RedrivePolicy.
const DefaultQueue = "default"

func (f Filter) check() error {
	if len(f.IDs) > maxIDs {
		return fmt.Errorf("%d ids; give at most %d at a time", len(f.IDs), maxIDs)
	}
	if f.State != "" && f.State != Waiting && f.State != Failed {
		return fmt.Errorf("unknown state %q; use %q or %q", f.State, Waiting, Failed)
	}
	return nil
}

// List returns at most limit entries in the order of their ids, beginning after the id after, without subject and body. There are no more
// when it returns fewer than limit.
func List(ctx context.Context, db *sql.DB, f Filter, after int64, limit int) ([]Entry, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("delivery: list: %w", err)
	}
	query, args := f.list(after, limit)
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("delivery: list: %w", err)
	}
	defer rows.Close()
	var entries []Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("delivery: list: %w", err)
		}
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("delivery: list: %w", err)
	}
	return entries, nil
}
