package sns

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
)

// What SNS says in place of the ARN of a subscription that waits for its confirmation: Subscribe, and the lists.
const (
	pendingSubscribe = "pending confirmation"
	pendingListed    = "PendingConfirmation"
)

func (a *API) subscribe(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	t, err := a.topic(ctx, caller, values, "TopicArn")
	if err != nil {
		return nil, err
	}
	wanted := topic.Subscription{TopicARN: t.ARN, Protocol: values.Get("Protocol"), Endpoint: values.Get("Endpoint")}
	switch {
	case !values.Has("Protocol"):
		return nil, query.Null("protocol")
	case !deliverable(wanted.Protocol):
		return nil, invalid("Amazon SNS does not support this protocol string: %.100s", wanted.Protocol)
	case wanted.Endpoint == "":
		return nil, invalid("Endpoint Reason: no value for required parameter")
	}
	attributes := values.Map("Attributes")
	for _, name := range subscriptionAttributes { // in this order: the scope says how the policy is read
		if value, given := attributes[name]; given {
			if err := setSubscriptionAttribute(&wanted, name, value); err != nil {
				return nil, within("Attributes Reason: ", err)
			}
			delete(attributes, name)
		}
	}
	if len(attributes) > 0 {
		return nil, invalid("Attributes Reason: AttributeName")
	}
	var made topic.Subscription
	err = a.transact(ctx, func(tx *sql.Tx) (err error) {
		made, err = delivery.Subscribe(ctx, tx, wanted, a.now())
		return err
	})
	if err != nil {
		return nil, subscribeError(err, wanted.Protocol)
	}
	if !made.Confirmed && values.Get("ReturnSubscriptionArn") != "true" {
		return subscribed{pendingSubscribe}, nil
	}
	return subscribed{made.ARN}, nil
}

func deliverable(protocol string) bool {
	switch protocol {
	case topic.HTTP, topic.HTTPS, topic.Email, topic.EmailJSON, topic.NATS:
		return true
	}
	return false
}

func subscribeError(err error, protocol string) error {
	switch {
	case errors.Is(err, topic.ErrDifferent):
		return invalid("Attributes Reason: Subscription already exists with different attributes")
	case errors.Is(err, topic.ErrEndpoint) && (protocol == topic.Email || protocol == topic.EmailJSON):
		return invalid("Email address")
	case errors.Is(err, topic.ErrScheme):
		return invalid("Endpoint must match the specified protocol")
	case errors.Is(err, topic.ErrEndpoint):
		_, why, _ := strings.Cut(err.Error(), topic.ErrEndpoint.Error()+": ")
		return invalid("Endpoint Reason: %s", why)
	}
	return topicError(err)
}

// subscriptionMember is a subscription where they are listed.
type subscriptionMember struct {
	TopicARN string `xml:"TopicArn"`
	Protocol string
	ARN      string `xml:"SubscriptionArn"`
	Owner    string
	Endpoint string
}

func (a *API) listSubscriptions(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	return a.list(ctx, caller.Account, "", values)
}

func (a *API) listSubscriptionsByTopic(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	t, err := a.topic(ctx, caller, values, "TopicArn")
	if err != nil {
		return nil, err
	}
	return a.list(ctx, t.Account, t.ARN, values)
}

func (a *API) list(ctx context.Context, owner, topicARN string, values query.Values) (any, error) {
	after, err := cursor(values)
	if err != nil {
		return nil, err
	}
	found, next, err := topic.ListSubscriptions(ctx, a.Store.Read, owner, topicARN, after, pageSize)
	if err != nil {
		return nil, err
	}
	subscriptions := query.List[subscriptionMember]{}
	for _, one := range found {
		shown := subscriptionMember{one.TopicARN, one.Protocol, one.ARN, one.Account, topic.MaskEndpoint(one.Endpoint)}
		if !one.Confirmed {
			shown.ARN = pendingListed
		}
		subscriptions = append(subscriptions, shown)
	}
	return struct {
		Subscriptions query.List[subscriptionMember]
		NextToken     string `xml:",omitempty"`
	}{subscriptions, token(next)}, nil
}
