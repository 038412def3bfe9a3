package processor

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
)

// publisher puts the notifications about one mail into the outbox.
type publisher struct {
	settings Settings
	mail     sentmail.Mail
	attempt  string // of a replay: its messages are other ones than those of the first time; else empty
	now      time.Time
}

// published is what became of notifications beside what the outbox holds.
type published struct {
	filtered int      // how many subscriptions did not want one
	detached []string // what was detached from its topic, for the log
}

// publish enqueues notifications for those who want them. One whose topic is gone is kept, and what published to the topic is
// detached from it, as in SES.
func (p publisher) publish(ctx context.Context, tx *sql.Tx, notifications []Notification) (published, error) {
	var result published
	for _, n := range notifications {
		message := delivery.Message{ID: again(n.messageID(p.mail.MessageID), p.attempt), TopicARN: n.Topic, Kind: delivery.KindNotification, Body: string(n.Body),
			FeedbackID: n.FeedbackID}
		if n.isEvent() {
			message.Subject = schemas.EventSubject
		}
		if n.Gone {
			if err := keepUnpublished(ctx, tx, p.mail.Account, message, p.now); err != nil {
				return result, err
			}
			who, err := p.detach(ctx, tx, n)
			if err != nil {
				return result, err
			}
			if who != "" {
				result.detached = append(result.detached, who)
			}
			continue
		}
		filtered, err := delivery.Publish(ctx, tx, message, nil, n.Subscribers, p.now)
		if err != nil {
			return result, fmt.Errorf("processor: publishing notification %s: %w", message.ID, err)
		}
		result.filtered += filtered
	}
	return result, nil
}

// detach takes a topic that is gone away from the identity, or disables the event destination, and tells the owner once. It returns
// what was changed, "" when somebody did it before.
func (p publisher) detach(ctx context.Context, tx *sql.Tx, n Notification) (string, error) {
	owner, identity := p.settings.Account, p.settings.Identity
	if n.isEvent() {
		what := fmt.Sprintf("event destination %s of configuration set %s", n.Destination, p.mail.ConfigurationSet)
		changed, err := account.DisableEventDestination(ctx, tx, owner.ID, p.mail.ConfigurationSet, n.Destination, n.Topic, p.now)
		if err != nil || !changed {
			return "", err
		}
		return what, p.alarm(ctx, tx, n.Topic, what, "It was disabled: its events are published no more until it is given a topic that exists and is enabled again.")
	}
	changed, err := account.DetachTopic(ctx, tx, owner.ID, identity.Identity, n.Topic, p.now)
	if err != nil || !changed {
		return "", err
	}
	what := "identity " + identity.Identity
	return what, p.alarm(ctx, tx, n.Topic, what, "The topic was taken away from it, and bounces and complaints are forwarded by mail again.")
}
