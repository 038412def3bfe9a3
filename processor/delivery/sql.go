package delivery

import (
	"database/sql"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

// never is when a failed entry is due.
const (
	never     = math.MaxInt64
	neverText = "9223372036854775807"
)

const (
	insertMessage = `INSERT INTO outbox_message (id, topic_arn, kind, subject, body, attributes, feedback_id, feedback_seq, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING seq`
	insertEndpoint = `INSERT INTO outbox_endpoint (protocol, endpoint) VALUES ($1, $2) ON CONFLICT (protocol, endpoint) DO NOTHING`
	insertEntry    = `INSERT INTO outbox_entry (message, endpoint, subscription_arn, due)
		SELECT CAST($1 AS BIGINT), id, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM outbox_endpoint WHERE protocol = $4 AND endpoint = $5`

	// selectDue lists the endpoints that have entries. It jumps from one to the next in the index, whatever number of entries each has.
	selectDue = `WITH RECURSIVE used (endpoint) AS (
			SELECT MIN(endpoint) FROM outbox_entry
			UNION ALL
			SELECT (SELECT MIN(endpoint) FROM outbox_entry WHERE endpoint > used.endpoint) FROM used WHERE used.endpoint IS NOT NULL),
		soonest (endpoint, due) AS (
			SELECT endpoint, (SELECT MIN(due) FROM outbox_entry WHERE outbox_entry.endpoint = used.endpoint) FROM used
			WHERE used.endpoint IS NOT NULL)
		SELECT e.id, e.protocol, e.endpoint, e.failures, e.strikes, e.paused_until, e.failing_since, e.last_success, soonest.due
		FROM soonest JOIN outbox_endpoint e ON e.id = soonest.endpoint
		WHERE soonest.due < $1 ORDER BY soonest.due`

	claimEntries = `UPDATE outbox_entry SET due = $1, owner = $2 WHERE id IN (
			SELECT id FROM outbox_entry WHERE endpoint = $3 AND due <= $4 ORDER BY due, id LIMIT $5) AND due <= $4
		RETURNING id, message, subscription_arn, attempts, waited, held, last_attempt > 0`
	releaseOwned = `UPDATE outbox_entry SET due = $1, owner = '' WHERE owner = $2`

	entryColumns = `o.id, m.id, m.topic_arn, m.kind, m.feedback_id, m.feedback_seq, m.created, o.subscription_arn, e.protocol, e.endpoint,
		o.due, o.attempts, o.failed, o.last_attempt, o.last_status, o.last_error, o.last_answer, o.queue`
	entryTables = ` FROM outbox_entry o JOIN outbox_message m ON m.seq = o.message JOIN outbox_endpoint e ON e.id = o.endpoint`
	selectWhole = `SELECT m.subject, m.body, m.attributes, ` + entryColumns + entryTables + ` WHERE o.id = $1`
	selectList  = `SELECT '', '', '', ` + entryColumns + entryTables

	selectOwned   = `SELECT 1 FROM outbox_entry WHERE id = $1 AND owner = $2`
	selectMessage = `SELECT id, topic_arn, kind, subject, body, attributes, feedback_id, feedback_seq, created FROM outbox_message WHERE seq = $1`

	// The due time of a claimed entry is the end of its lease: when it has changed the entry is no longer in hand.
	settleDelivered = `DELETE FROM outbox_entry WHERE id = $1 AND due = $2`
	settleReleased  = `UPDATE outbox_entry SET due = $1, owner = '', held = $2 WHERE id = $3 AND due = $4`
	settleAttempted = `UPDATE outbox_entry SET due = $1, owner = '', attempts = $2, failed = $3, last_attempt = $4, last_status = $5,
		last_error = $6, last_answer = $7, queue = $8, waited = $9, held = 0 WHERE id = $10 AND due = $11`
	insertAttempt = `INSERT INTO outbox_attempt (entry, number, at, took, status, error, answer)
		SELECT CAST($1 AS BIGINT), COALESCE(MAX(number), 0) + 1, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS INTEGER), CAST($5 AS TEXT), CAST($6 AS TEXT)
		FROM outbox_attempt WHERE entry = $1`
	forgetAttempts = `DELETE FROM outbox_attempt WHERE entry = $1 AND number <= (SELECT MAX(number) FROM outbox_attempt WHERE entry = $1) - $2`
	selectAttempts = `SELECT number, at, took, status, error, answer FROM outbox_attempt WHERE entry = $1 ORDER BY number`
	deleteAttempts = `DELETE FROM outbox_attempt WHERE entry = $1`
	deleteMessage  = `DELETE FROM outbox_message WHERE seq = $1 AND NOT EXISTS (SELECT 1 FROM outbox_entry WHERE message = $1)`
	updateEndpoint = `UPDATE outbox_endpoint SET failures = $1, strikes = $2, paused_until = $3, failing_since = $4, last_success = $5 WHERE id = $6`

	selectTroubled = `SELECT subscription_arn FROM outbox_trouble WHERE since > 0`
	endTrouble     = `UPDATE outbox_trouble SET since = 0 WHERE subscription_arn = $1`
	beginTrouble   = `INSERT INTO outbox_trouble (subscription_arn, since, alarmed) VALUES ($1, $2, 0) ON CONFLICT (subscription_arn)
		DO UPDATE SET since = CASE WHEN outbox_trouble.since = 0 THEN excluded.since ELSE outbox_trouble.since END RETURNING since, alarmed`
	noteAlarm = `UPDATE outbox_trouble SET alarmed = $1 WHERE subscription_arn = $2`
	countLost = `SELECT COUNT(*) FROM outbox_entry WHERE subscription_arn = $1 AND failed > 0`

	resumeEndpointOf = `UPDATE outbox_endpoint SET paused_until = 0
		WHERE paused_until > $1 AND id = (SELECT endpoint FROM outbox_entry WHERE id = $2)`
	redriveEntry = `UPDATE outbox_entry SET due = $1, attempts = 0, failed = 0, queue = '', waited = 0, held = 0 WHERE id = $2`
	// The attempts of what is deleted go with it.
	deleteAttemptsOf = `DELETE FROM outbox_attempt WHERE entry IN (SELECT id FROM outbox_entry WHERE message = $1)`
	dropEntry        = `DELETE FROM outbox_entry WHERE id = $1 RETURNING message`

	countEntries    = `SELECT COUNT(*), (SELECT COUNT(*) FROM outbox_entry WHERE failed > 0) FROM outbox_entry`
	selectEndpoints = `SELECT e.protocol, e.endpoint, e.failures, e.strikes, e.paused_until, e.failing_since, e.last_success,
			COALESCE(n.entries, 0), COALESCE(n.failed, 0)
		FROM outbox_endpoint e LEFT JOIN (SELECT endpoint, COUNT(*) AS entries, COUNT(CASE WHEN due = ` + neverText + ` THEN 1 END) AS failed
			FROM outbox_entry GROUP BY endpoint) n ON n.endpoint = e.id
		ORDER BY e.id`

	selectOld       = `SELECT seq, created FROM outbox_message ORDER BY seq LIMIT $1`
	deleteEntriesOf = `DELETE FROM outbox_entry WHERE message = $1`
	deleteUnused    = `DELETE FROM outbox_endpoint WHERE id IN (SELECT id FROM outbox_endpoint e
		WHERE e.last_success < $1 AND NOT EXISTS (SELECT 1 FROM outbox_entry WHERE outbox_entry.endpoint = e.id) LIMIT $2)`
)

// list returns the statement for a page of what f selects.
func (f Filter) list(after int64, limit int) (query string, args []any) {
	condition, args := f.condition([]any{after})
	args = append(args, limit)
	return selectList + ` WHERE o.id > $1` + condition + ` ORDER BY o.id LIMIT $` + strconv.Itoa(len(args)), args
}

// ids returns the statement for the ids of what f selects and nobody sends.
func (f Filter) ids(limit int) (query string, args []any) {
	condition, args := f.condition(nil)
	args = append(args, limit)
	return `SELECT o.id` + entryTables + ` WHERE o.owner = ''` + condition + ` ORDER BY o.id LIMIT $` + strconv.Itoa(len(args)), args
}

// condition returns the terms that f adds to a WHERE clause, and args with theirs behind.
func (f Filter) condition(args []any) (string, []any) {
	var terms strings.Builder
	parameter := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	switch f.State {
	case Waiting:
		terms.WriteString(" AND o.failed = 0")
	case Failed:
		terms.WriteString(" AND o.failed > 0")
	}
	if len(f.IDs) > 0 {
		places := make([]string, len(f.IDs))
		for i, id := range f.IDs {
			places[i] = parameter(id)
		}
		terms.WriteString(" AND o.id IN (" + strings.Join(places, ", ") + ")")
	}
	add := func(term string, value any) {
		terms.WriteString(strings.ReplaceAll(" AND "+term, "?", parameter(value)))
	}
	for _, equal := range []struct{ column, value string }{{"m.topic_arn", f.TopicARN}, {"o.subscription_arn", f.SubscriptionARN}, {"e.endpoint", f.Endpoint}} {
		if equal.value != "" {
			add(equal.column+" = ?", equal.value)
		}
	}
	if f.Queue != "" {
		add("o.failed > 0 AND o.queue = ?", strings.TrimPrefix(f.Queue, DefaultQueue))
	}
	if !f.Since.IsZero() {
		add("m.created >= ?", f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		add("m.created < ?", f.Until.UnixMilli())
	}
	if f.Error != "" {
		add(`(LOWER(o.last_error) LIKE ? ESCAPE '\' OR LOWER(o.last_answer) LIKE ? ESCAPE '\')`, "%"+likeEscape.Replace(strings.ToLower(f.Error))+"%")
	}
	if f.Status != 0 {
		add("o.last_status = ?", f.Status)
	}
	return terms.String(), args
}

// likeEscape takes the meaning from what LIKE reads as more than itself.
var likeEscape = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

func scanEntry(row interface{ Scan(...any) error }) (e Entry, err error) {
	var seq, published, due, failed, last int64
	var attributes string
	err = row.Scan(&e.Subject, &e.Body, &attributes, &e.ID, &e.MessageID, &e.TopicARN, &e.Kind, &e.FeedbackID, &seq, &published, &e.SubscriptionARN,
		&e.Protocol, &e.Endpoint, &due, &e.Attempts, &failed, &last, &e.LastStatus, &e.LastError, &e.LastAnswer,
		&e.Queue)
	e.FeedbackSeq, e.Published, e.State = uint64(seq), fromMillis(published), Waiting
	if failed > 0 {
		e.State, e.FailedAt = Failed, fromMillis(failed)
	} else {
		e.Next = fromMillis(due)
	}
	if last > 0 {
		e.LastAttempt = fromMillis(last)
	}
	if err == nil && attributes != "" {
		err = json.Unmarshal([]byte(attributes), &e.Attributes)
	}
	return e, err
}

// scanMessage reads what all entries of a message have in common.
func scanMessage(row interface{ Scan(...any) error }) (e Entry, err error) {
	var seq, published int64
	var attributes string
	err = row.Scan(&e.MessageID, &e.TopicARN, &e.Kind, &e.Subject, &e.Body, &attributes, &e.FeedbackID, &seq, &published)
	e.FeedbackSeq, e.Published, e.State = uint64(seq), fromMillis(published), Waiting
	if err == nil && attributes != "" {
		err = json.Unmarshal([]byte(attributes), &e.Attributes)
	}
	return e, err
}

// encodeAttributes is "" for none.
func encodeAttributes(attributes map[string]schemas.MessageAttribute) (string, error) {
	if len(attributes) == 0 {
		return "", nil
	}
	encoded, err := schemas.Marshal(attributes)
	return string(encoded), err
}

func fromMillisOrZero(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return fromMillis(ms)
}

func millisOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
