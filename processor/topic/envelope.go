package topic

import (
	"net/http"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

// ContentType is what SNS sends, although the body is JSON.
const ContentType = "text/plain; charset=UTF-8"

// Message is what is published to a topic. ID and At stay the same however often it is sent, so that the envelope does.
type Message struct {
	ID         string // a UUID, the same for all subscribers
	Subject    string // "" for none
	Text       string
	Attributes map[string]schemas.MessageAttribute
	At         time.Time // when it was published
}

// Notification returns what the subscription gets for a message: the signed envelope, or the text alone when the subscription is raw,
// and the headers of the request. PublicURL is where subscribers reach the API.
func (s *Signer) Notification(t Topic, sub Subscription, m Message, publicURL string) ([]byte, http.Header, error) {
	header := header(schemas.EnvelopeNotification, m.ID, t.ARN)
	header.Set("x-amz-sns-subscription-arn", sub.ARN)
	if sub.Raw {
		header.Set("x-amz-sns-rawdelivery", "true")
		return []byte(m.Text), header, nil
	}
	body, err := s.seal(t, schemas.Envelope{
		Type: schemas.EnvelopeNotification, MessageID: m.ID, Subject: m.Subject, Message: m.Text,
		Timestamp: schemas.Time{Time: m.At}, MessageAttributes: m.Attributes,
		UnsubscribeURL: strings.TrimSuffix(publicURL, "/") + "/?Action=Unsubscribe&SubscriptionArn=" + sub.ARN,
	})
	return body, header, err
}

// SubscriptionConfirmation returns what a subscription that waits for its confirmation gets. Subject and Text of m do not matter.
func (s *Signer) SubscriptionConfirmation(t Topic, sub Subscription, m Message, publicURL string) ([]byte, http.Header, error) {
	return s.confirmation(schemas.EnvelopeSubscriptionConfirmation, t, sub, m, publicURL, "You have chosen to subscribe to the topic "+t.ARN+
		".\nTo confirm the subscription, visit the SubscribeURL included in this message.")
}

// UnsubscribeConfirmation returns what a subscription gets that its unsubscribe link ended. Subject and Text of m do not matter.
func (s *Signer) UnsubscribeConfirmation(t Topic, sub Subscription, m Message, publicURL string) ([]byte, http.Header, error) {
	body, header, err := s.confirmation(schemas.EnvelopeUnsubscribeConfirmation, t, sub, m, publicURL, "You have chosen to deactivate subscription "+
		sub.ARN+".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.")
	header.Set("x-amz-sns-subscription-arn", sub.ARN)
	return body, header, err
}

func (s *Signer) confirmation(kind schemas.EnvelopeType, t Topic, sub Subscription, m Message, publicURL, text string) ([]byte, http.Header, error) {
	body, err := s.seal(t, schemas.Envelope{
		Type: kind, MessageID: m.ID, Token: sub.Token, Message: text,
		SubscribeURL: strings.TrimSuffix(publicURL, "/") + "/?Action=ConfirmSubscription&TopicArn=" + t.ARN + "&Token=" + sub.Token,
		Timestamp:    schemas.Time{Time: m.At},
	})
	return body, header(kind, m.ID, t.ARN), err
}

// header returns the fields that every request has. Their names are written as SNS writes them; HTTP does not care.
func header(kind schemas.EnvelopeType, messageID, topicARN string) http.Header {
	h := http.Header{}
	h.Set("Content-Type", ContentType)
	h.Set("User-Agent", "Amazon Simple Notification Service Agent")
	h.Set("x-amz-sns-message-type", string(kind))
	h.Set("x-amz-sns-message-id", messageID)
	h.Set("x-amz-sns-topic-arn", topicARN)
	return h
}

// seal fills in what all envelopes of a topic have, and signs. Text that is not UTF-8 cannot stand in JSON; it is mended before it is
// signed, because subscribers sign what they read.
func (s *Signer) seal(t Topic, e schemas.Envelope) ([]byte, error) {
	e.TopicArn, e.SignatureVersion, e.SigningCertURL = t.ARN, t.SignatureVersion, s.SigningCertURL()
	e.Subject, e.Message = strings.ToValidUTF8(e.Subject, "\uFFFD"), strings.ToValidUTF8(e.Message, "\uFFFD")
	signature, err := s.sign(e.SignatureVersion, canonical(e))
	if err != nil {
		return nil, err
	}
	e.Signature = signature
	return e.Encode()
}

// canonical returns the string that is signed: each name and value on a line of its own, in the order of the names. The subject is left
// out when there is none.
func canonical(e schemas.Envelope) string {
	var out strings.Builder
	add := func(name, value string) { out.WriteString(name + "\n" + value + "\n") }
	notification := e.Type == schemas.EnvelopeNotification
	add("Message", e.Message)
	add("MessageId", e.MessageID)
	if notification && e.Subject != "" {
		add("Subject", e.Subject)
	}
	if !notification {
		add("SubscribeURL", e.SubscribeURL)
	}
	add("Timestamp", schemas.FormatTime(e.Timestamp.Time))
	if !notification {
		add("Token", e.Token)
	}
	add("TopicArn", e.TopicArn)
	add("Type", string(e.Type))
	return out.String()
}
