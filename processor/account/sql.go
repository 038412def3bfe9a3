package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

const (
	insertAccount = `INSERT INTO accounts (id, name, suppressed_reasons, created) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`
	selectAccount = `SELECT id, name, suppressed_reasons, created FROM accounts WHERE id = $1`

	selectAccounts = `SELECT id, name, suppressed_reasons, created FROM accounts WHERE id > $1 ORDER BY id LIMIT $2`
	updateAccount  = `UPDATE accounts SET name = $1, suppressed_reasons = $2 WHERE id = $3`
	deleteAccount  = `DELETE FROM accounts WHERE id = $1`
	countAccounts  = `SELECT count(*) FROM accounts`
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
headers_in_bounce, headers_in_complaint, headers_in_delivery, created`

const (
	insertIdentity = `
INSERT INTO identities (account, key, identity, bounce_topic, complaint_topic, delivery_topic, forwarding_enabled,
    headers_in_bounce, headers_in_complaint, headers_in_delivery, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	updateIdentity = `
UPDATE identities SET bounce_topic = $1, complaint_topic = $2, delivery_topic = $3, forwarding_enabled = $4,
    headers_in_bounce = $5, headers_in_complaint = $6, headers_in_delivery = $7
WHERE account = $8 AND key = $9`

	selectIdentity   = `SELECT ` + identityColumns + ` FROM identities WHERE account = $1 AND key = $2`
	selectIdentities = `SELECT ` + identityColumns + ` FROM identities WHERE account = $1 AND key > $2 ORDER BY key LIMIT $3`
	countIdentities  = `SELECT count(*) FROM identities WHERE account = $1`
	deleteIdentity   = `DELETE FROM identities WHERE account = $1 AND key = $2`

	selectUsers = `SELECT ` + identityColumns + ` FROM identities
WHERE bounce_topic = $1 OR complaint_topic = $1 OR delivery_topic = $1 ORDER BY account, key LIMIT $2`

	selectNearestOf = `SELECT ` + identityColumns + ` FROM identities WHERE account = $1 AND key IN (`
	selectNearest   = `SELECT ` + identityColumns + ` FROM identities WHERE key IN (`
	nearestFirst    = ` ORDER BY length(key) DESC, account LIMIT 1`
)

// querier is what reads a single row: the read pool, or a transaction that changes the row next.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is what a single row and each of several have in common.
type row interface{ Scan(into ...any) error }

func scanAccount(r row) (Account, error) {
	var a Account
	var reasons string
	var created int64
	if err := r.Scan(&a.ID, &a.Name, &reasons, &created); err != nil {
		return Account{}, err
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
	var created int64
	err := r.Scan(&i.Account, &i.Identity, &i.BounceTopic, &i.ComplaintTopic, &i.DeliveryTopic, &forwarding, &bounce, &complaint, &delivery, &created)
	if err != nil {
		return Identity{}, err
	}
	i.ForwardingEnabled, i.HeadersInBounce, i.HeadersInComplaint, i.HeadersInDelivery = forwarding != 0, bounce != 0, complaint != 0, delivery != 0
	i.Created = time.UnixMilli(created).UTC()
	return i, nil
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

// hasRoom returns ErrNotFound when there is no such account, and ErrTooMany when it may not have one more identity.
func hasRoom(ctx context.Context, db querier, account string) error {
	if err := exists(ctx, db, account); err != nil {
		return err
	}
	var identities int
	if err := db.QueryRowContext(ctx, countIdentities, account).Scan(&identities); err != nil {
		return err
	}
	if identities >= MaxIdentities {
		return fmt.Errorf("%w: %d", ErrTooMany, MaxIdentities)
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

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
