package account

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/suppression"
)

// DefaultID is the account that the first start makes.
const DefaultID = "000000000000"

const (
	idDigits = 12
	maxName  = 256 // bytes
	// maxDetails is enough for the longest values that SES takes, in bytes.
	maxDetails = 32 << 10
	// maxPage is how many accounts or identities one call lists.
	maxPage = 1000
)

// Account is one who sends mail. Created is kept in milliseconds.
type Account struct {
	ID   string // 12 digits
	Name string // for people; may be empty
	// Contact is the mail address of who runs the account, for alarms; may be empty.
	Contact string
	// SuppressedReasons are the reasons for which addresses come on the account's own list, and for which the list counts.
	// Without any the account has no list of its own and follows the global one.
	SuppressedReasons []suppression.Reason
	// SuppressionTTL is how long an entry stays on the account's list after the last cause, by its reason, in whole seconds.
	// For a reason without one it stays until it is removed, as in SES.
	SuppressionTTL map[suppression.Reason]time.Duration
	// SuppressionScope says for which of the account's mails the entries count that feedback makes. The zero value is
	// ScopeAccount.
	SuppressionScope SuppressionScope
	// SuppressionTopic is the ARN of the topic that is told of each change of the account's lists; empty is none.
	SuppressionTopic string
	SendingPaused    bool
	// Details are what PutAccountDetails of SES said of the account, a JSON object; nil when it said nothing.
	Details json.RawMessage
	Created time.Time
}

// SuppressionScope says for which mails of an account an entry counts.
type SuppressionScope string

// The scopes: all mails of the account, or those that are sent with the same identity.
const (
	ScopeAccount  SuppressionScope = "account"
	ScopeIdentity SuppressionScope = "identity"
)

// SuppressedUntil returns when an entry of the account's list goes by itself that is made now for the reason; zero is never.
func (a Account) SuppressedUntil(reason suppression.Reason, now time.Time) time.Time {
	if ttl := a.SuppressionTTL[reason]; ttl > 0 {
		return now.Add(ttl)
	}
	return time.Time{}
}

// SuppressionList returns the list of the account on which feedback about a mail of the identity puts an address.
func (a Account) SuppressionList(identity string) suppression.List {
	if a.SuppressionScope != ScopeIdentity {
		identity = ""
	}
	return suppression.List{Account: a.ID, Identity: identity}
}

// Suppresses tells whether the account's own list takes addresses for the reason.
func (a Account) Suppresses(reason suppression.Reason) bool {
	return slices.Contains(a.SuppressedReasons, reason)
}

// Create makes an account and returns it as it is stored. Without an ID it gets a random one; with nil SuppressedReasons
// it gets all of them, as SES's accounts do. The error wraps ErrInvalid, or ErrExists when the ID is in use.
func Create(ctx context.Context, tx *sql.Tx, a Account, now time.Time) (Account, error) {
	if a.ID == "" {
		id, err := newID()
		if err != nil {
			return Account{}, err
		}
		a.ID = id
	}
	if a.SuppressedReasons == nil {
		a.SuppressedReasons = suppression.Reasons()
	}
	if a.SuppressionScope == "" {
		a.SuppressionScope = ScopeAccount
	}
	a.Created = now.UTC().Truncate(time.Millisecond)
	reasons, ttl, err := a.encode()
	if err != nil {
		return Account{}, err
	}
	added, err := affects(tx.ExecContext(ctx, insertAccount, a.ID, a.Name, a.Contact, reasons, ttl, string(a.SuppressionScope), a.Created.UnixMilli(),
		flag(a.SendingPaused), detailsOf(a), a.SuppressionTopic))
	if err != nil {
		return Account{}, fmt.Errorf("account: create %s: %w", a.ID, err)
	}
	if !added {
		return Account{}, fmt.Errorf("account: create %s: %w", a.ID, ErrExists)
	}
	return a, nil
}

// Get returns an account. The error wraps ErrNotFound when there is none.
func Get(ctx context.Context, db *sql.DB, id string) (Account, error) {
	a, err := scanAccount(db.QueryRowContext(ctx, selectAccount, id))
	if err != nil {
		return Account{}, fmt.Errorf("account: get %q: %w", id, notFound(err))
	}
	return a, nil
}

// List returns at most limit accounts in the order of their ids, from the first whose id is greater than after.
func List(ctx context.Context, db *sql.DB, after string, limit int) ([]Account, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, selectAccounts, after, limit)
	if err != nil {
		return nil, fmt.Errorf("account: list: %w", err)
	}
	accounts, err := collect(rows, scanAccount)
	if err != nil {
		return nil, fmt.Errorf("account: list: %w", err)
	}
	return accounts, nil
}

// Put changes all of an account but its ID and Created. The error wraps ErrInvalid, or ErrNotFound when there is no
// such account.
func Put(ctx context.Context, tx *sql.Tx, a Account) error {
	reasons, ttl, err := a.encode()
	if err != nil {
		return err
	}
	changed, err := affects(tx.ExecContext(ctx, updateAccount, a.Name, a.Contact, reasons, ttl, string(cmp.Or(a.SuppressionScope, ScopeAccount)),
		flag(a.SendingPaused), detailsOf(a), a.SuppressionTopic, a.ID))
	if err == nil && !changed {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("account: put %s: %w", a.ID, err)
	}
	return nil
}

// Change lets change work on an account and stores what it leaves. The error wraps ErrNotFound or ErrInvalid, or is that of change.
func Change(ctx context.Context, tx *sql.Tx, id string, change func(*Account) error) error {
	a, err := scanAccount(tx.QueryRowContext(ctx, selectAccount, id))
	if err != nil {
		return fmt.Errorf("account: change %q: %w", id, notFound(err))
	}
	if err := change(&a); err != nil {
		return err
	}
	a.ID = id
	return Put(ctx, tx, a)
}

// detailsOf returns the details as they are stored.
func detailsOf(a Account) string {
	if a.Details == nil {
		return "null"
	}
	return string(a.Details)
}

// Delete removes an account with its keys and identities, and tells whether it was there. What it sent and its
// suppression list belong to other packages and stay.
func Delete(ctx context.Context, tx *sql.Tx, id string) (existed bool, err error) {
	existed, err = affects(tx.ExecContext(ctx, deleteAccount, id))
	if err != nil {
		return false, fmt.Errorf("account: delete %q: %w", id, err)
	}
	return existed, nil
}

// encode checks the account and returns its reasons and times to live as they are stored.
func (a Account) encode() (reasons, ttl string, err error) {
	if !validID(a.ID) {
		return "", "", fmt.Errorf("account: %w: account id %.20q: write %d digits", ErrInvalid, a.ID, idDigits)
	}
	if len(a.Name) > maxName {
		return "", "", fmt.Errorf("account: %w: the name of %s has %d bytes: at most %d", ErrInvalid, a.ID, len(a.Name), maxName)
	}
	if a.Contact != "" && !address.IsAddress(a.Contact) {
		return "", "", fmt.Errorf("account: %w: the contact of %s, %.100q, is no mail address", ErrInvalid, a.ID, a.Contact)
	}
	if len(a.Details) > maxDetails || a.Details != nil && !json.Valid(a.Details) {
		return "", "", fmt.Errorf("account: %w: the details of %s are no JSON or over %d bytes", ErrInvalid, a.ID, maxDetails)
	}
	if a.SuppressionScope != "" && a.SuppressionScope != ScopeAccount && a.SuppressionScope != ScopeIdentity {
		return "", "", fmt.Errorf("account: %w: suppression scope %.20q: write %s or %s", ErrInvalid, a.SuppressionScope, ScopeAccount, ScopeIdentity)
	}
	unique := []suppression.Reason{} // not nil: it is a list in JSON
	for _, reason := range a.SuppressedReasons {
		if !reason.Valid() {
			return "", "", fmt.Errorf("account: %w: reason %.20q is none of %v", ErrInvalid, reason, suppression.Reasons())
		}
		if !slices.Contains(unique, reason) {
			unique = append(unique, reason)
		}
	}
	encoded, err := json.Marshal(unique)
	if err != nil {
		return "", "", err
	}
	ttl, err = a.encodeTTL()
	return string(encoded), ttl, err
}

// encodeTTL returns the times to live as JSON, in seconds by reason.
func (a Account) encodeTTL() (string, error) {
	seconds := map[suppression.Reason]int64{}
	for reason, ttl := range a.SuppressionTTL {
		if !reason.Valid() && reason != suppression.Manual {
			return "", fmt.Errorf("account: %w: reason %.20q is none of %v and %s", ErrInvalid, reason, suppression.Reasons(), suppression.Manual)
		}
		if ttl < time.Second || ttl%time.Second != 0 {
			return "", fmt.Errorf("account: %w: entries for %s that stay %v: write whole seconds", ErrInvalid, reason, ttl)
		}
		seconds[reason] = int64(ttl / time.Second)
	}
	encoded, err := json.Marshal(seconds)
	return string(encoded), err
}

// decodeTTL reads what encodeTTL wrote; nil when there is none.
func decodeTTL(encoded string) (map[suppression.Reason]time.Duration, error) {
	var seconds map[suppression.Reason]int64
	if err := json.Unmarshal([]byte(encoded), &seconds); err != nil || len(seconds) == 0 {
		return nil, err
	}
	ttl := make(map[suppression.Reason]time.Duration, len(seconds))
	for reason, n := range seconds {
		ttl[reason] = time.Duration(n) * time.Second
	}
	return ttl, nil
}

func validID(id string) bool {
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return len(id) == idDigits
}

// newID is random, so that ids do not tell how many accounts there are.
func newID() (string, error) {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(idDigits), nil)
	n, err := rand.Int(rand.Reader, most.Sub(most, big.NewInt(1)))
	if err != nil {
		return "", fmt.Errorf("account: draw an id: %w", err)
	}
	return fmt.Sprintf("%0*d", idDigits, n.Add(n, big.NewInt(1))), nil // from 1 on: 0 is DefaultID
}

func checkLimit(limit int) error {
	if limit < 1 || limit > maxPage {
		return fmt.Errorf("account: %w: a page of %d: ask for 1 to %d", ErrInvalid, limit, maxPage)
	}
	return nil
}

// notFound says ErrNotFound for no row.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
