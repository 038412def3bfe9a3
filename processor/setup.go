package processor

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// SetupMessages is the attribute of a topic that keeps set-up texts from it when it is "false": some consumers refuse them.
const SetupMessages = "SetupMessages"

// AnnounceIdentityTopic publishes to a topic that it gets an identity's notifications of a kind from now on, as SES does whenever one
// is set. It reads the topic from db. Errors: topic.ErrTopicNotFound.
func AnnounceIdentityTopic(ctx context.Context, tx *sql.Tx, db *sql.DB, identity string, kind schemas.NotificationType, arn string, now time.Time) error {
	body, err := schemas.Marshal(struct {
		NotificationType string `json:"notificationType"`
		Message          string `json:"message"`
	}{"AmazonSnsSubscriptionSucceeded", fmt.Sprintf("You have successfully subscribed your Amazon SNS topic '%s' to receive '%s' notifications "+
		"from Amazon SES for identity '%s'.", arn, kind, identity)})
	if err != nil {
		return fmt.Errorf("processor: announcing %s: %w", arn, err)
	}
	return announce(ctx, tx, db, arn, string(body)+"\n", now)
}

// AnnounceEventDestination publishes to a topic that it is an event destination from now on, as SES does whenever one is created or
// updated. It reads the topic from db. Errors: topic.ErrTopicNotFound.
func AnnounceEventDestination(ctx context.Context, tx *sql.Tx, db *sql.DB, arn string, now time.Time) error {
	return announce(ctx, tx, db, arn, "Successfully validated SNS topic for Amazon SES event publishing.", now)
}

func announce(ctx context.Context, tx *sql.Tx, db *sql.DB, arn, text string, now time.Time) error {
	found, err := topic.GetTopic(ctx, db, arn)
	if err != nil || found.Attributes[SetupMessages] == "false" {
		return err
	}
	subscribers, _, err := topic.Confirmed(ctx, db, arn)
	if err != nil {
		return fmt.Errorf("processor: announcing %s: %w", arn, err)
	}
	message := delivery.Message{ID: schemas.NewUUID(), TopicARN: arn, Kind: delivery.KindNotification, Body: text}
	_, err = delivery.Publish(ctx, tx, message, nil, subscribers, now)
	return err
}
