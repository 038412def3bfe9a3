package delivery

import (
	"context"
	"database/sql"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// Subscribe makes a subscription, or finds the one that exists (topic.Subscribe), and puts its confirmation message into the outbox when
// it waits for that.
func Subscribe(ctx context.Context, tx *sql.Tx, wanted topic.Subscription, now time.Time) (topic.Subscription, error) {
	made, err := topic.Subscribe(ctx, tx, wanted, now)
	if err != nil || made.Confirmed {
		return made, err
	}
	return made, tell(ctx, tx, KindSubscriptionConfirmation, made, now)
}

// EndSubscription ends a subscription whose unsubscribe link was visited, and puts the message that can restore it into the outbox.
func EndSubscription(ctx context.Context, tx *sql.Tx, arn string, now time.Time) error {
	ended, err := topic.End(ctx, tx, arn, now)
	if err != nil {
		return err
	}
	return tell(ctx, tx, KindUnsubscribeConfirmation, ended, now)
}

// tell enqueues a message about the subscription itself.
func tell(ctx context.Context, tx *sql.Tx, kind Kind, s topic.Subscription, now time.Time) error {
	return Enqueue(ctx, tx, Message{ID: schemas.NewUUID(), TopicARN: s.TopicARN, Kind: kind,
		Targets: []Target{{SubscriptionARN: s.ARN, Protocol: s.Protocol, Endpoint: s.Endpoint}}}, now)
}
