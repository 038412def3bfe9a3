package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/schemas"
)

// MaxIdentities is how many identities an account may have, as in SES.
const MaxIdentities = 10_000

// Identity is an address or a domain that an account sends with, and where its feedback goes.
type Identity struct {
	Account  string
	Identity string // in the form of address.Normalize, or a domain in lower case and A-labels

	BounceTopic, ComplaintTopic, DeliveryTopic string // topic ARNs; empty is none
	// ForwardingEnabled is whether feedback goes by mail too. It goes by mail in any case as long as there is no topic for
	// it: see Forwards.
	ForwardingEnabled bool
	// HeadersInBounce and the two others are whether a notification of the kind holds the header of the mail.
	HeadersInBounce, HeadersInComplaint, HeadersInDelivery bool

	// DetachedTopic is the topic that was taken away last because it was gone, and Detached when. They are zero when there was
	// none, and once a topic is set again.
	DetachedTopic string
	Detached      time.Time

	Tags map[string]string // at most 50
	// ConfigurationSet is the set of mails that choose none; empty is none. A set that does not exist changes nothing.
	ConfigurationSet string

	Created time.Time // kept in milliseconds
}

// Topic returns the ARN of the topic for a kind of notification, empty when there is none.
func (i Identity) Topic(kind schemas.NotificationType) string {
	if topic := i.topic(kind); topic != nil {
		return *topic
	}
	return ""
}

// Headers returns whether a notification of the kind holds the header of the mail.
func (i Identity) Headers(kind schemas.NotificationType) bool {
	headers := i.headers(kind)
	return headers != nil && *headers
}

// Forwards tells whether feedback of the kind goes by mail: bounces and complaints do when forwarding is enabled, and when
// there is no topic for them, so that nobody misses them. Deliveries never go by mail.
func (i Identity) Forwards(kind schemas.NotificationType) bool {
	switch kind {
	case schemas.TypeBounce, schemas.TypeComplaint:
		return i.ForwardingEnabled || i.Topic(kind) == ""
	}
	return false
}

// ClearTopic takes a topic away wherever the identity uses it, and tells whether it did. Feedback that has none goes by mail.
func (i *Identity) ClearTopic(arn string) (used bool) {
	for _, topic := range []*string{&i.BounceTopic, &i.ComplaintTopic, &i.DeliveryTopic} {
		if *topic == arn {
			*topic, used = "", true
		}
	}
	return used
}

func (i *Identity) topic(kind schemas.NotificationType) *string {
	switch kind {
	case schemas.TypeBounce:
		return &i.BounceTopic
	case schemas.TypeComplaint:
		return &i.ComplaintTopic
	case schemas.TypeDelivery:
		return &i.DeliveryTopic
	}
	return nil
}

func (i *Identity) headers(kind schemas.NotificationType) *bool {
	switch kind {
	case schemas.TypeBounce:
		return &i.HeadersInBounce
	case schemas.TypeComplaint:
		return &i.HeadersInComplaint
	case schemas.TypeDelivery:
		return &i.HeadersInDelivery
	}
	return nil
}

// CreateIdentity stores a new identity with the settings that a new one has: feedback by mail, headers in notifications.
// When the account has it already, it comes back as it is with an error that wraps ErrExists. The error wraps ErrInvalid
// for what is neither address nor domain, ErrTooMany, or ErrNotFound when there is no such account.
func CreateIdentity(ctx context.Context, tx *sql.Tx, account, identity string, now time.Time) (Identity, error) {
	normal, key, err := parseIdentity(identity)
	if err != nil {
		return Identity{}, err
	}
	i, err := getIdentity(ctx, tx, account, identity)
	if err == nil {
		return i, fmt.Errorf("account: create identity %s: %w", normal, ErrExists)
	}
	if !errors.Is(err, ErrNotFound) {
		return Identity{}, err
	}
	if err := hasRoom(ctx, tx, account, countIdentities, MaxIdentities); err != nil {
		return Identity{}, fmt.Errorf("account: create identity %s of account %q: %w", normal, account, err)
	}
	i = Identity{Account: account, Identity: normal, ForwardingEnabled: true, HeadersInBounce: true, HeadersInComplaint: true,
		HeadersInDelivery: true, Created: now.UTC().Truncate(time.Millisecond)}
	_, err = tx.ExecContext(ctx, insertIdentity, i.Account, key, i.Identity, i.BounceTopic, i.ComplaintTopic, i.DeliveryTopic,
		flag(i.ForwardingEnabled), flag(i.HeadersInBounce), flag(i.HeadersInComplaint), flag(i.HeadersInDelivery), i.Created.UnixMilli())
	if err != nil {
		return Identity{}, fmt.Errorf("account: create identity %s: %w", normal, err)
	}
	return i, nil
}

// GetIdentity returns an identity of an account by its own name, whatever the case of its letters. The error wraps
// ErrNotFound when there is none, and ErrInvalid for what is neither address nor domain.
func GetIdentity(ctx context.Context, db *sql.DB, account, identity string) (Identity, error) {
	return getIdentity(ctx, db, account, identity)
}

// ListIdentities returns at most limit identities of an account in the order of their names: those after the identity
// named, or the first ones when after is empty.
func ListIdentities(ctx context.Context, db *sql.DB, account, after string, limit int) ([]Identity, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	from := ""
	if after != "" {
		var err error
		if _, from, err = parseIdentity(after); err != nil {
			return nil, err
		}
	}
	rows, err := db.QueryContext(ctx, selectIdentities, account, from, limit)
	if err != nil {
		return nil, fmt.Errorf("account: list identities of %q: %w", account, err)
	}
	identities, err := collect(rows, scanIdentity)
	if err != nil {
		return nil, fmt.Errorf("account: list identities of %q: %w", account, err)
	}
	return identities, nil
}

// PutIdentity replaces the settings of an identity. The error wraps ErrNotFound when the account does not have it, and
// ErrNoChannel when feedback would have none.
func PutIdentity(ctx context.Context, tx *sql.Tx, i Identity) error {
	if !i.ForwardingEnabled && (i.BounceTopic == "" || i.ComplaintTopic == "") {
		return fmt.Errorf("account: put identity %.320q: %w", i.Identity, ErrNoChannel)
	}
	return i.save(ctx, tx)
}

func (i Identity) save(ctx context.Context, tx *sql.Tx) error {
	normal, key, err := parseIdentity(i.Identity)
	if err != nil {
		return err
	}
	if err := checkTags(i.Tags); err != nil {
		return fmt.Errorf("account: put identity %s: %w", normal, err)
	}
	tags, err := json.Marshal(i.Tags)
	if err != nil {
		return err
	}
	changed, err := affects(tx.ExecContext(ctx, updateIdentity, i.BounceTopic, i.ComplaintTopic, i.DeliveryTopic,
		flag(i.ForwardingEnabled), flag(i.HeadersInBounce), flag(i.HeadersInComplaint), flag(i.HeadersInDelivery),
		i.DetachedTopic, millisOf(i.Detached), string(tags), i.ConfigurationSet, i.Account, key))
	if err == nil && !changed {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("account: put identity %s of account %q: %w", normal, i.Account, err)
	}
	return nil
}

// DeleteIdentity removes an identity and tells whether it was there.
func DeleteIdentity(ctx context.Context, tx *sql.Tx, account, identity string) (existed bool, err error) {
	normal, key, err := parseIdentity(identity)
	if err != nil {
		return false, err
	}
	existed, err = affects(tx.ExecContext(ctx, deleteIdentity, account, key))
	if err != nil {
		return false, fmt.Errorf("account: delete identity %s: %w", normal, err)
	}
	return existed, nil
}

// parseIdentity returns an identity as it is shown and as it is compared.
func parseIdentity(identity string) (normal, key string, err error) {
	if !strings.Contains(identity, "@") {
		domain := address.Domain("x@" + identity)
		if domain == "" {
			return "", "", fmt.Errorf("account: %w: %.100q is neither a mail address nor a domain", ErrInvalid, identity)
		}
		return domain, domain, nil
	}
	normal, err = address.Normalize(identity)
	if err == nil {
		key, err = address.Key(identity)
	}
	if err != nil {
		return "", "", fmt.Errorf("account: %w: %w", ErrInvalid, err)
	}
	return normal, key, nil
}
