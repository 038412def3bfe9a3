package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const accountColumns = `id, name, contact, suppressed_reasons, suppression_ttl, suppression_scope, created, sending_paused, details, suppression_topic`

const (
	insertAccount = `INSERT INTO accounts (` + accountColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`
	selectAccount = `SELECT ` + accountColumns + ` FROM accounts WHERE id = $1`

	selectAccounts = `SELECT ` + accountColumns + ` FROM accounts WHERE id > $1 ORDER BY id LIMIT $2`
	updateAccount  = `UPDATE accounts SET name = $1, contact = $2, suppressed_reasons = $3, suppression_ttl = $4, suppression_scope = $5,
		sending_paused = $6, details = $7, suppression_topic = $8 WHERE id = $9`
	deleteAccount = `DELETE FROM accounts WHERE id = $1`
	countAccounts = `SELECT count(*) FROM accounts`
)

const (
	putKey = `INSERT INTO access_keys (id, secret, account, permissions, created) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, account = excluded.account, permissions = excluded.permissions`
	selectKey       = `SELECT id, secret, account, permissions, created FROM access_keys WHERE id = $1`
	selectKeys      = `SELECT id, secret, account, permissions, created FROM access_keys WHERE account = $1 ORDER BY created, id`
	selectOldestKey = selectKeys + ` LIMIT 1`
	deleteKey       = `DELETE FROM access_keys WHERE id = $1`
)

const identityColumns = `account, identity, bounce_topic, complaint_topic, delivery_topic, forwarding_enabled,
headers_in_bounce, headers_in_complaint, headers_in_delivery, detached_topic, detached, tags, configuration_set, created`

const (
	insertIdentity = `
INSERT INTO identities (account, key, identity, bounce_topic, complaint_topic, delivery_topic, forwarding_enabled,
    headers_in_bounce, headers_in_complaint, headers_in_delivery, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	updateIdentity = `
UPDATE identities SET bounce_topic = $1, complaint_topic = $2, delivery_topic = $3, forwarding_enabled = $4,
    headers_in_bounce = $5, headers_in_complaint = $6, headers_in_delivery = $7, detached_topic = $8, detached = $9,
    tags = $10, configuration_set = $11
WHERE account = $12 AND key = $13`

	selectIdentity   = `SELECT ` + identityColumns + ` FROM identities WHERE account = $1 AND key = $2`
	selectIdentities = `SELECT ` + identityColumns + ` FROM identities WHERE account = $1 AND key > $2 ORDER BY key LIMIT $3`
	countIdentities  = `SELECT count(*) FROM identities WHERE account = $1`
	deleteIdentity   = `DELETE FROM identities WHERE account = $1 AND key = $2`

	selectNearestOf = `SELECT ` + identityColumns + ` FROM identities WHERE account = $1 AND key IN (`
	selectNearest   = `SELECT ` + identityColumns + ` FROM identities WHERE key IN (`
	nearestFirst    = ` ORDER BY length(key) DESC, account LIMIT 1`
)

const setColumns = `account, name, created, suppressed_reasons, sending_enabled, tags, options`

const (
	insertSet = `INSERT INTO configuration_sets (` + setColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, name) DO NOTHING`
	updateSet = `UPDATE configuration_sets SET suppressed_reasons = $1, sending_enabled = $2, tags = $3, options = $4
WHERE account = $5 AND name = $6`

	selectSet  = `SELECT ` + setColumns + ` FROM configuration_sets WHERE account = $1 AND name = $2`
	selectSets = `SELECT ` + setColumns + ` FROM configuration_sets WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3`
	countSets  = `SELECT count(*) FROM configuration_sets WHERE account = $1`
	deleteSet  = `DELETE FROM configuration_sets WHERE account = $1 AND name = $2`
)

const destinationColumns = `account, configuration_set, name, enabled, event_types, topic_arn, detached`

const (
	insertDestination = `INSERT INTO event_destinations (` + destinationColumns + `) VALUES ($1, $2, $3, $4, $5, $6, 0)`
	updateDestination = `UPDATE event_destinations SET enabled = $1, event_types = $2, topic_arn = $3, detached = 0
WHERE account = $4 AND configuration_set = $5 AND name = $6`

	selectDestinations = `SELECT ` + destinationColumns + ` FROM event_destinations
WHERE account = $1 AND configuration_set = $2 ORDER BY name`
	disableDestination = `UPDATE event_destinations SET enabled = 0, detached = $1
WHERE account = $2 AND configuration_set = $3 AND name = $4 AND topic_arn = $5 AND enabled = 1`

	// selectPublishers gives identity and contact; the identity is '' for an event destination. It wants the ARN five times.
	selectPublishers = `
SELECT i.identity, a.contact FROM identities i JOIN accounts a ON a.id = i.account
WHERE i.bounce_topic = $1 OR i.complaint_topic = $2 OR i.delivery_topic = $3 OR i.detached_topic = $4
UNION SELECT '', a.contact FROM event_destinations d JOIN accounts a ON a.id = d.account WHERE d.topic_arn = $5
ORDER BY 1, 2 LIMIT $6`
	deleteDestination = `DELETE FROM event_destinations WHERE account = $1 AND configuration_set = $2 AND name = $3`
)

// querier is what reads: the read pool, or a transaction that changes the row next.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is what a single row and each of several have in common.
type row interface{ Scan(into ...any) error }

func scanAccount(r row) (Account, error) {
	var a Account
	var reasons, ttl, details string
	var paused int
	var created int64
	err := r.Scan(&a.ID, &a.Name, &a.Contact, &reasons, &ttl, &a.SuppressionScope, &created, &paused, &details, &a.SuppressionTopic)
	if err != nil {
		return Account{}, err
	}
	if a.SuppressionTTL, err = decodeTTL(ttl); err != nil {
		return Account{}, err
	}
	if a.SendingPaused = paused != 0; details != "null" {
		a.Details = json.RawMessage(details)
	}
	a.Created = time.UnixMilli(created).UTC()
	return a, json.Unmarshal([]byte(reasons), &a.SuppressedReasons)
}

func scanKey(r row) (AccessKey, error) {
	var k AccessKey
	var created int64
	var permissions string
	if err := r.Scan(&k.ID, &k.Secret, &k.Account, &permissions, &created); err != nil {
		return AccessKey{}, err
	}
	k.Created = time.UnixMilli(created).UTC()
	return k, json.Unmarshal([]byte(permissions), &k.Permissions)
}

func scanIdentity(r row) (Identity, error) {
	var i Identity
	var forwarding, bounce, complaint, delivery int
	var detached, created int64
	var tags string
	err := r.Scan(&i.Account, &i.Identity, &i.BounceTopic, &i.ComplaintTopic, &i.DeliveryTopic, &forwarding, &bounce, &complaint, &delivery,
		&i.DetachedTopic, &detached, &tags, &i.ConfigurationSet, &created)
	if err != nil {
		return Identity{}, err
	}
	i.ForwardingEnabled, i.HeadersInBounce, i.HeadersInComplaint, i.HeadersInDelivery = forwarding != 0, bounce != 0, complaint != 0, delivery != 0
	i.Created, i.Detached = time.UnixMilli(created).UTC(), timeOf(detached)
	return i, json.Unmarshal([]byte(tags), &i.Tags)
}

func scanSet(r row) (ConfigurationSet, error) {
	var s ConfigurationSet
	var created int64
	var enabled int
	var reasons, tags, options string
	if err := r.Scan(&s.Account, &s.Name, &created, &reasons, &enabled, &tags, &options); err != nil {
		return ConfigurationSet{}, err
	}
	s.Created, s.SendingEnabled = time.UnixMilli(created).UTC(), enabled != 0
	return s, errors.Join(json.Unmarshal([]byte(reasons), &s.SuppressedReasons), json.Unmarshal([]byte(tags), &s.Tags),
		json.Unmarshal([]byte(options), &s.Options))
}

func getSet(ctx context.Context, db querier, account, name string) (ConfigurationSet, error) {
	s, err := scanSet(db.QueryRowContext(ctx, selectSet, account, name))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoConfigurationSet
	}
	if err != nil {
		return ConfigurationSet{}, fmt.Errorf("account: get %.64q of account %q: %w", name, account, err)
	}
	return s, nil
}

func scanDestination(r row) (EventDestination, error) {
	var d EventDestination
	var enabled int
	var types string
	var detached int64
	err := r.Scan(&d.Account, &d.ConfigurationSet, &d.Name, &enabled, &types, &d.TopicARN, &detached)
	if err != nil {
		return EventDestination{}, err
	}
	d.Enabled, d.Detached = enabled != 0, timeOf(detached)
	return d, json.Unmarshal([]byte(types), &d.MatchingEventTypes)
}

func destinations(ctx context.Context, db querier, account, set string) ([]EventDestination, error) {
	rows, err := db.QueryContext(ctx, selectDestinations, account, set)
	if err != nil {
		return nil, fmt.Errorf("account: event destinations of configuration set %.64q: %w", set, err)
	}
	found, err := collect(rows, scanDestination)
	if err == nil && len(found) == 0 {
		_, err = getSet(ctx, db, account, set)
	}
	if err != nil {
		return nil, fmt.Errorf("account: event destinations of configuration set %.64q: %w", set, err)
	}
	return found, nil
}

// timeOf reads a time that may never have come.
func timeOf(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

func getIdentity(ctx context.Context, db querier, account, identity string) (Identity, error) {
	normal, key, err := parseIdentity(identity)
	if err != nil {
		return Identity{}, err
	}
	i, err := scanIdentity(db.QueryRowContext(ctx, selectIdentity, account, key))
	if err != nil {
		return Identity{}, fmt.Errorf("account: get identity %s of account %q: %w", normal, account, notFound(err))
	}
	return i, nil
}

// exists returns ErrNotFound when there is no such account.
func exists(ctx context.Context, db querier, account string) error {
	_, err := scanAccount(db.QueryRowContext(ctx, selectAccount, account))
	return notFound(err)
}

// hasRoom returns ErrNotFound when there is no such account, and ErrTooMany when it has the most of what the query counts.
func hasRoom(ctx context.Context, db querier, account, count string, most int) error {
	if err := exists(ctx, db, account); err != nil {
		return err
	}
	var has int
	if err := db.QueryRowContext(ctx, count, account).Scan(&has); err != nil {
		return err
	}
	if has >= most {
		return fmt.Errorf("%w: %d", ErrTooMany, most)
	}
	return nil
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(row) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// affects tells whether a statement changed a row.
func affects(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// millisOf is 0 for a time that never came.
func millisOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
