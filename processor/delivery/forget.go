package delivery

import (
	"context"
	"database/sql"
	"fmt"
)

// Forgotten counts what was removed from the outbox.
type Forgotten struct {
	Messages int // that mention the person, or were mails to her
	Answers  int // errors and answers of subscribers that mention the person
}

const (
	selectMentions = `SELECT seq, subject || ' ' || body || ' ' || attributes FROM outbox_message
		WHERE lower(subject) LIKE $1 ESCAPE '\' OR lower(body) LIKE $1 ESCAPE '\' OR lower(attributes) LIKE $1 ESCAPE '\'`
	selectMailsTo = `SELECT o.message, e.endpoint FROM outbox_entry o JOIN outbox_endpoint e ON e.id = o.endpoint
		WHERE e.protocol = '` + SMTP + `' AND lower(e.endpoint) LIKE $1 ESCAPE '\'`
	selectMailEndpoints = `SELECT id, endpoint FROM outbox_endpoint WHERE protocol = '` + SMTP + `' AND lower(endpoint) LIKE $1 ESCAPE '\'`
	selectErrors        = `SELECT id, last_error || ' ' || last_answer FROM outbox_entry
		WHERE lower(last_error) LIKE $1 ESCAPE '\' OR lower(last_answer) LIKE $1 ESCAPE '\'`
	selectAttemptErrors = `SELECT entry, error || ' ' || answer FROM outbox_attempt
		WHERE lower(error) LIKE $1 ESCAPE '\' OR lower(answer) LIKE $1 ESCAPE '\'`

	blankErrors    = `UPDATE outbox_entry SET last_error = '', last_answer = '' WHERE id = $1`
	blankAttempts  = `UPDATE outbox_attempt SET error = '', answer = '' WHERE entry = $1`
	deleteEndpoint = `DELETE FROM outbox_endpoint WHERE id = $1`
)

// Forget removes from the outbox what mentions a person, whether it was delivered, waits or failed. The pattern is one of LIKE in lower
// case, with a backslash to escape; it may find more than mentions confirms.
func Forget(ctx context.Context, tx *sql.Tx, pattern string, mentions func(string) bool) (done Forgotten, err error) {
	for _, part := range []struct {
		find   string
		remove []string
		count  *int
	}{
		{selectMentions, []string{deleteAttemptsOf, deleteEntriesOf, deleteMessage}, &done.Messages},
		{selectMailsTo, []string{deleteAttemptsOf, deleteEntriesOf, deleteMessage}, &done.Messages},
		{selectMailEndpoints, []string{deleteEndpoint}, new(int)},
		{selectErrors, []string{blankErrors}, &done.Answers},
		{selectAttemptErrors, []string{blankAttempts}, &done.Answers},
	} {
		found, err := mentioning(ctx, tx, part.find, pattern, mentions)
		for _, id := range found {
			for _, statement := range part.remove {
				if err == nil {
					_, err = tx.ExecContext(ctx, statement, id)
				}
			}
			*part.count++
		}
		if err != nil {
			return done, fmt.Errorf("delivery: forget a person: %w", err)
		}
	}
	return done, nil
}

// mentioning returns the ids of those rows whose text mentions the person.
func mentioning(ctx context.Context, tx *sql.Tx, query, pattern string, mentions func(string) bool) (ids []int64, err error) {
	rows, err := tx.QueryContext(ctx, query, pattern)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		if mentions(text) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}
