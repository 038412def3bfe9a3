package main

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/store"
)

// heldEntries is how many retries wait.
const heldEntries = 1_000_000

// held measures a server that starts over a million retries which wait.
func (b *bench) held(ctx context.Context) (section, error) {
	entries := b.count(heldEntries)
	s := section{Key: "held", Title: "Retries that wait", Columns: []column{{"readySeconds", "ready after", seconds}, {"residentBytes", "memory", megabytes},
		{"diskBytes", "database", megabytes}}}
	binary, err := b.build(ctx)
	if err != nil {
		return s, err
	}
	data, err := b.temp("held")
	if err != nil {
		return s, err
	}
	b.say("writing %s retries that wait", whole(float64(entries)))
	size, err := fillOutbox(ctx, databaseIn(data), entries)
	if err != nil {
		return s, err
	}
	started := time.Now()
	server, err := startChild(ctx, binary, data)
	if err != nil {
		return s, err
	}
	ready := time.Since(started)
	var memory float64
	for range 5 { // some looks of the engine at what is due
		metrics, err := server.metrics()
		if err != nil {
			return s, server.fail(err)
		}
		memory = max(memory, metrics["process_resident_memory_bytes"])
		select {
		case <-time.After(b.time(500 * time.Millisecond)):
		case <-ctx.Done():
			return s, server.fail(ctx.Err())
		}
	}
	s.Rows = append(s.Rows, row{Name: whole(float64(entries)) + " entries for 1,000 endpoints", Values: []float64{ready.Seconds(), memory, size}})
	return s, server.stop()
}

// fillOutbox writes entries that are due in an hour, in the form that the engine leaves them in after a failed attempt.
func fillOutbox(ctx context.Context, path string, entries int) (size float64, err error) {
	opened, err := store.Open(ctx, path)
	if err != nil {
		return 0, err
	}
	due := time.Now().Add(time.Hour).UnixMilli()
	for _, statement := range []struct {
		query string
		args  []any
	}{
		{`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
			INSERT INTO outbox_endpoint (id, protocol, endpoint, failures) SELECT i, 'http', 'http://127.0.0.1:1/' || i, 1 FROM n`, nil},
		{`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO outbox_message (seq, id, topic_arn, kind, subject, body, feedback_id, feedback_seq, created)
			SELECT i, 'message-' || i, 'arn:aws:sns:us-east-1:000000000000:bench', 'Notification', '', $2, 'feedback-' || i, i, $3 FROM n`,
			[]any{entries, strings.Repeat("x", 300), time.Now().UnixMilli()}},
		{`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO outbox_entry (id, message, endpoint, subscription_arn, due, attempts, last_attempt, last_status, last_error)
			SELECT i, i, 1 + i % 1000, 'arn:aws:sns:us-east-1:000000000000:bench:' || i % 1000, $2 + i, 1, $2, 503, 'HTTP 503' FROM n`, []any{entries, due}},
	} {
		err := opened.Transact(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement.query, statement.args...)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	if err := opened.Read.QueryRowContext(ctx, `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&size); err != nil {
		return 0, err
	}
	return size, opened.Close()
}

func megabytes(v float64) string { return whole(v/1e6) + " MB" }
