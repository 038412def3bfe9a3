package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

// MaxEventDestinations is how many event destinations a configuration set may have, as in SES.
const MaxEventDestinations = 10

var validTopicARN = regexp.MustCompile(`^arn:aws[a-z-]{0,20}:sns:[a-z0-9-]{1,40}:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)

// EventType is a type of event in the spelling in which SES v2 lists them.
type EventType string

// The event types of SES v2.
const (
	EventSend             EventType = "SEND"
	EventReject           EventType = "REJECT"
	EventBounce           EventType = "BOUNCE"
	EventComplaint        EventType = "COMPLAINT"
	EventDelivery         EventType = "DELIVERY"
	EventOpen             EventType = "OPEN"
	EventClick            EventType = "CLICK"
	EventRenderingFailure EventType = "RENDERING_FAILURE"
	EventDeliveryDelay    EventType = "DELIVERY_DELAY"
	EventSubscription     EventType = "SUBSCRIPTION"
)

// EventTypes returns all event types.
func EventTypes() []EventType {
	return []EventType{EventSend, EventReject, EventBounce, EventComplaint, EventDelivery, EventOpen, EventClick, EventRenderingFailure,
		EventDeliveryDelay, EventSubscription}
}

// EventDestination is a topic that gets the events of the mails that were sent with a configuration set.
type EventDestination struct {
	Account            string
	ConfigurationSet   string
	Name               string // 1 to 64 of A-Z, a-z, 0-9, "_" and "-"
	Enabled            bool
	MatchingEventTypes []EventType // at least one
	TopicARN           string
	// Detached is when the destination was disabled because its topic was gone; zero when it was not, or was put anew since.
	Detached time.Time
}

// Wants tells whether the destination is enabled and gets events of the type.
func (d EventDestination) Wants(kind schemas.NotificationType) bool {
	return d.Enabled && slices.ContainsFunc(d.MatchingEventTypes, func(t EventType) bool { return t.squeezed() == squeezed(string(kind)) })
}

// squeezed is how a type is compared over its spellings: SES writes DELIVERY_DELAY where it is chosen and DeliveryDelay in the
// event, RENDERING_FAILURE and "Rendering Failure".
func (t EventType) squeezed() string { return squeezed(strings.ReplaceAll(string(t), "_", "")) }

func squeezed(s string) string { return strings.ToUpper(strings.ReplaceAll(s, " ", "")) }

// CreateEventDestination stores a new event destination. The error wraps ErrInvalid, ErrExists, ErrTooMany, or
// ErrNoConfigurationSet.
func CreateEventDestination(ctx context.Context, tx *sql.Tx, d EventDestination) error {
	types, err := d.encode()
	if err != nil {
		return err
	}
	siblings, err := destinations(ctx, tx, d.Account, d.ConfigurationSet)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(siblings, func(s EventDestination) bool { return s.Name == d.Name }):
		err = ErrExists
	case len(siblings) >= MaxEventDestinations:
		err = fmt.Errorf("%w: %d", ErrTooMany, MaxEventDestinations)
	default:
		_, err = tx.ExecContext(ctx, insertDestination, d.Account, d.ConfigurationSet, d.Name, flag(d.Enabled), types, d.TopicARN)
	}
	if err != nil {
		return fmt.Errorf("account: create event destination %s of configuration set %s: %w", d.Name, d.ConfigurationSet, err)
	}
	return nil
}

// EventDestinations returns the event destinations of a configuration set in the order of their names. The error wraps
// ErrNoConfigurationSet when there is no such set.
func EventDestinations(ctx context.Context, db *sql.DB, account, set string) ([]EventDestination, error) {
	return destinations(ctx, db, account, set)
}

// PutEventDestination replaces an event destination. The error wraps ErrInvalid, ErrNoConfigurationSet, or ErrNotFound when the
// set has no destination of that name.
func PutEventDestination(ctx context.Context, tx *sql.Tx, d EventDestination) error {
	types, err := d.encode()
	if err != nil {
		return err
	}
	changed, err := affects(tx.ExecContext(ctx, updateDestination, flag(d.Enabled), types, d.TopicARN, d.Account, d.ConfigurationSet, d.Name))
	if err == nil && !changed {
		if _, err = getSet(ctx, tx, d.Account, d.ConfigurationSet); err == nil {
			err = ErrNotFound
		}
	}
	if err != nil {
		return fmt.Errorf("account: put event destination %s of configuration set %s: %w", d.Name, d.ConfigurationSet, err)
	}
	return nil
}

// DeleteEventDestination removes an event destination and tells whether it was there. The error wraps ErrNoConfigurationSet when
// there is no such set.
func DeleteEventDestination(ctx context.Context, tx *sql.Tx, account, set, name string) (existed bool, err error) {
	existed, err = affects(tx.ExecContext(ctx, deleteDestination, account, set, name))
	if err == nil && !existed {
		_, err = getSet(ctx, tx, account, set)
	}
	if err != nil {
		return false, fmt.Errorf("account: delete event destination %.64q of configuration set %.64q: %w", name, set, err)
	}
	return existed, nil
}

// encode checks the destination and returns its event types as they are stored.
func (d EventDestination) encode() (string, error) {
	if !validSetName.MatchString(d.Name) {
		return "", fmt.Errorf(`account: %w: event destination %.70q: a name has 1 to 64 letters, digits, "_" and "-"`, ErrInvalid, d.Name)
	}
	if len(d.MatchingEventTypes) == 0 {
		return "", fmt.Errorf("account: %w: event destination %s matches no event type: name some of %v", ErrInvalid, d.Name, EventTypes())
	}
	var types []EventType
	for _, t := range d.MatchingEventTypes {
		if !slices.Contains(EventTypes(), t) {
			return "", fmt.Errorf("account: %w: event destination %s: event type %.30q is none of %v", ErrInvalid, d.Name, t, EventTypes())
		}
		if !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	if !validTopicARN.MatchString(d.TopicARN) {
		return "", fmt.Errorf("account: %w: event destination %s: %.100q is no ARN of a topic", ErrInvalid, d.Name, d.TopicARN)
	}
	encoded, err := json.Marshal(types)
	return string(encoded), err
}
