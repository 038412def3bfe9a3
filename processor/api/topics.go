package api

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strings"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// Topic is what notifications are published to. SignatureVersion is "1" (SHA1, which every consumer verifies) or "2" (SHA256).
type Topic struct {
	ARN              string       `json:"topicArn,omitempty"`
	Name             string       `json:"name"`
	SignatureVersion string       `json:"signatureVersion,omitempty"`
	SetupMessages    *bool        `json:"setupMessages,omitempty"` // whether it gets set-up texts; in a POST an absent one keeps its value, true at first
	Created          schemas.Time `json:"created,omitzero"`
}

// Subscription is a webhook that wants a topic's notifications, once it has confirmed. In answers Endpoint has stars for credentials and the query.
type Subscription struct {
	ARN       string       `json:"subscriptionArn,omitempty"`
	TopicARN  string       `json:"topicArn"`
	Protocol  string       `json:"protocol,omitempty"` // http, https, email, email-json or nats; the scheme of the endpoint when absent
	Endpoint  string       `json:"endpoint"`
	Raw       bool         `json:"raw,omitempty"` // the notification alone, without the SNS envelope
	Confirmed bool         `json:"confirmed"`
	Created   schemas.Time `json:"created,omitzero"`
}

// maxListed bounds the topics and subscriptions in one answer.
const maxListed = 1000

func (a *API) listTopics(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	found, next, err := topic.ListTopics(r.Context(), a.Store.Read, owner.ID, r.URL.Query().Get("cursor"), maxListed)
	if err != nil {
		return nil, err
	}
	topics := make([]Topic, len(found))
	for i, one := range found {
		topics[i] = shownTopic(one)
	}
	return struct {
		Topics []Topic `json:"topics"`
		Cursor string  `json:"cursor,omitempty"`
	}{topics, next}, nil
}

func (a *API) createTopic(r *http.Request) (any, error) {
	var wanted Topic
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	var made topic.Topic
	err = a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		made, err = topic.CreateTopic(ctx, tx, a.Region, topic.Topic{Account: owner.ID, Name: wanted.Name, SignatureVersion: wanted.SignatureVersion}, a.now())
		if err != nil || wanted.SetupMessages == nil {
			return err
		}
		if delete(made.Attributes, processor.SetupMessages); !*wanted.SetupMessages {
			if made.Attributes == nil {
				made.Attributes = map[string]string{}
			}
			made.Attributes[processor.SetupMessages] = "false"
		}
		return topic.UpdateTopic(ctx, tx, made)
	})
	return shownTopic(made), topicRefusal(err)
}

func shownTopic(t topic.Topic) Topic {
	told := t.Attributes[processor.SetupMessages] != "false"
	return Topic{ARN: t.ARN, Name: t.Name, SignatureVersion: t.SignatureVersion, SetupMessages: &told, Created: schemas.Time{Time: t.Created}}
}

func (a *API) deleteTopic(r *http.Request) (any, error) {
	arn := r.URL.Query().Get("arn")
	if err := a.mine(r, arn); err != nil {
		return nil, err
	}
	return nil, a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		_, err := topic.DeleteTopic(ctx, tx, arn)
		return err
	})
}

// mine refuses a topic that is not there or another account's.
func (a *API) mine(r *http.Request, arn string) error {
	owner, err := a.accountOf(r)
	if err != nil {
		return err
	}
	if arn == "" {
		return refuse(http.StatusNotFound, "no topic is named")
	}
	return a.topicOf(r, owner.ID, arn)
}

// topicOf refuses a topic that is not there or not the account's; an empty ARN names none.
func (a *API) topicOf(r *http.Request, account, arn string) error {
	if arn == "" {
		return nil
	}
	found, err := topic.GetTopic(r.Context(), a.Store.Read, arn)
	if errors.Is(err, topic.ErrTopicNotFound) || err == nil && found.Account != account {
		return refuse(http.StatusNotFound, "account %s has no topic %s", account, arn)
	}
	return err
}

func (a *API) listSubscriptions(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	found, next, err := topic.ListSubscriptions(r.Context(), a.Store.Read, owner.ID, r.URL.Query().Get("topic"), r.URL.Query().Get("cursor"), maxListed)
	if err != nil {
		return nil, err
	}
	subscriptions := make([]Subscription, len(found))
	for i, one := range found {
		subscriptions[i] = shown(one)
	}
	return struct {
		Subscriptions []Subscription `json:"subscriptions"`
		Cursor        string         `json:"cursor,omitempty"`
	}{subscriptions, next}, nil
}

func shown(s topic.Subscription) Subscription {
	return Subscription{ARN: s.ARN, TopicARN: s.TopicARN, Protocol: s.Protocol, Endpoint: topic.MaskSecrets(s.Endpoint), Raw: s.Raw,
		Confirmed: s.Confirmed, Created: schemas.Time{Time: s.Created}}
}

func (a *API) subscribe(r *http.Request) (any, error) {
	var wanted Subscription
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	if err := a.mine(r, wanted.TopicARN); err != nil {
		return nil, err
	}
	if wanted.Protocol == "" {
		if scheme, _, found := strings.Cut(wanted.Endpoint, ":"); found {
			wanted.Protocol = strings.ToLower(scheme)
		}
	}
	var made topic.Subscription
	err := a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		made, err = delivery.Subscribe(ctx, tx, topic.Subscription{TopicARN: wanted.TopicARN, Protocol: wanted.Protocol, Endpoint: wanted.Endpoint, Raw: wanted.Raw}, a.now())
		return err
	})
	if err != nil {
		return nil, topicRefusal(err)
	}
	a.Wake()
	return shown(made), nil
}

func (a *API) unsubscribe(r *http.Request) (any, error) {
	arn := r.URL.Query().Get("arn")
	found, err := topic.GetSubscription(r.Context(), a.Store.Read, arn)
	if errors.Is(err, topic.ErrSubscriptionNotFound) {
		return nil, refuse(http.StatusNotFound, "there is no subscription %s", arn)
	}
	if err != nil {
		return nil, err
	}
	if err := a.mine(r, found.TopicARN); err != nil {
		return nil, err
	}
	return nil, a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		_, err := topic.Unsubscribe(ctx, tx, arn)
		return err
	})
}

// topicRefusal tells the caller's mistakes from ours.
func topicRefusal(err error) error {
	for _, mistake := range []error{topic.ErrName, topic.ErrAttribute, topic.ErrDifferent, topic.ErrProtocol, topic.ErrEndpoint, topic.ErrTopicNotFound} {
		if errors.Is(err, mistake) {
			return refuse(http.StatusBadRequest, "%v", err)
		}
	}
	return err
}
