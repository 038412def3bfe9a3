package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
)

// Publish puts a notification to m.TopicARN into the outbox, for all confirmed subscriptions whose filter policies match it; m.Targets
// does not matter. Bodies, when not nil, holds other bodies by the protocol of the subscription (MessageStructure of SNS); the message has
// the same id for all. Errors: topic.ErrTopicNotFound, ErrMessage, ErrTooLarge.
func Publish(ctx context.Context, tx *sql.Tx, m Message, bodies map[string]string, now time.Time) error {
	subscriptions, exists, err := topic.Confirmed(ctx, tx, m.TopicARN)
	if err != nil {
		return err
	}
	if !exists {
		return fmt.Errorf("delivery: publish to %s: %w", m.TopicARN, topic.ErrTopicNotFound)
	}
	byBody := map[string][]Target{}
	for _, target := range TargetsOf(subscriptions) {
		body, other := bodies[target.Protocol]
		if !other {
			body = m.Body
		}
		byBody[body] = append(byBody[body], target)
	}
	for body, targets := range byBody {
		m.Body, m.Targets = body, targets
		if err := Enqueue(ctx, tx, m, now); err != nil {
			return err
		}
	}
	return nil
}
