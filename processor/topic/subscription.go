package topic

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

// The protocols that a subscription can have.
const (
	HTTP      = "http"
	HTTPS     = "https"
	Email     = "email"      // the endpoint is an address
	EmailJSON = "email-json" // likewise
	NATS      = "nats"       // the endpoint is a subject below "sns."
)

// Subscription is an endpoint that wants what is published to a topic.
type Subscription struct {
	ARN                          string // the topic's ARN, ":" and a UUID
	TopicARN                     string
	Account                      string // the topic's account
	Protocol                     string
	Endpoint                     string // a URL, maybe with "user:password@": show it with MaskEndpoint
	Confirmed                    bool   // only confirmed subscriptions get notifications
	Raw                          bool   // the message alone is delivered, without an envelope
	Token                        string // 256 hexadecimal digits, part of the link that confirms
	TokenExpires                 time.Time
	ConfirmationWasAuthenticated bool   // only the owner may unsubscribe
	DeliveryPolicy               string // JSON as SetSubscriptionAttributes got it; "" for the default
	FilterPolicy                 string // JSON likewise; "" for none
	FilterPolicyScope            string // MessageAttributes, or MessageBody; "" is the first
	RedrivePolicy                string // JSON likewise; "" for none
	Created                      time.Time
	Ended                        time.Time // zero while it lives; until TokenExpires, confirming the token restores it
}

// Subscribe subscribes s.Endpoint to s.TopicARN, or returns the subscription that exists for that topic, protocol and endpoint. What comes
// back waits for its confirmation unless Confirmed is set; the caller then sends the confirmation message, with the Token that is in it.
// A subject of NATS is the operator's own, so that it needs none. Raw and the policies, when set, must be those of an existing
// subscription. Errors: ErrProtocol, ErrEndpoint, ErrTopicNotFound, ErrDifferent.
func Subscribe(ctx context.Context, tx *sql.Tx, s Subscription, now time.Time) (Subscription, error) {
	if err := checkEndpoint(s.Protocol, s.Endpoint); err != nil {
		return Subscription{}, fmt.Errorf("topic: subscribe to %s: %w", s.TopicARN, err)
	}
	t, err := GetTopic(ctx, tx, s.TopicARN)
	if err != nil {
		return Subscription{}, err
	}
	existing, err := scanSubscription(tx.QueryRowContext(ctx, selectSubscriptionByEndpoint, s.TopicARN, s.Protocol, s.Endpoint))
	if err == nil && existing.Ended.IsZero() {
		return subscribeAgain(ctx, tx, existing, s, now)
	}
	if err == nil { // what has ended makes room
		_, err = Unsubscribe(ctx, tx, existing.ARN)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Subscription{}, fmt.Errorf("topic: subscribe to %s: %w", s.TopicARN, err)
	}
	s.ARN, s.Account = s.TopicARN+":"+schemas.NewUUID(), t.Account
	s.Confirmed, s.ConfirmationWasAuthenticated = s.Protocol == NATS, s.Protocol == NATS
	s.Token, s.TokenExpires = newToken(), fromMillis(now.Add(TokenLife).UnixMilli())
	s.Created = fromMillis(now.UnixMilli())
	_, err = tx.ExecContext(ctx, insertSubscription, s.ARN, s.TopicARN, s.Account, s.Protocol, s.Endpoint, integer(s.Confirmed),
		integer(s.Raw), s.Token, s.TokenExpires.UnixMilli(), integer(s.ConfirmationWasAuthenticated), s.DeliveryPolicy,
		s.FilterPolicy, s.FilterPolicyScope, s.RedrivePolicy, now.UnixMilli())
	if err != nil {
		return Subscription{}, fmt.Errorf("topic: subscribe to %s: %w", s.TopicARN, err)
	}
	return s, nil
}

// subscribeAgain gives a waiting subscription its full time to be confirmed. The token stays as long as it is valid, so that a
// confirmation message that is still on its way works too.
func subscribeAgain(ctx context.Context, tx *sql.Tx, existing, asked Subscription, now time.Time) (Subscription, error) {
	differs := asked.Raw && !existing.Raw
	for _, pair := range [][2]string{{asked.DeliveryPolicy, existing.DeliveryPolicy}, {asked.FilterPolicy, existing.FilterPolicy},
		{asked.FilterPolicyScope, existing.FilterPolicyScope}, {asked.RedrivePolicy, existing.RedrivePolicy}} {
		differs = differs || pair[0] != "" && pair[0] != pair[1]
	}
	if differs {
		return Subscription{}, fmt.Errorf("topic: subscribe to %s: %w", asked.TopicARN, ErrDifferent)
	}
	if existing.Confirmed {
		return existing, nil
	}
	if !now.Before(existing.TokenExpires) {
		existing.Token = newToken()
	}
	existing.TokenExpires = fromMillis(now.Add(TokenLife).UnixMilli())
	if _, err := tx.ExecContext(ctx, updateToken, existing.Token, existing.TokenExpires.UnixMilli(), existing.ARN); err != nil {
		return Subscription{}, fmt.Errorf("topic: subscribe to %s: %w", asked.TopicARN, err)
	}
	return existing, nil
}

// Unsubscribe deletes the subscription. Deleting what is not there is no error.
func Unsubscribe(ctx context.Context, tx *sql.Tx, arn string) (existed bool, err error) {
	n, err := affected(tx.ExecContext(ctx, deleteSubscription, arn))
	if err != nil {
		return false, fmt.Errorf("topic: unsubscribe %s: %w", arn, err)
	}
	return n > 0, nil
}

// End ends a subscription whose unsubscribe link was visited. Until its new token expires, confirming that restores it, with the same ARN.
// What comes back has that token; the caller sends it to the endpoint. Errors: ErrSubscriptionNotFound.
func End(ctx context.Context, tx *sql.Tx, arn string, now time.Time) (Subscription, error) {
	s, err := getSubscription(ctx, tx, selectSubscription, arn)
	if err != nil {
		return Subscription{}, err
	}
	s.Confirmed, s.Ended, s.Token, s.TokenExpires = false, fromMillis(now.UnixMilli()), newToken(), fromMillis(now.Add(TokenLife).UnixMilli())
	if _, err := tx.ExecContext(ctx, endSubscription, s.Ended.UnixMilli(), s.Token, s.TokenExpires.UnixMilli(), arn); err != nil {
		return Subscription{}, fmt.Errorf("topic: end %s: %w", arn, err)
	}
	return s, nil
}

// UpdateSubscription changes Raw and the policies of the subscription s.ARN, or returns ErrSubscriptionNotFound.
func UpdateSubscription(ctx context.Context, tx *sql.Tx, s Subscription) error {
	n, err := affected(tx.ExecContext(ctx, updateSubscription, integer(s.Raw), s.DeliveryPolicy, s.FilterPolicy, s.FilterPolicyScope,
		s.RedrivePolicy, s.ARN))
	if err != nil {
		return fmt.Errorf("topic: update %s: %w", s.ARN, err)
	}
	if n == 0 {
		return fmt.Errorf("topic: update %s: %w", s.ARN, ErrSubscriptionNotFound)
	}
	return nil
}

// GetSubscription returns the subscription, or ErrSubscriptionNotFound.
func GetSubscription(ctx context.Context, db querier, arn string) (Subscription, error) {
	return getSubscription(ctx, db, selectSubscription, arn)
}

// GetEnded returns a subscription that can be restored, or ErrSubscriptionNotFound.
func GetEnded(ctx context.Context, db *sql.DB, arn string) (Subscription, error) {
	return getSubscription(ctx, db, selectEnded, arn)
}

func getSubscription(ctx context.Context, q querier, statement, arn string) (Subscription, error) {
	s, err := scanSubscription(q.QueryRowContext(ctx, statement, arn))
	if errors.Is(err, sql.ErrNoRows) {
		return Subscription{}, fmt.Errorf("topic: %s: %w", arn, ErrSubscriptionNotFound)
	}
	if err != nil {
		return Subscription{}, fmt.Errorf("topic: get %s: %w", arn, err)
	}
	return s, nil
}

// ListSubscriptions returns at most limit subscriptions in the order of their ARNs, beginning after the ARN after. Account "" means all
// accounts, topicARN "" all topics. Next is what to give as after for the following page, "" at the end.
func ListSubscriptions(ctx context.Context, db *sql.DB, account, topicARN, after string, limit int) (page []Subscription, next string, err error) {
	all, err := querySubscriptions(ctx, db, selectSubscriptions, account, topicARN, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(all) <= limit {
		return all, "", nil
	}
	return all[:limit], all[limit-1].ARN, nil
}

// Confirmed returns the confirmed subscriptions of the topic, and whether there is such a topic.
func Confirmed(ctx context.Context, db querier, topicARN string) (subscriptions []Subscription, exists bool, err error) {
	subscriptions, err = querySubscriptions(ctx, db, selectConfirmed, topicARN)
	if err != nil || len(subscriptions) > 0 {
		return subscriptions, err == nil, err
	}
	_, err = GetTopic(ctx, db, topicARN)
	if errors.Is(err, ErrTopicNotFound) {
		return nil, false, nil
	}
	return nil, err == nil, err
}

func querySubscriptions(ctx context.Context, db querier, query string, args ...any) ([]Subscription, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("topic: list subscriptions: %w", err)
	}
	defer rows.Close()
	var list []Subscription
	for rows.Next() {
		s, err := scanSubscription(rows)
		if err != nil {
			return nil, fmt.Errorf("topic: list subscriptions: %w", err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("topic: list subscriptions: %w", err)
	}
	return list, nil
}

// CountSubscriptions returns how many subscriptions of the topic are confirmed, how many wait for it, and how many have ended and can be
// restored.
func CountSubscriptions(ctx context.Context, db *sql.DB, topicARN string) (confirmed, pending, ended int, err error) {
	var all int
	if err := db.QueryRowContext(ctx, countSubscriptions, topicARN).Scan(&confirmed, &all, &ended); err != nil {
		return 0, 0, 0, fmt.Errorf("topic: count subscriptions of %s: %w", topicARN, err)
	}
	return confirmed, all - confirmed - ended, ended, nil
}
