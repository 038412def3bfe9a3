package sns

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// maxSubject bounds a subject, in characters.
const maxSubject = 100

var errTooLong = invalid("Message too long")

// publication is a message and what other protocols get in place of its body.
type publication struct {
	message delivery.Message
	bodies  map[string]string
	size    int // of the message with its attributes, in bytes, as SNS counts
}

func (a *API) publish(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	parameter := "TopicArn"
	switch {
	case values.Has("PhoneNumber"):
		return nil, invalid("PhoneNumber Reason: this server sends no SMS")
	case values.Get("TopicArn") == "" && values.Get("TargetArn") == "":
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	case values.Get("TopicArn") == "":
		parameter = "TargetArn"
	}
	arn, err := a.topicARN(caller, values, parameter)
	if err != nil {
		return nil, err
	}
	p, err := read(arn, values, "")
	if err != nil {
		return nil, err
	}
	if p.size > delivery.MaxMessage {
		return nil, errTooLong
	}
	err = a.transact(ctx, func(tx *sql.Tx) error { return p.enqueue(ctx, tx, a) })
	return struct {
		MessageID string `xml:"MessageId"`
	}{p.message.ID}, publishError(err)
}

func (p publication) enqueue(ctx context.Context, tx *sql.Tx, a *API) error {
	subscribers, exists, err := topic.Confirmed(ctx, tx, p.message.TopicARN)
	if err == nil && !exists {
		err = topic.ErrTopicNotFound
	}
	if err == nil {
		_, err = delivery.Publish(ctx, tx, p.message, p.bodies, subscribers, a.now())
	}
	return err
}

func publishError(err error) error {
	if errors.Is(err, delivery.ErrTooLarge) {
		return errTooLong
	}
	return topicError(err)
}

// read reads a message, of Publish or of an entry of PublishBatch. Place is where its attributes stand, for errors.
func read(arn string, values query.Values, place string) (publication, error) {
	if !values.Has("Message") {
		return publication{}, query.Null("message")
	}
	body, subject := values.Get("Message"), values.Get("Subject")
	attributes, size, err := attributesOf(values, place)
	switch {
	case body == "":
		return publication{}, invalid("Empty message")
	case values.Has("Subject") && !validSubject(subject):
		return publication{}, invalid("Subject")
	case values.Get("MessageGroupId") != "" || values.Get("MessageDeduplicationId") != "":
		return publication{}, invalid("MessageGroupId Reason: The request includes MessageGroupId or MessageDeduplicationId, which only FIFO topics take")
	case err != nil:
		return publication{}, err
	}
	p := publication{size: len(body) + size, message: delivery.Message{ID: schemas.NewUUID(), TopicARN: arn, Kind: delivery.KindNotification,
		Subject: subject, Body: body, Attributes: attributes}}
	switch values.Get("MessageStructure") {
	case "":
		return p, nil
	case "json":
		p.bodies, err = structured(body)
		p.message.Body = p.bodies["default"]
		return p, err
	}
	return publication{}, invalid("MessageStructure")
}

// structured reads a message that has a body of its own for some protocols.
func structured(text string) (map[string]string, error) {
	var raw map[string]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil || raw == nil {
		return nil, invalid("Message Structure - JSON message body failed to parse")
	}
	bodies := map[string]string{}
	for protocol, body := range raw {
		if text, isText := body.(string); isText {
			bodies[protocol] = text
		}
	}
	if _, ok := bodies["default"]; !ok {
		return nil, invalid("Message Structure - No default entry in JSON message body")
	}
	for protocol := range bodies {
		if protocol != "default" && !deliverable(protocol) {
			delete(bodies, protocol)
		}
	}
	return bodies, nil
}

// validSubject takes ASCII that can stand in the field of a mail and begins with something to see.
func validSubject(subject string) bool {
	for i := range len(subject) {
		if subject[i] < ' ' || subject[i] > '~' {
			return false
		}
	}
	return subject != "" && subject[0] != ' ' && len(subject) <= maxSubject
}
