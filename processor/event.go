package processor

import (
	"fmt"
	"maps"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/schemas"
)

// wanting are the event destinations of the mail's configuration set that get events of a type.
func (s Settings) wanting(kind schemas.NotificationType) []account.EventDestination {
	var all []account.EventDestination
	for _, destination := range s.Destinations {
		if destination.Wants(kind) {
			all = append(all, destination)
		}
	}
	return all
}

// address notes who listens to the topic of a notification.
func (s Settings) address(n *Notification) {
	n.Gone, n.Subscribers = s.Gone[n.Topic], s.Subscribers[n.Topic]
}

// events writes the event for each destination that wants it.
func (w notificationWriter) events(kind schemas.NotificationType, id string, recipients []MatchedRecipient) ([]Notification, error) {
	wanting := w.settings.wanting(kind)
	if len(wanting) == 0 {
		return nil, nil
	}
	body, err := w.event(kind, id, recipients)
	if err != nil {
		return nil, err
	}
	events := make([]Notification, len(wanting))
	for i, destination := range wanting {
		events[i] = Notification{Type: kind, FeedbackID: id, Destination: destination.Name, Topic: destination.TopicARN, Body: body}
		w.settings.address(&events[i])
	}
	return events, nil
}

// event writes the flavour for event destinations: SES ends it with a line feed, which is signed with the rest.
func (w notificationWriter) event(kind schemas.NotificationType, id string, recipients []MatchedRecipient) ([]byte, error) {
	body, err := w.encode(schemas.Kind{EventType: kind}, id, recipients, w.eventMail(recipients))
	return append(body, '\n'), err
}

// eventMail is the mail as events carry it: always with header and tags; who sent it from where stands among the tags.
func (w notificationWriter) eventMail(recipients []MatchedRecipient) schemas.Mail {
	sent := w.match.Mail
	mail := w.mail(recipients)
	mail.SourceIP, mail.CallerIdentity = "", ""
	mail.HeadersTruncated, mail.Headers = &sent.HeadersTruncated, append([]schemas.Header{}, sent.Header...)
	mail.CommonHeaders = commonHeaders(sent.Header)
	for _, id := range []string{sent.HeaderMessageID, sent.MessageID} {
		if mail.CommonHeaders.MessageID == "" {
			mail.CommonHeaders.MessageID = id
		}
	}
	mail.Tags = map[string][]string{}
	for name, value := range map[string]string{"ses:configuration-set": sent.ConfigurationSet, "ses:source-ip": sent.SourceIP,
		"ses:caller-identity": sent.CallerIdentity, "ses:from-domain": address.Domain(sent.Source)} {
		if value != "" {
			mail.Tags[name] = []string{value}
		}
	}
	maps.Copy(mail.Tags, sent.Tags) // what was registered is surer, as ses:operation, which nothing else tells
	maps.DeleteFunc(mail.Tags, func(_ string, values []string) bool { return len(values) == 0 })
	return mail
}

func (w notificationWriter) deliveryDelay(recipients []MatchedRecipient) schemas.DeliveryDelay {
	first := recipients[0]
	delay := schemas.DeliveryDelay{Timestamp: schemas.Time{Time: w.timestamp()}, DelayType: delayType(first.Cause),
		ExpirationTime: schemas.Time{Time: first.WillRetryUntil}, ReportingMTA: utf8(w.found.ReportingMTA)}
	for _, recipient := range recipients {
		delayed := schemas.DelayedRecipient{EmailAddress: normalized(recipient.SentTo)}
		if w.found.Format == "rfc3464" {
			delayed.Status, delayed.DiagnosticCode = utf8(recipient.Status), utf8(recipient.DiagnosticCode)
		}
		delay.DelayedRecipients = append(delay.DelayedRecipients, delayed)
	}
	return delay
}

// delayType is SES's name for the cause of a delay.
func delayType(cause classify.Result) string {
	switch cause.Reason {
	case "full":
		return "MailboxFull"
	case "content", "virus":
		return "SpamDetected"
	case "blocked", "rate", "ptr", "auth":
		return "IPFailure"
	case "network", "dns", "tls", "loop", "expired", "greylisted":
		return "TransientCommunicationFailure"
	case "system", "protocol":
		return "RecipientServerError"
	case "unknown", "":
		return "Undetermined"
	}
	return "General"
}

// sendEvents writes the events of a mail that was sent.
func sendEvents(mail Match, settings Settings) ([]Notification, error) {
	events, err := notificationWriter{match: mail, settings: settings}.events(schemas.TypeSend, "", nil)
	if err != nil {
		return nil, fmt.Errorf("processor: the Send events of mail %s: %w", mail.Mail.MessageID, err)
	}
	return events, nil
}
