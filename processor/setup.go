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
// is set. Errors: topic.ErrTopicNotFound.
func AnnounceIdentityTopic(ctx context.Context, tx *sql.Tx, identity string, kind schemas.NotificationType, arn string, now time.Time) error {
	body, err := schemas.Marshal(struct {
		NotificationType string `json:"notificationType"`
		Message          string `json:"message"`
	}{"AmazonSnsSubscriptionSucceeded", fmt.Sprintf("You have successfully subscribed your Amazon SNS topic '%s' to receive '%s' notifications "+
		"from Amazon SES for identity '%s'.", arn, kind, identity)})
	if err != nil {
		return fmt.Errorf("processor: announcing %s: %w", arn, err)
	}
	return announce(ctx, tx, arn, string(body)+"\n", now)
}

// AnnounceEventDestination publishes to a topic that it is an event destination from now on, as SES does whenever one is created or
// updated. Errors: topic.ErrTopicNotFound.
func AnnounceEventDestination(ctx context.Context, tx *sql.Tx, arn string, now time.Time) error {
	return announce(ctx, tx, arn, "Successfully validated SNS topic for Amazon SES event publishing.", now)
}

func announce(ctx context.Context, tx *sql.Tx, arn, text string, now time.Time) error {
	found, err := topic.GetTopic(ctx, tx, arn)
	if err != nil || found.Attributes[SetupMessages] == "false" {
		return err
	}
	message := delivery.Message{ID: schemas.NewUUID(), TopicARN: arn, Kind: delivery.KindNotification, Body: text}
	return delivery.Publish(ctx, tx, message, nil, now)
}
