package topic

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// The signature versions of SNS.
const (
	SignatureSHA1   = "1" // the default: many consumers verify nothing else
	SignatureSHA256 = "2"
)

// maxDisplayName bounds a display name, in bytes, as SNS does.
const maxDisplayName = 100

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// Topic is an address that notifications are published to.
type Topic struct {
	ARN              string // arn:aws:sns:REGION:ACCOUNT:NAME
	Account          string // 12 digits
	Name             string
	DisplayName      string            // at most 100 bytes
	SignatureVersion string            // SignatureSHA1 or SignatureSHA256
	Attributes       map[string]string // further attributes of SNS that were set: DeliveryPolicy, Policy, …
	Tags             map[string]string
	Created          time.Time
}

// TopicARN returns the ARN of the account's topic of that name.
func TopicARN(region, account, name string) string {
	return "arn:aws:sns:" + region + ":" + account + ":" + name
}

// CreateTopic makes the topic t.Account and t.Name describe in the region, or returns the one that exists. Attributes and tags that t leaves
// out get their defaults in a new topic and are not compared with an old one's. Errors: ErrName, ErrAttribute, ErrDifferent, ErrTags.
func CreateTopic(ctx context.Context, tx *sql.Tx, region string, t Topic, now time.Time) (Topic, error) {
	if !validName.MatchString(t.Name) {
		return Topic{}, fmt.Errorf("topic: create %q: %w", t.Name, ErrName)
	}
	t.ARN = TopicARN(region, t.Account, t.Name)
	existing, err := GetTopic(ctx, tx, t.ARN)
	if err == nil {
		return matchTopic(existing, t)
	}
	if !errors.Is(err, ErrTopicNotFound) {
		return Topic{}, err
	}
	if t.SignatureVersion == "" {
		t.SignatureVersion = SignatureSHA1
	}
	if err := checkAttributes(t); err != nil {
		return Topic{}, err
	}
	t.Created = fromMillis(now.UnixMilli())
	_, err = tx.ExecContext(ctx, insertTopic, t.ARN, t.Account, t.Name, t.DisplayName, t.SignatureVersion, object(t.Attributes),
		object(t.Tags), now.UnixMilli())
	if err != nil {
		return Topic{}, fmt.Errorf("topic: create %s: %w", t.ARN, err)
	}
	return t, nil
}

func matchTopic(existing, asked Topic) (Topic, error) {
	if asked.DisplayName != "" && asked.DisplayName != existing.DisplayName ||
		asked.SignatureVersion != "" && asked.SignatureVersion != existing.SignatureVersion || !holds(existing.Attributes, asked.Attributes) {
		return Topic{}, fmt.Errorf("topic: create %s: %w", asked.ARN, ErrDifferent)
	}
	if !holds(existing.Tags, asked.Tags) {
		return Topic{}, fmt.Errorf("topic: create %s: %w", asked.ARN, ErrTags)
	}
	return existing, nil
}

// holds tells whether all is in there that is asked for.
func holds(there, asked map[string]string) bool {
	for name, value := range asked {
		if existing, ok := there[name]; !ok || existing != value {
			return false
		}
	}
	return true
}

func checkAttributes(t Topic) error {
	if len(t.DisplayName) > maxDisplayName {
		return fmt.Errorf("topic: %s: %w: a display name has at most %d bytes", t.ARN, ErrAttribute, maxDisplayName)
	}
	if t.SignatureVersion != SignatureSHA1 && t.SignatureVersion != SignatureSHA256 {
		return fmt.Errorf("topic: %s: %w: signature version %q is neither 1 nor 2", t.ARN, ErrAttribute, t.SignatureVersion)
	}
	return nil
}

// GetTopic returns the topic, or ErrTopicNotFound.
func GetTopic(ctx context.Context, q querier, arn string) (Topic, error) {
	t, err := scanTopic(q.QueryRowContext(ctx, selectTopic, arn))
	if errors.Is(err, sql.ErrNoRows) {
		return Topic{}, fmt.Errorf("topic: %s: %w", arn, ErrTopicNotFound)
	}
	if err != nil {
		return Topic{}, fmt.Errorf("topic: get %s: %w", arn, err)
	}
	return t, nil
}

// ListTopics returns at most limit topics in the order of their ARNs, beginning after the ARN after; account "" means all accounts. Next
// is what to give as after for the following page, "" at the end.
func ListTopics(ctx context.Context, db *sql.DB, account, after string, limit int) (topics []Topic, next string, err error) {
	rows, err := db.QueryContext(ctx, selectTopics, account, after, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("topic: list topics: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		t, err := scanTopic(rows)
		if err != nil {
			return nil, "", fmt.Errorf("topic: list topics: %w", err)
		}
		if len(topics) == limit {
			return topics, topics[limit-1].ARN, nil
		}
		topics = append(topics, t)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("topic: list topics: %w", err)
	}
	return topics, "", nil
}

// UpdateTopic changes the display name, the signature version, the attributes and the tags of the topic t.ARN. Errors: ErrTopicNotFound, ErrAttribute.
func UpdateTopic(ctx context.Context, tx *sql.Tx, t Topic) error {
	if err := checkAttributes(t); err != nil {
		return err
	}
	n, err := affected(tx.ExecContext(ctx, updateTopic, t.DisplayName, t.SignatureVersion, object(t.Attributes), object(t.Tags), t.ARN))
	if err != nil {
		return fmt.Errorf("topic: update %s: %w", t.ARN, err)
	}
	if n == 0 {
		return fmt.Errorf("topic: update %s: %w", t.ARN, ErrTopicNotFound)
	}
	return nil
}

// DeleteTopic deletes the topic and its subscriptions. Deleting what is not there is no error.
func DeleteTopic(ctx context.Context, tx *sql.Tx, arn string) (existed bool, err error) {
	if _, err := tx.ExecContext(ctx, deleteSubscriptionsOf, arn); err != nil {
		return false, fmt.Errorf("topic: delete %s: %w", arn, err)
	}
	n, err := affected(tx.ExecContext(ctx, deleteTopic, arn))
	if err != nil {
		return false, fmt.Errorf("topic: delete %s: %w", arn, err)
	}
	return n > 0, nil
}
