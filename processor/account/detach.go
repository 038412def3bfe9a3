package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxOwners bounds who is told about one topic.
const maxOwners = 100

// Owner is the address of who is told when something of the identity needs attention: the identity itself when it is an address, else
// the contact of its account, else the postmaster of its domain. It is "" for the zero identity of an account without a contact.
func (i Identity) Owner(of Account) string {
	switch {
	case strings.Contains(i.Identity, "@"):
		return i.Identity
	case of.Contact != "" || i.Identity == "":
		return of.Contact
	}
	return "postmaster@" + i.Identity // RFC 2142 section 5
}

// DetachTopic takes a topic that is gone away from an identity wherever it uses it, enables forwarding by mail, and notes it in the
// identity. It tells whether the identity is there and used the topic until now.
func DetachTopic(ctx context.Context, tx *sql.Tx, account, identity, arn string, now time.Time) (changed bool, err error) {
	i, err := getIdentity(ctx, tx, account, identity)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !i.ClearTopic(arn) {
		return false, nil
	}
	i.ForwardingEnabled, i.DetachedTopic, i.Detached = true, arn, now.UTC().Truncate(time.Millisecond)
	return true, i.save(ctx, tx)
}

// DisableEventDestination disables an event destination whose topic is gone, and notes when. It tells whether the destination was
// enabled, with that topic, until now.
func DisableEventDestination(ctx context.Context, tx *sql.Tx, account, set, name, arn string, now time.Time) (changed bool, err error) {
	changed, err = affects(tx.ExecContext(ctx, disableDestination, now.UnixMilli(), account, set, name, arn))
	if err != nil {
		return false, fmt.Errorf("account: disable event destination %.64q of configuration set %.64q: %w", name, set, err)
	}
	return changed, nil
}

// TopicOwners returns the addresses of those who publish to a topic, or did until it was detached: the owners of identities, and the
// contacts of accounts with event destinations. There are at most 100, in the order of the alphabet, each once.
func TopicOwners(ctx context.Context, db *sql.DB, topicARN string) ([]string, error) {
	rows, err := db.QueryContext(ctx, selectPublishers, topicARN, topicARN, topicARN, topicARN, topicARN, maxOwners)
	if err != nil {
		return nil, fmt.Errorf("account: owners of %s: %w", topicARN, err)
	}
	owners, err := collect(rows, func(r row) (string, error) {
		var identity, contact string
		err := r.Scan(&identity, &contact)
		return Identity{Identity: identity}.Owner(Account{Contact: contact}), err
	})
	if err != nil {
		return nil, fmt.Errorf("account: owners of %s: %w", topicARN, err)
	}
	slices.Sort(owners)
	return slices.DeleteFunc(slices.Compact(owners), func(owner string) bool { return owner == "" }), nil
}
