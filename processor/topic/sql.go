package topic

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

const (
	topicColumns = `arn, account, name, display_name, signature_version, attributes, tags, created`

	insertTopic = `INSERT INTO topic (` + topicColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	selectTopic = `SELECT ` + topicColumns + ` FROM topic WHERE arn = $1`

	selectTopics = `SELECT ` + topicColumns + ` FROM topic
		WHERE (CAST($1 AS TEXT) = '' OR account = $1) AND arn > $2 ORDER BY arn LIMIT $3`

	updateTopic           = `UPDATE topic SET display_name = $1, signature_version = $2, attributes = $3, tags = $4 WHERE arn = $5`
	deleteTopic           = `DELETE FROM topic WHERE arn = $1`
	deleteSubscriptionsOf = `DELETE FROM subscription WHERE topic_arn = $1`

	subscriptionColumns = `arn, topic_arn, account, protocol, endpoint, confirmed, raw, token, token_expires,
		confirmation_was_authenticated, delivery_policy, filter_policy, filter_policy_scope, redrive_policy, created, ended`

	insertSubscription = `INSERT INTO subscription (` + subscriptionColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0)`
	selectSubscription           = `SELECT ` + subscriptionColumns + ` FROM subscription WHERE arn = $1 AND ended = 0`
	selectEnded                  = `SELECT ` + subscriptionColumns + ` FROM subscription WHERE arn = $1 AND ended > 0`
	selectSubscriptionByToken    = `SELECT ` + subscriptionColumns + ` FROM subscription WHERE token = $1`
	selectSubscriptionByEndpoint = `SELECT ` + subscriptionColumns + ` FROM subscription
		WHERE topic_arn = $1 AND protocol = $2 AND endpoint = $3`

	selectSubscriptions = `SELECT ` + subscriptionColumns + ` FROM subscription
		WHERE (CAST($1 AS TEXT) = '' OR account = $1) AND (CAST($2 AS TEXT) = '' OR topic_arn = $2) AND arn > $3
		AND ended = 0 ORDER BY arn LIMIT $4`
	selectConfirmed = `SELECT ` + subscriptionColumns + ` FROM subscription
		WHERE topic_arn = $1 AND confirmed = 1 ORDER BY arn`
	countSubscriptions = `SELECT COALESCE(SUM(confirmed), 0), COUNT(*), COUNT(CASE WHEN ended > 0 THEN 1 END) FROM subscription WHERE topic_arn = $1`

	updateSubscription = `UPDATE subscription SET raw = $1, delivery_policy = $2, filter_policy = $3, filter_policy_scope = $4,
		redrive_policy = $5 WHERE arn = $6 AND ended = 0`
	updateToken         = `UPDATE subscription SET token = $1, token_expires = $2 WHERE arn = $3`
	confirmSubscription = `UPDATE subscription SET confirmed = 1, ended = 0, confirmation_was_authenticated = $1 WHERE arn = $2`
	endSubscription     = `UPDATE subscription SET confirmed = 0, ended = $1, token = $2, token_expires = $3 WHERE arn = $4`
	deleteSubscription  = `DELETE FROM subscription WHERE arn = $1`
	deletePending       = `DELETE FROM subscription WHERE arn IN (
		SELECT arn FROM subscription WHERE confirmed = 0 AND token_expires < $1 LIMIT $2)`
)

// querier is a database, or a transaction on it for whoever changes next what was read.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// row is one row of an answer.
type row interface{ Scan(columns ...any) error }

func scanTopic(r row) (t Topic, err error) {
	var created int64
	var attributes, tags string
	if err := r.Scan(&t.ARN, &t.Account, &t.Name, &t.DisplayName, &t.SignatureVersion, &attributes, &tags, &created); err != nil {
		return Topic{}, err
	}
	t.Created = fromMillis(created)
	return t, errors.Join(json.Unmarshal([]byte(attributes), &t.Attributes), json.Unmarshal([]byte(tags), &t.Tags))
}

func scanSubscription(r row) (s Subscription, err error) {
	var expires, created, ended int64
	err = r.Scan(&s.ARN, &s.TopicARN, &s.Account, &s.Protocol, &s.Endpoint, &s.Confirmed, &s.Raw, &s.Token, &expires,
		&s.ConfirmationWasAuthenticated, &s.DeliveryPolicy, &s.FilterPolicy, &s.FilterPolicyScope, &s.RedrivePolicy, &created, &ended)
	s.TokenExpires, s.Created = fromMillis(expires), fromMillis(created)
	if ended > 0 {
		s.Ended = fromMillis(ended)
	}
	return s, err
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// object writes a JSON object, null for nil.
func object(m map[string]string) string {
	encoded, err := json.Marshal(m)
	if err != nil {
		panic(err) // maps of strings always encode
	}
	return string(encoded)
}

func integer(b bool) int {
	if b {
		return 1
	}
	return 0
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
