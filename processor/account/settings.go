package account

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

// ChangeIdentity lets change work on an identity and stores what it leaves. The error wraps ErrNotFound or ErrInvalid, or is that of
// change.
func ChangeIdentity(ctx context.Context, tx *sql.Tx, account, identity string, change func(*Identity) error) error {
	i, err := getIdentity(ctx, tx, account, identity)
	if err != nil {
		return err
	}
	if err := change(&i); err != nil {
		return fmt.Errorf("account: identity %s: %w", i.Identity, err)
	}
	return i.save(ctx, tx)
}

// SetTopic sets the topic for a kind of notification; an empty ARN clears it. Feedback without a topic goes by mail.
func SetTopic(ctx context.Context, tx *sql.Tx, account, identity string, kind schemas.NotificationType, arn string) error {
	return ChangeIdentity(ctx, tx, account, identity, func(i *Identity) error {
		topic := i.topic(kind)
		if topic == nil {
			return unknownKind(kind)
		}
		*topic = arn
		if arn != "" {
			i.DetachedTopic, i.Detached = "", time.Time{}
		}
		return nil
	})
}

// SetHeaders sets whether notifications of a kind hold the header of the mail.
func SetHeaders(ctx context.Context, tx *sql.Tx, account, identity string, kind schemas.NotificationType, enabled bool) error {
	return ChangeIdentity(ctx, tx, account, identity, func(i *Identity) error {
		headers := i.headers(kind)
		if headers == nil {
			return unknownKind(kind)
		}
		*headers = enabled
		return nil
	})
}

// SetForwarding sets whether feedback goes by mail. Switching it off while bounces or complaints have no topic is refused
// with an error that wraps ErrNoChannel.
func SetForwarding(ctx context.Context, tx *sql.Tx, account, identity string, enabled bool) error {
	return ChangeIdentity(ctx, tx, account, identity, func(i *Identity) error {
		if !enabled && (i.BounceTopic == "" || i.ComplaintTopic == "") {
			return ErrNoChannel
		}
		i.ForwardingEnabled = enabled
		return nil
	})
}

func unknownKind(kind schemas.NotificationType) error {
	return fmt.Errorf("%w: notification type %.20q is none of %s, %s and %s", ErrInvalid, kind,
		schemas.TypeBounce, schemas.TypeComplaint, schemas.TypeDelivery)
}
