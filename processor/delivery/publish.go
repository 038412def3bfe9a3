package delivery

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/processor/topic/filter"
)

// policies are the filter policies that were asked last. A policy means the same to every caller.
var policies filter.Cache

// Publish enqueues a notification for those subscribers of its topic whose filter policies let it through, and returns how many did not.
// The subscribers are those that topic.Confirmed gives; what m.Targets holds is replaced. Bodies, when not nil, holds other bodies by the
// protocol of the subscription (MessageStructure of SNS); the message has the same id for all. When nobody wants the message it leaves
// nothing behind. Errors are those of Enqueue.
func Publish(ctx context.Context, tx *sql.Tx, m Message, bodies map[string]string, subscribers []topic.Subscription, now time.Time) (filtered int, err error) {
	byBody, asked := map[string][]Target{}, map[string]*filter.Message{}
	for _, s := range subscribers {
		body, other := bodies[s.Protocol]
		if !other {
			body = m.Body
		}
		if asked[body] == nil {
			asked[body] = filter.NewMessage(m.Attributes, body)
		}
		if !wants(s, asked[body]) {
			filtered++
			continue
		}
		byBody[body] = append(byBody[body], Target{SubscriptionARN: s.ARN, Protocol: s.Protocol, Endpoint: s.Endpoint})
	}
	for _, body := range slices.Sorted(maps.Keys(byBody)) {
		m.Body, m.Targets = body, byBody[body]
		if err := Enqueue(ctx, tx, m, now); err != nil {
			return filtered, err
		}
	}
	return filtered, nil
}

// wants asks the filter policy of a subscription. One that cannot be read, which nothing stores, keeps nothing away.
func wants(s topic.Subscription, m *filter.Message) bool {
	if s.FilterPolicy == "" {
		return true
	}
	policy, err := policies.Compile(s.FilterPolicy, s.FilterPolicyScope)
	return err != nil || policy.Matches(m)
}
