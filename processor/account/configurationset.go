package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/rebound-mail/rebound/suppression"
)

const (
	// MaxConfigurationSets is how many configuration sets an account may have, as in SES.
	MaxConfigurationSets = 10_000

	maxTags     = 50
	maxTagKey   = 128       // bytes
	maxTagValue = 256       // bytes
	maxOptions  = 256 << 10 // bytes of all option blocks together
)

var validSetName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ConfigurationSet is a group of settings that a mail chooses by name. Created is kept in milliseconds.
type ConfigurationSet struct {
	Account string
	Name    string // 1 to 64 of A-Z, a-z, 0-9, "_" and "-"
	// SuppressedReasons count for the mails of the set in place of the account's: nil follows the account, an empty list is none.
	SuppressedReasons []suppression.Reason
	SendingEnabled    bool
	Tags              map[string]string // at most 50
	// Options are the further option blocks of SES (TrackingOptions, DeliveryOptions, ReputationOptions …) by name, as they
	// were given.
	Options map[string]json.RawMessage
	Created time.Time
}

// Suppresses tells whether the list of the account takes addresses for the reason when a mail of the set gives it, and whether it
// counts for such a mail.
func (s ConfigurationSet) Suppresses(owner Account, reason suppression.Reason) bool {
	if s.SuppressedReasons == nil {
		return owner.Suppresses(reason)
	}
	return slices.Contains(s.SuppressedReasons, reason)
}

// CreateConfigurationSet stores a new set and returns it as it is stored. The error wraps ErrInvalid, ErrExists, ErrTooMany, or
// ErrNotFound when there is no such account.
func CreateConfigurationSet(ctx context.Context, tx *sql.Tx, s ConfigurationSet, now time.Time) (ConfigurationSet, error) {
	encoded, err := s.encode()
	if err != nil {
		return ConfigurationSet{}, err
	}
	if err := hasRoom(ctx, tx, s.Account, countSets, MaxConfigurationSets); err != nil {
		return ConfigurationSet{}, fmt.Errorf("account: create configuration set %s of account %q: %w", s.Name, s.Account, err)
	}
	s.Created = now.UTC().Truncate(time.Millisecond)
	args := append([]any{s.Account, s.Name, s.Created.UnixMilli()}, encoded...)
	added, err := affects(tx.ExecContext(ctx, insertSet, args...))
	if err == nil && !added {
		err = ErrExists
	}
	if err != nil {
		return ConfigurationSet{}, fmt.Errorf("account: create configuration set %s: %w", s.Name, err)
	}
	return s, nil
}

// GetConfigurationSet returns a set. The error wraps ErrNoConfigurationSet when the account has none of that name.
func GetConfigurationSet(ctx context.Context, db *sql.DB, account, name string) (ConfigurationSet, error) {
	return getSet(ctx, db, account, name)
}

// ListConfigurationSets returns at most limit sets of an account in the order of their names, from the first whose name is
// greater than after.
func ListConfigurationSets(ctx context.Context, db *sql.DB, account, after string, limit int) ([]ConfigurationSet, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, selectSets, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("account: list configuration sets of %q: %w", account, err)
	}
	sets, err := collect(rows, scanSet)
	if err != nil {
		return nil, fmt.Errorf("account: list configuration sets of %q: %w", account, err)
	}
	return sets, nil
}

// ChangeConfigurationSet lets change work on a set and stores what it leaves. Account, Name and Created stay as they are. The
// error wraps ErrNoConfigurationSet or ErrInvalid, or is that of change.
func ChangeConfigurationSet(ctx context.Context, tx *sql.Tx, account, name string, change func(*ConfigurationSet) error) error {
	s, err := getSet(ctx, tx, account, name)
	if err != nil {
		return err
	}
	if err := change(&s); err != nil {
		return err
	}
	s.Account, s.Name = account, name
	encoded, err := s.encode()
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, updateSet, append(encoded, account, name)...); err != nil {
		return fmt.Errorf("account: change configuration set %s: %w", name, err)
	}
	return nil
}

// DeleteConfigurationSet removes a set with its event destinations, and tells whether it was there.
func DeleteConfigurationSet(ctx context.Context, tx *sql.Tx, account, name string) (existed bool, err error) {
	existed, err = affects(tx.ExecContext(ctx, deleteSet, account, name))
	if err != nil {
		return false, fmt.Errorf("account: delete configuration set %.64q: %w", name, err)
	}
	return existed, nil
}

// encode checks the set and returns what can be changed of it as it is stored.
func (s ConfigurationSet) encode() ([]any, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("account: configuration set %.70q: %w", s.Name, err)
	}
	reasons, err := json.Marshal(s.SuppressedReasons)
	if err != nil {
		return nil, err
	}
	tags, err := json.Marshal(s.Tags)
	if err != nil {
		return nil, err
	}
	options, err := json.Marshal(s.Options)
	if err != nil {
		return nil, fmt.Errorf("account: %w: configuration set %s: an option block is no JSON: %w", ErrInvalid, s.Name, err)
	}
	if len(options) > maxOptions {
		return nil, fmt.Errorf("account: %w: configuration set %s: options of %d bytes: at most %d", ErrInvalid, s.Name, len(options), maxOptions)
	}
	return []any{string(reasons), flag(s.SendingEnabled), string(tags), string(options)}, nil
}

func (s ConfigurationSet) check() error {
	if !validSetName.MatchString(s.Name) {
		return fmt.Errorf(`%w: a name has 1 to 64 letters, digits, "_" and "-"`, ErrInvalid)
	}
	for _, reason := range s.SuppressedReasons {
		if !reason.Valid() {
			return fmt.Errorf("%w: reason %.20q is none of %v", ErrInvalid, reason, suppression.Reasons())
		}
	}
	return checkTags(s.Tags)
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return fmt.Errorf("%w: %d tags: at most %d", ErrInvalid, len(tags), maxTags)
	}
	for key, value := range tags {
		if key == "" || len(key) > maxTagKey || len(value) > maxTagValue {
			return fmt.Errorf("%w: tag %.20q: a key has 1 to %d bytes, a value at most %d", ErrInvalid, key, maxTagKey, maxTagValue)
		}
	}
	return nil
}
