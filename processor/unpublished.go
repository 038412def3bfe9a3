package processor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
)

// Unpublished is what is kept of notifications whose topic was gone.
type Unpublished struct {
	TopicARN      string
	Notifications int
	Oldest        time.Time
}

// keepUnpublished keeps a notification that has no topic, for Republish.
func keepUnpublished(ctx context.Context, tx *sql.Tx, account string, m delivery.Message, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO unpublished (id, account, topic_arn, subject, body, feedback_id, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`, m.ID, account, m.TopicARN, m.Subject, m.Body, m.FeedbackID, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("processor: keeping notification %s: %w", m.ID, err)
	}
	return nil
}

// ListUnpublished returns what is kept for an account, by topic.
func ListUnpublished(ctx context.Context, db *sql.DB, account string) ([]Unpublished, error) {
	rows, err := db.QueryContext(ctx, `SELECT topic_arn, COUNT(*), MIN(created) FROM unpublished WHERE account = $1 GROUP BY topic_arn
		ORDER BY topic_arn`, account)
	if err != nil {
		return nil, fmt.Errorf("processor: listing unpublished notifications: %w", err)
	}
	defer rows.Close()
	var all []Unpublished
	for rows.Next() {
		var one Unpublished
		var oldest int64
		if err := rows.Scan(&one.TopicARN, &one.Notifications, &oldest); err != nil {
			return nil, fmt.Errorf("processor: listing unpublished notifications: %w", err)
		}
		one.Oldest = time.UnixMilli(oldest).UTC()
		all = append(all, one)
	}
	return all, rows.Err()
}

// MaxRepublished is how many notifications one call of Republish publishes at most, so that no other writer waits for long.
const MaxRepublished = 500

// Republish publishes the oldest notifications of an account that were kept for a topic to the subscribers of a topic that exists,
// which may be the same one made anew, and returns how many. Call it again, in a transaction of its own, while it returns
// MaxRepublished. The ids of the messages stay.
func Republish(ctx context.Context, tx *sql.Tx, account, keptFor string, to string, subscribers []topic.Subscription, now time.Time) (n int, err error) {
	var message delivery.Message
	for ; n < MaxRepublished; n++ {
		err := tx.QueryRowContext(ctx, `DELETE FROM unpublished WHERE id = (
			SELECT id FROM unpublished WHERE account = $1 AND topic_arn = $2 ORDER BY created, id LIMIT 1) RETURNING id, subject, body, feedback_id`,
			account, keptFor).Scan(&message.ID, &message.Subject, &message.Body, &message.FeedbackID)
		if errors.Is(err, sql.ErrNoRows) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("processor: republishing what was kept for %s: %w", keptFor, err)
		}
		message.TopicARN, message.Kind = to, delivery.KindNotification
		if _, err := delivery.Publish(ctx, tx, message, nil, subscribers, now); err != nil {
			return n, fmt.Errorf("processor: republishing notification %s: %w", message.ID, err)
		}
	}
	return n, nil
}

// PurgeUnpublished forgets at most limit notifications that were kept before a time.
func PurgeUnpublished(ctx context.Context, tx *sql.Tx, before time.Time, limit int) (int, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM unpublished WHERE id IN (SELECT id FROM unpublished WHERE created < $1 ORDER BY created LIMIT $2)`,
		before.UnixMilli(), limit)
	if err != nil {
		return 0, fmt.Errorf("processor: purging unpublished notifications: %w", err)
	}
	rows, err := result.RowsAffected()
	return int(rows), err
}
