package sns

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
)

// subscribed is the result of Subscribe and ConfirmSubscription.
type subscribed struct {
	ARN string `xml:"SubscriptionArn"`
}

// confirmSubscription answers the link of a confirmation message, and signed calls. It may be repeated. The token alone says which
// subscription is meant; SNS looks at no more of the topic than its form.
func (a *API) confirmSubscription(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if _, err := split(values.Get("TopicArn"), "TopicArn"); values.Get("TopicArn") == "" {
		return nil, err
	} else if err != nil || !a.isHere(strings.Split(values.Get("TopicArn"), ":")) {
		return nil, invalid("Topic")
	}
	authenticated := false
	switch values.Get("AuthenticateOnUnsubscribe") {
	case "", "false":
	case "true":
		authenticated = caller.Signed
	default:
		return nil, invalid("AuthenticateOnUnsubscribe")
	}
	var confirmed topic.Subscription
	err := a.transact(ctx, func(tx *sql.Tx) (err error) {
		confirmed, err = topic.Confirm(ctx, tx, values.Get("Token"), authenticated, a.now())
		return err
	})
	switch {
	case errors.Is(err, topic.ErrMalformedToken):
		return nil, invalid("Token")
	case errors.Is(err, topic.ErrToken):
		return nil, query.Refuse("InvalidParameter", "Invalid token")
	}
	return subscribed{confirmed.ARN}, err
}

// unsubscribe answers the link of a notification, unless the subscription was confirmed by its owner's signed call, and signed calls of the
// owner. What its owner ends is gone at once; what a link ends can be restored by
// the webhook that was ended.
func (a *API) unsubscribe(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	arn, err := a.subscriptionARN(values)
	if err != nil {
		return nil, err
	}
	found, err := topic.GetSubscription(ctx, a.Store.Read, arn)
	if errors.Is(err, topic.ErrSubscriptionNotFound) {
		return nil, nil // no error at SNS either
	}
	if err != nil {
		return nil, err
	}
	owner := caller.Signed && caller.Account == found.Account
	if !owner && found.ConfirmationWasAuthenticated {
		return nil, &query.Error{Status: http.StatusForbidden, Code: "AuthorizationError", Message: "Only the owner of this subscription can unsubscribe it"}
	}
	err = a.transact(ctx, func(tx *sql.Tx) error {
		webhook := found.Protocol == topic.HTTP || found.Protocol == topic.HTTPS
		if owner || a.EndQuietly || !found.Confirmed || !webhook {
			_, err := topic.Unsubscribe(ctx, tx, arn)
			return err
		}
		return delivery.EndSubscription(ctx, tx, arn, a.now())
	})
	if errors.Is(err, topic.ErrSubscriptionNotFound) { // in the meantime
		return nil, nil
	}
	return nil, err
}
