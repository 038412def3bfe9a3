package processor

import (
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// Notification is one JSON to publish to a topic.
type Notification struct {
	Type        schemas.NotificationType
	FeedbackID  string // empty for a Send
	Destination string // the name of the event destination that it is for; empty when it is for the topic of the identity
	Topic       string // ARN; empty when the identity has none for the type
	Gone        bool   // there is no such topic
	Subscribers []topic.Subscription
	Body        []byte // the SES JSON
}

// isEvent says which of SES's two flavours it is.
func (n Notification) isEvent() bool { return n.Destination != "" }

// messageID is the SNS MessageId: the same however often it is computed, and another one on each topic and for each destination. A
// Send has no feedback id; its mail tells it apart.
func (n Notification) messageID(mail string) string {
	if n.isEvent() {
		return stableUUID(n.FeedbackID+"\n"+mail, n.Topic+"\n"+n.Destination+"\n"+string(n.Type))
	}
	return stableUUID(n.FeedbackID, n.Topic)
}

// notify writes the notifications for the recipients of one type, in both flavours as far as somebody wants them.
func (e *Effects) notify(writer notificationWriter, kind schemas.NotificationType, members []int) error {
	settings := writer.settings
	isFeedback := kind != schemas.TypeDeliveryDelay // of which identities do not hear
	if !isFeedback && len(settings.wanting(kind)) == 0 {
		return nil
	}
	for _, group := range e.groups(writer, kind, members) {
		id := e.FeedbackID
		if len(e.Recipients) > len(group) {
			id = derivedID(writer.found.Date, e.FeedbackID, kind, e.Recipients[group[0]].SentTo)
		}
		recipients := make([]MatchedRecipient, len(group))
		for i, member := range group {
			e.Recipients[member].FeedbackID = id
			recipients[i] = e.Recipients[member].MatchedRecipient
		}
		if isFeedback {
			body, err := writer.write(kind, id, recipients)
			if err != nil {
				return err
			}
			e.tellIdentity(settings, Notification{Type: kind, FeedbackID: id, Body: body})
		}
		events, err := writer.events(kind, id, recipients)
		if err != nil {
			return err
		}
		e.Notifications = append(e.Notifications, events...)
	}
	return nil
}

// tellIdentity addresses a notification to the topic of the identity, and has the report forwarded where SES would do so: also when
// the topic is gone.
func (e *Effects) tellIdentity(settings Settings, n Notification) {
	identity := settings.Identity
	n.Topic = identity.Topic(n.Type)
	settings.address(&n)
	if n.Gone {
		identity.ClearTopic(n.Topic)
	}
	e.Notifications = append(e.Notifications, n)
	e.Forward = e.Forward || identity.Identity != "" && identity.Forwards(n.Type)
}

// groups says which recipients share a notification: none by default; when they are grouped those to whom the same happened; those of
// the mailbox simulator in any case, as the seed documents say.
func (e *Effects) groups(writer notificationWriter, kind schemas.NotificationType, members []int) (groups [][]int) {
	together := writer.settings.Style.Grouped || writer.match.simulated(writer.settings.Simulator)
	known := map[string]int{}
	for _, member := range members {
		key := strconv.Itoa(member)
		if together {
			key = sameness(kind, e.Recipients[member].Recipient)
		}
		at, ok := known[key]
		if !ok {
			at = len(groups)
			known[key], groups = at, append(groups, nil)
		}
		groups[at] = append(groups[at], member)
	}
	return groups
}

// sameness is what recipients have in common who can share a notification: what it says of them together.
func sameness(kind schemas.NotificationType, recipient Recipient) string {
	switch kind {
	case schemas.TypeBounce:
		return recipient.Cause.BounceType + "/" + recipient.Cause.BounceSubType
	case schemas.TypeDelivery:
		return recipient.RemoteIP + "\n" + recipient.DiagnosticCode
	case schemas.TypeDeliveryDelay:
		return delayType(recipient.Cause) + recipient.WillRetryUntil.String()
	}
	return ""
}

// derivedID is the feedback id of one of several notifications of a report: consumers drop what has an id that they know.
func derivedID(at time.Time, feedbackID string, kind schemas.NotificationType, addr string) string {
	sum := sha256.Sum256([]byte(feedbackID + "\n" + string(kind) + "\n" + addr))
	return schemas.HashedID(atLeastEpoch(at), sum[:])
}

func atLeastEpoch(at time.Time) time.Time {
	if at.Before(time.Unix(0, 0)) {
		return time.Unix(0, 0)
	}
	return at
}
