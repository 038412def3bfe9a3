package delivery

import (
	"context"
	"database/sql"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/processor/topic/filter"
)

// policies are the filter policies that were asked last. A policy means the same to every caller.
var policies filter.Cache

// Publish enqueues a message for those subscribers of its topic whose filter policies let it through, and returns how many did not.
// The subscribers are those that topic.Confirmed gives; what m.Targets holds is replaced. When nobody wants the message it leaves
// nothing behind. Errors are those of Enqueue.
func Publish(ctx context.Context, tx *sql.Tx, m Message, subscribers []topic.Subscription, now time.Time) (filtered int, err error) {
	m.Targets = make([]Target, 0, len(subscribers))
	for _, s := range subscribers {
		if !wants(s, m) {
			continue
		}
		m.Targets = append(m.Targets, Target{SubscriptionARN: s.ARN, Protocol: s.Protocol, Endpoint: s.Endpoint})
	}
	return len(subscribers) - len(m.Targets), Enqueue(ctx, tx, m, now)
}

// wants asks the filter policy of a subscription. One that cannot be read, which nothing stores, keeps nothing away.
func wants(s topic.Subscription, m Message) bool {
	if s.FilterPolicy == "" {
		return true
	}
	policy, err := policies.Compile(s.FilterPolicy, s.FilterPolicyScope)
	return err != nil || policy.Matches(m.Attributes, m.Body)
}
