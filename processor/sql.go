package processor

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// insertFeedback notes a report and its recipients; first is false when the report has had its effects. One that matched no mail has
// had none: when it comes again and does match by then, because the mail was registered meanwhile, it counts.
func insertFeedback(ctx context.Context, tx *sql.Tx, j *job) (first bool, err error) {
	problem := ""
	if j.found.Err != nil {
		problem = j.found.Err.Error()
	}
	mail := j.received.Mail
	result, err := tx.ExecContext(ctx, `INSERT INTO feedback
		(id, seq, account, kind, format, trust, source, received_at, reported_at, message_id, reporting_mta, subject, problem)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, account = excluded.account, trust = excluded.trust, source = excluded.source,
			received_at = excluded.received_at, message_id = excluded.message_id
		WHERE feedback.trust = 'C' AND excluded.trust <> 'C'`,
		j.effects.FeedbackID, int64(j.received.Seq), j.match.Mail.Account, string(j.found.Kind), j.found.Format, string(j.match.Trust), mail.Source,
		mail.Received.UnixMilli(), atLeastEpoch(j.found.Date).UnixMilli(), j.match.Mail.MessageID, utf8(j.found.ReportingMTA),
		bounded(j.found.Header.Text("Subject")), bounded(problem))
	if err != nil {
		return false, fmt.Errorf("processor: noting feedback %s: %w", j.effects.FeedbackID, err)
	}
	if rows, err := result.RowsAffected(); err != nil || rows == 0 {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM feedback_recipient WHERE feedback_id = $1`, j.effects.FeedbackID); err != nil {
		return false, fmt.Errorf("processor: noting feedback %s: %w", j.effects.FeedbackID, err)
	}
	return true, insertRecipients(ctx, tx, j)
}

// insertRecipients notes what became of each recipient: as matched, or as reported when the report matches no mail.
func insertRecipients(ctx context.Context, tx *sql.Tx, j *job) error {
	decisions := j.effects.Recipients
	if len(decisions) == 0 {
		for _, recipient := range j.found.Recipients {
			decisions = append(decisions, Decision{MatchedRecipient: MatchedRecipient{Recipient: recipient, Trust: TrustC}})
		}
	}
	for i, d := range decisions {
		addr := d.SentTo
		if addr == "" {
			addr = d.Address
		}
		reason := d.Cause.Reason
		if j.found.Complaint != nil {
			reason = bounded(j.found.Complaint.FeedbackType)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO feedback_recipient
			(feedback_id, position, address, notification_id, outcome, bounce_type, bounce_sub_type, scope, reason, status, diagnostic, listed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			j.effects.FeedbackID, i, normalized(utf8(addr)), d.FeedbackID, string(d.Outcome), d.Cause.BounceType, d.Cause.BounceSubType,
			string(d.Cause.Scope), reason, utf8(d.Status), bounded(d.DiagnosticCode), d.Listed)
		if err != nil {
			return fmt.Errorf("processor: noting a recipient of feedback %s: %w", j.effects.FeedbackID, err)
		}
	}
	return nil
}

// maxNoted bounds the texts that are kept of a report beside the report itself, in bytes.
const maxNoted = 1000

func bounded(text string) string { return utf8(text[:min(len(text), maxNoted)]) }

// Arrived is one report as `rebound feedback list` shows it.
type Arrived struct {
	ID           string             `json:"feedbackId"`
	Seq          uint64             `json:"seq"` // in the stream that holds the mail
	Account      string             `json:"account,omitempty"`
	Kind         Kind               `json:"kind"`
	Format       string             `json:"format,omitempty"`
	Trust        Trust              `json:"trust"`
	Source       string             `json:"source"`
	Received     time.Time          `json:"received"`
	MessageID    string             `json:"messageId,omitempty"` // of the mail that it is about
	ReportingMTA string             `json:"reportingMTA,omitempty"`
	Subject      string             `json:"subject,omitempty"`
	Problem      string             `json:"problem,omitempty"`
	Recipients   []ArrivedRecipient `json:"recipients,omitempty"`
}

// ArrivedRecipient is one recipient of an arrived report.
type ArrivedRecipient struct {
	Address       string `json:"emailAddress"`
	Notification  string `json:"notificationId,omitempty"` // the feedbackId of the notification
	Outcome       string `json:"outcome,omitempty"`
	BounceType    string `json:"bounceType,omitempty"`
	BounceSubType string `json:"bounceSubType,omitempty"`
	Scope         string `json:"scope,omitempty"`
	Reason        string `json:"reason,omitempty"`
	Status        string `json:"status,omitempty"`
	Diagnostic    string `json:"diagnosticCode,omitempty"`
	Listed        bool   `json:"listed"`
}

// FeedbackQuery selects reports; a zero field selects all. Reports come newest first, at most Limit.
type FeedbackQuery struct {
	Account string
	ID      string
	Seq     uint64
	Kind    Kind
	Trust   Trust
	Before  uint64 // only those with a lower Seq
	Limit   int
}

// ListFeedback reads what arrived.
func ListFeedback(ctx context.Context, db *sql.DB, query FeedbackQuery) ([]Arrived, error) {
	before := int64(query.Before)
	if before == 0 {
		before = 1<<63 - 1
	}
	rows, err := db.QueryContext(ctx, `SELECT id, seq, account, kind, format, trust, source, received_at, message_id, reporting_mta, subject, problem
		FROM feedback WHERE ($1 = '' OR id = $1) AND ($2 = '' OR kind = $2) AND ($3 = '' OR trust = $3) AND ($4 = '' OR account = $4) AND seq < $5
		AND ($6 = 0 OR seq = $6) ORDER BY seq DESC LIMIT $7`, query.ID, string(query.Kind), string(query.Trust), query.Account, before, int64(query.Seq), query.Limit)
	if err != nil {
		return nil, fmt.Errorf("processor: listing feedback: %w", err)
	}
	defer rows.Close()
	var all []Arrived
	for rows.Next() {
		var one Arrived
		var received int64
		if err := rows.Scan(&one.ID, &one.Seq, &one.Account, &one.Kind, &one.Format, &one.Trust, &one.Source, &received, &one.MessageID,
			&one.ReportingMTA, &one.Subject, &one.Problem); err != nil {
			return nil, fmt.Errorf("processor: listing feedback: %w", err)
		}
		one.Received = time.UnixMilli(received).UTC()
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("processor: listing feedback: %w", err)
	}
	for i := range all {
		if all[i].Recipients, err = feedbackRecipients(ctx, db, all[i].ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func feedbackRecipients(ctx context.Context, db *sql.DB, id string) ([]ArrivedRecipient, error) {
	rows, err := db.QueryContext(ctx, `SELECT address, notification_id, outcome, bounce_type, bounce_sub_type, scope, reason, status, diagnostic, listed
		FROM feedback_recipient WHERE feedback_id = $1 ORDER BY position`, id)
	if err != nil {
		return nil, fmt.Errorf("processor: listing the recipients of feedback %s: %w", id, err)
	}
	defer rows.Close()
	var all []ArrivedRecipient
	for rows.Next() {
		var one ArrivedRecipient
		if err := rows.Scan(&one.Address, &one.Notification, &one.Outcome, &one.BounceType, &one.BounceSubType, &one.Scope, &one.Reason, &one.Status,
			&one.Diagnostic, &one.Listed); err != nil {
			return nil, fmt.Errorf("processor: listing the recipients of feedback %s: %w", id, err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// PurgeFeedback forgets at most limit reports that came in before a time; their mails have left the stream by then.
func PurgeFeedback(ctx context.Context, tx *sql.Tx, before time.Time, limit int) (int, error) {
	ids := `SELECT id FROM feedback WHERE received_at < $1 ORDER BY received_at LIMIT $2`
	if _, err := tx.ExecContext(ctx, `DELETE FROM feedback_recipient WHERE feedback_id IN (`+ids+`)`, before.UnixMilli(), limit); err != nil {
		return 0, fmt.Errorf("processor: purging feedback: %w", err)
	}
	result, err := tx.ExecContext(ctx, `DELETE FROM feedback WHERE id IN (`+ids+`)`, before.UnixMilli(), limit)
	if err != nil {
		return 0, fmt.Errorf("processor: purging feedback: %w", err)
	}
	rows, err := result.RowsAffected()
	return int(rows), err
}
