package processor

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rebound-mail/rebound/processor/delivery"
)

// alarm mails the owner that something of theirs was detached from a topic.
func (p publisher) alarm(ctx context.Context, tx *sql.Tx, arn, what, consequence string) error {
	to := p.settings.Identity.Owner(p.settings.Account)
	if to == "" {
		return nil
	}
	text := fmt.Sprintf("A notification of the %s could not be published, because the topic\n\n    %s\n\ndoes not exist.\n\n%s\n\n"+
		"The notification is kept for %d days. When there is a topic again, publish it with:\n\n    rebound topic republish %s\n",
		what, arn, consequence, int(Retention.Hours())/24, arn)
	err := delivery.EnqueueAlarm(ctx, tx, delivery.Alarm{To: []string{to}, Subject: "Notifications could not be published: " + arn, Text: text}, p.now)
	if err != nil {
		return fmt.Errorf("processor: telling %s: %w", to, err)
	}
	return nil
}
