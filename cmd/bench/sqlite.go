package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/store"
)

// tableRows is what a run left in a table.
type tableRows struct {
	into string // the table, with the columns that are not left to their defaults
	rows [][]any
}

// sqliteAlone writes the rows of a run into an empty database of the same form, in transactions of 500 reports, and takes those of the
// outbox away again, as the server does when they are delivered.
func (b *bench) sqliteAlone(ctx context.Context, d delivered) (part, error) {
	tables, reports, err := readRows(ctx, d)
	if err != nil {
		return part{}, err
	}
	dir, err := b.temp("sqlite")
	if err != nil {
		return part{}, err
	}
	fresh, err := store.Open(ctx, filepath.Join(dir, "alone.db"))
	if err != nil {
		return part{}, err
	}
	defer fresh.Close()
	if err := fresh.Transact(ctx, func(tx *sql.Tx) error { return insertAll(ctx, tx, endpointRows(d.endpoints)) }); err != nil {
		return part{}, err
	}
	used, err := processorTime()
	if err != nil {
		return part{}, err
	}
	started := time.Now()
	for from := 0; from < reports; from += batchSize {
		to := min(from+batchSize, reports)
		if err := fresh.Transact(ctx, func(tx *sql.Tx) error { return writeRows(ctx, tx, tables, from, to, reports) }); err != nil {
			return part{}, err
		}
		err := fresh.Transact(ctx, func(tx *sql.Tx) error { return removeDelivered(ctx, tx, from*d.endpoints, to*d.endpoints, d.endpoints) })
		if err != nil {
			return part{}, err
		}
	}
	took := time.Since(started)
	usedThen, err := processorTime()
	n := float64(reports)
	return part{n / took.Seconds(), (usedThen - used).Seconds() / n}, err
}

// readRows reads what the reports of a run left behind, in the order in which they came, and what they had in the outbox.
func readRows(ctx context.Context, d delivered) (tables []tableRows, reports int, err error) {
	opened, err := store.Open(ctx, databaseIn(d.data))
	if err != nil {
		return nil, 0, err
	}
	defer opened.Close()
	for _, table := range []struct{ name, query string }{
		{"feedback", `SELECT * FROM feedback ORDER BY seq`},
		{"feedback_recipient", `SELECT r.* FROM feedback_recipient r JOIN feedback f ON f.id = r.feedback_id ORDER BY f.seq, r.position`},
		{"suppression_entry", `SELECT * FROM suppression_entry ORDER BY created, list, hash`},
		{"suppression_change", `SELECT * FROM suppression_change ORDER BY seq`},
	} {
		rows, err := readAll(ctx, opened.Read, table.query)
		if err != nil {
			return nil, 0, fmt.Errorf("reading %s: %w", table.name, err)
		}
		tables = append(tables, tableRows{table.name, rows})
	}
	reports = len(tables[0].rows)
	outbox, err := outboxRows(d, reports)
	return append(tables, outbox...), reports, err
}

func readAll(ctx context.Context, db *sql.DB, query string) (all [][]any, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, values)
	}
	return all, rows.Err()
}

// outboxRows are the rows that the notifications had while they waited: a message, and an entry for each endpoint.
func outboxRows(d delivered, reports int) ([]tableRows, error) {
	messages := tableRows{into: "outbox_message (seq, id, topic_arn, kind, subject, body, feedback_id, feedback_seq, created)"}
	entries := tableRows{into: "outbox_entry (id, message, endpoint, subscription_arn, due)"}
	due := time.Now().UnixMilli()
	bodies := make([]struct{ MessageId, TopicArn, Message string }, len(d.samples))
	for i, one := range d.samples {
		if err := json.Unmarshal(one.body, &bodies[i]); err != nil {
			return nil, err
		}
	}
	for i := range reports {
		body := bodies[i%len(bodies)]
		messages.rows = append(messages.rows, []any{i + 1, body.MessageId, body.TopicArn, "Notification", "", body.Message, body.MessageId, 0, due})
		for endpoint := range d.endpoints {
			entries.rows = append(entries.rows, []any{i*d.endpoints + endpoint + 1, i + 1, endpoint + 1, body.TopicArn + ":" + body.MessageId, due})
		}
	}
	return []tableRows{messages, entries}, nil
}

func endpointRows(endpoints int) tableRows {
	table := tableRows{into: "outbox_endpoint (id, protocol, endpoint)"}
	for i := range endpoints {
		table.rows = append(table.rows, []any{i + 1, "http", fmt.Sprintf("http://127.0.0.1/%d", i)})
	}
	return table
}

// writeRows writes the share of each table that the reports from..to have, and counts them.
func writeRows(ctx context.Context, tx *sql.Tx, tables []tableRows, from, to, reports int) error {
	for _, table := range tables {
		share := table.rows[len(table.rows)*from/reports : len(table.rows)*to/reports]
		if err := insertAll(ctx, tx, tableRows{table.into, share}); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO statistics VALUES ('000000000000', 0, 0, $1, 0, 0, 0)
		ON CONFLICT (account, at) DO UPDATE SET bounces = statistics.bounces + excluded.bounces`, to-from)
	return err
}

func insertAll(ctx context.Context, tx *sql.Tx, table tableRows) error {
	if len(table.rows) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+table.into+" VALUES ("+strings.Repeat("?,", len(table.rows[0])-1)+"?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, values := range table.rows {
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return nil
}

// removeDelivered takes the entries from..to out of the outbox, and their messages.
func removeDelivered(ctx context.Context, tx *sql.Tx, from, to, endpoints int) error {
	entry, err := tx.PrepareContext(ctx, "DELETE FROM outbox_entry WHERE id = $1")
	if err != nil {
		return err
	}
	defer entry.Close()
	message, err := tx.PrepareContext(ctx, "DELETE FROM outbox_message WHERE seq = $1")
	if err != nil {
		return err
	}
	defer message.Close()
	for i := from; i < to; i++ {
		if _, err := entry.ExecContext(ctx, i+1); err != nil {
			return err
		}
		if (i+1)%endpoints != 0 {
			continue
		}
		if _, err := message.ExecContext(ctx, i/endpoints+1); err != nil {
			return err
		}
	}
	return nil
}
