package sns

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/processor/topic/filter"
)

// subscriptionAttributes are those that can be set.
var subscriptionAttributes = []string{"DeliveryPolicy", "FilterPolicyScope", "FilterPolicy", "RawMessageDelivery", "RedrivePolicy"}

// mine reads the subscription that is named, which is the caller's own.
func (a *API) mine(ctx context.Context, caller auth.Caller, values query.Values) (topic.Subscription, error) {
	arn, err := a.subscriptionARN(values)
	if err != nil {
		return topic.Subscription{}, err
	}
	if err := own(caller, strings.Split(arn, ":"), values); err != nil {
		return topic.Subscription{}, err
	}
	found, err := topic.GetSubscription(ctx, a.Store.Read, arn)
	if errors.Is(err, topic.ErrSubscriptionNotFound) {
		return topic.Subscription{}, notFound("Subscription does not exist")
	}
	return found, err
}

func (a *API) getSubscriptionAttributes(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	s, err := a.mine(ctx, caller, values)
	if err != nil {
		return nil, err
	}
	shown := query.Map[string]{"SubscriptionArn": s.ARN, "TopicArn": s.TopicARN, "Owner": s.Account, "Protocol": s.Protocol,
		"Endpoint": topic.MaskEndpoint(s.Endpoint), "PendingConfirmation": strconv.FormatBool(!s.Confirmed),
		"ConfirmationWasAuthenticated": strconv.FormatBool(s.ConfirmationWasAuthenticated), "RawMessageDelivery": strconv.FormatBool(s.Raw),
		"SubscriptionPrincipal": auth.Caller{Account: s.Account}.ARN()}
	for name, value := range map[string]string{"DeliveryPolicy": s.DeliveryPolicy, "FilterPolicy": s.FilterPolicy, "RedrivePolicy": s.RedrivePolicy} {
		if value != "" {
			shown[name] = value
		}
	}
	if s.FilterPolicy != "" {
		shown["FilterPolicyScope"] = filter.MessageAttributes
		if s.FilterPolicyScope != "" {
			shown["FilterPolicyScope"] = s.FilterPolicyScope
		}
	}
	if s.Protocol == topic.HTTP || s.Protocol == topic.HTTPS {
		t, err := topic.GetTopic(ctx, a.Store.Read, s.TopicARN)
		if err != nil {
			return nil, topicError(err)
		}
		shown["EffectiveDeliveryPolicy"] = delivery.EffectiveSubscriptionPolicy(t, s)
	}
	return struct{ Attributes query.Map[string] }{shown}, nil
}

func (a *API) setSubscriptionAttributes(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if !values.Has("AttributeName") {
		return nil, query.Null("attributeName")
	}
	found, err := a.mine(ctx, caller, values)
	if err != nil {
		return nil, err
	}
	return nil, a.transact(ctx, func(tx *sql.Tx) error {
		s, err := topic.GetSubscription(ctx, tx, found.ARN)
		if err == nil {
			err = within("", setSubscriptionAttribute(&s, values.Get("AttributeName"), values.Get("AttributeValue")))
		}
		if err == nil {
			err = topic.UpdateSubscription(ctx, tx, s)
		}
		if errors.Is(err, topic.ErrSubscriptionNotFound) { // in the meantime
			return notFound("Subscription does not exist")
		}
		return err
	})
}

// setSubscriptionAttribute changes one attribute; an empty value, or {}, takes a policy away.
func setSubscriptionAttribute(s *topic.Subscription, name, value string) error {
	policy := value
	if strings.TrimSpace(value) == "" || strings.Join(strings.Fields(value), "") == "{}" {
		policy = ""
	}
	switch name {
	case "RawMessageDelivery":
		return setRaw(s, value)
	case "FilterPolicyScope":
		if value != filter.MessageAttributes && value != filter.MessageBody {
			return reason("FilterPolicyScope: Invalid value [" + value + "]. Please use either MessageBody or MessageAttributes")
		}
		s.FilterPolicyScope = value
		return checkFilter(s)
	case "FilterPolicy":
		s.FilterPolicy = policy
		return checkFilter(s)
	case "DeliveryPolicy":
		if _, err := delivery.ParsePolicy(policy, false); err != nil {
			return reason(err.Error())
		}
		s.DeliveryPolicy = policy
	case "RedrivePolicy":
		if _, err := delivery.ParseRedrivePolicy(policy, s.TopicARN); err != nil {
			return reason(err.Error())
		}
		s.RedrivePolicy = policy
	default:
		return reason("AttributeName")
	}
	return nil
}

func setRaw(s *topic.Subscription, value string) error {
	raw := strings.EqualFold(value, "true")
	if !raw && !strings.EqualFold(value, "false") {
		return reason("RawMessageDelivery: Invalid value [" + value + "]. Must be true or false.")
	}
	if raw && (s.Protocol == topic.Email || s.Protocol == topic.EmailJSON) {
		return reason("RawMessageDelivery: Delivery protocol [" + s.Protocol + "] does not support raw message delivery.")
	}
	s.Raw = raw
	return nil
}

func checkFilter(s *topic.Subscription) error {
	if s.FilterPolicy == "" {
		return nil
	}
	if _, err := filter.Compile(s.FilterPolicy, s.FilterPolicyScope); err != nil {
		return reason(err.Error())
	}
	return nil
}
