package sesv1

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

var notificationTypes = []string{string(schemas.TypeBounce), string(schemas.TypeComplaint), string(schemas.TypeDelivery)}

// target reads the identity and, where the action has one, the notification type that a call is about.
func (a *API) target(caller auth.Caller, values query.Values, parameters ...string) (name string, kind schemas.NotificationType, err error) {
	if err := need(values, parameters...); err != nil {
		return "", "", err
	}
	if kind = schemas.NotificationType(values.Get("NotificationType")); kind != "" {
		if err := enumerated("notificationType", string(kind), notificationTypes); err != nil {
			return "", "", err
		}
	}
	name, err = a.nameOf(caller, values.Get("Identity"))
	return name, kind, err
}

// identityError says that an identity is none of the caller's.
func identityError(err error, values query.Values) error {
	if errors.Is(err, account.ErrNotFound) || errors.Is(err, account.ErrInvalid) {
		return notVerified(values.Get("Identity"))
	}
	return err
}

// setTopic sets or clears a topic, and publishes to one that is set that it was.
func (a *API) setTopic(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	name, kind, err := a.target(caller, values, "Identity", "NotificationType")
	if err != nil {
		return nil, err
	}
	arn := values.Get("SnsTopic")
	err = a.transact(ctx, func(tx *sql.Tx) error {
		if err := account.SetTopic(ctx, tx, caller.Account, name, kind, arn); err != nil || arn == "" {
			return err
		}
		if !strings.HasPrefix(arn, "arn:aws:sns:"+a.Region+":"+caller.Account+":") {
			return topic.ErrTopicNotFound
		}
		return processor.AnnounceIdentityTopic(ctx, tx, a.Store.Read, name, kind, arn, a.now())
	})
	if errors.Is(err, topic.ErrTopicNotFound) {
		return nil, invalid("Invalid SNS topic <%.300s>.", arn)
	}
	return nil, identityError(err, values)
}

func (a *API) setForwarding(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	name, _, err := a.target(caller, values, "Identity")
	if err != nil {
		return nil, err
	}
	enabled, err := flag(values, "ForwardingEnabled")
	if err != nil {
		return nil, err
	}
	err = a.transact(ctx, func(tx *sql.Tx) error { return account.SetForwarding(ctx, tx, caller.Account, name, enabled) })
	if errors.Is(err, account.ErrNoChannel) {
		return nil, invalid("Feedback notification topic not set.")
	}
	return nil, identityError(err, values)
}

func (a *API) setHeaders(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	name, kind, err := a.target(caller, values, "Identity", "NotificationType")
	if err != nil {
		return nil, err
	}
	enabled, err := flag(values, "Enabled")
	if err != nil {
		return nil, err
	}
	return nil, identityError(a.transact(ctx, func(tx *sql.Tx) error {
		return account.SetHeaders(ctx, tx, caller.Account, name, kind, enabled)
	}), values)
}

type notifications struct {
	BounceTopic                            string `xml:",omitempty"`
	ComplaintTopic                         string `xml:",omitempty"`
	DeliveryTopic                          string `xml:",omitempty"`
	ForwardingEnabled                      bool
	HeadersInBounceNotificationsEnabled    bool
	HeadersInComplaintNotificationsEnabled bool
	HeadersInDeliveryNotificationsEnabled  bool
}

func (a *API) getNotifications(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	found, err := eachOf(ctx, a, caller, values, func(i account.Identity) notifications {
		return notifications{i.BounceTopic, i.ComplaintTopic, i.DeliveryTopic, i.ForwardingEnabled, i.HeadersInBounce, i.HeadersInComplaint, i.HeadersInDelivery}
	})
	return struct {
		NotificationAttributes query.Map[notifications]
	}{found}, err
}
