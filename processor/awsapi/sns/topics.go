package sns

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"maps"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/topic"
)

// topicMember is a topic where topics are listed or made.
type topicMember struct {
	ARN string `xml:"TopicArn"`
}

func (a *API) createTopic(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if !values.Has("Name") {
		return nil, query.Null("name")
	}
	if strings.HasSuffix(values.Get("Name"), fifoSuffix) {
		return nil, errFIFO
	}
	tags, err := tagsOf(values)
	if err != nil {
		return nil, err
	}
	wanted := topic.Topic{Account: caller.Account, Name: values.Get("Name"), Tags: tags}
	given := values.Map("Attributes")
	if values.Has("DataProtectionPolicy") {
		if err := checkDocument(dataProtection, values.Get("DataProtectionPolicy")); err != nil {
			return nil, err
		}
		wanted.Attributes = map[string]string{dataProtection: values.Get("DataProtectionPolicy")}
	}
	for name, value := range given {
		if err := setTopicAttribute(&wanted, name, value); err != nil {
			return nil, within("Attributes Reason: ", err)
		}
	}
	var made topic.Topic
	err = a.transact(ctx, func(tx *sql.Tx) error {
		made, err = topic.CreateTopic(ctx, tx, a.Region, wanted, a.now())
		return err
	})
	switch {
	case errors.Is(err, topic.ErrName):
		return nil, invalid("Topic Name")
	case errors.Is(err, topic.ErrDifferent):
		return nil, invalid("Attributes Reason: Topic already exists with different attributes")
	case errors.Is(err, topic.ErrTags):
		return nil, invalid("Tags Reason: Topic already exists with different tags")
	}
	return topicMember{made.ARN}, err
}

// deleteTopic deletes a topic; that it is not there is no error, as at SNS.
func (a *API) deleteTopic(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	arn, err := a.topicARN(caller, values, "TopicArn")
	if err != nil {
		return nil, err
	}
	return nil, a.transact(ctx, func(tx *sql.Tx) error {
		_, err := topic.DeleteTopic(ctx, tx, arn)
		return err
	})
}

func (a *API) listTopics(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	after, err := cursor(values)
	if err != nil {
		return nil, err
	}
	found, next, err := topic.ListTopics(ctx, a.Store.Read, caller.Account, after, pageSize)
	if err != nil {
		return nil, err
	}
	topics := query.List[topicMember]{}
	for _, one := range found {
		topics = append(topics, topicMember{one.ARN})
	}
	return struct {
		Topics    query.List[topicMember]
		NextToken string `xml:",omitempty"`
	}{topics, token(next)}, nil
}

// token makes of the ARN that a page ends with what the caller gives back for the next one; "" at the end.
func token(arn string) string { return base64.StdEncoding.EncodeToString([]byte(arn)) }

// cursor reads a token.
func cursor(values query.Values) (after string, err error) {
	arn, err := base64.StdEncoding.DecodeString(values.Get("NextToken"))
	if err != nil || len(arn) > 0 && !strings.HasPrefix(string(arn), "arn:aws:sns:") {
		return "", invalid("NextToken")
	}
	return string(arn), nil
}

// topic reads the topic that a parameter names, which is the caller's own.
func (a *API) topic(ctx context.Context, caller auth.Caller, values query.Values, parameter string) (topic.Topic, error) {
	arn, err := a.topicARN(caller, values, parameter)
	if err != nil {
		return topic.Topic{}, err
	}
	found, err := topic.GetTopic(ctx, a.Store.Read, arn)
	return found, topicError(err)
}

// topicError says in SNS's words that a topic does not exist.
func topicError(err error) error {
	if errors.Is(err, topic.ErrTopicNotFound) {
		return notFound("Topic does not exist")
	}
	return err
}

// changeTopic changes the topic that a parameter names. What it reads cannot change before it is written.
func (a *API) changeTopic(ctx context.Context, caller auth.Caller, values query.Values, parameter string, change func(*topic.Topic) error) error {
	arn, err := a.topicARN(caller, values, parameter)
	if err != nil {
		return err
	}
	return topicError(a.transact(ctx, func(tx *sql.Tx) error {
		found, err := topic.GetTopic(ctx, tx, arn)
		if err != nil {
			return err
		}
		found.Attributes, found.Tags = maps.Clone(found.Attributes), maps.Clone(found.Tags)
		if err := change(&found); err != nil {
			return err
		}
		return topic.UpdateTopic(ctx, tx, found)
	}))
}
