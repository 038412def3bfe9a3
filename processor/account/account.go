package account

import (
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
	Created           time.Time
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
	a.Created = now.UTC().Truncate(time.Millisecond)
	reasons, err := a.encode()
	if err != nil {
		return Account{}, err
	}
	added, err := affects(tx.ExecContext(ctx, insertAccount, a.ID, a.Name, a.Contact, reasons, a.Created.UnixMilli()))
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

// Put changes name, contact and reasons of an account. The error wraps ErrInvalid, or ErrNotFound when there is no such account.
func Put(ctx context.Context, tx *sql.Tx, a Account) error {
	reasons, err := a.encode()
	if err != nil {
		return err
	}
	changed, err := affects(tx.ExecContext(ctx, updateAccount, a.Name, a.Contact, reasons, a.ID))
	if err == nil && !changed {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("account: put %s: %w", a.ID, err)
	}
	return nil
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

// encode checks the account and returns its reasons as they are stored.
func (a Account) encode() (string, error) {
	if !validID(a.ID) {
		return "", fmt.Errorf("account: %w: account id %.20q: write %d digits", ErrInvalid, a.ID, idDigits)
	}
	if len(a.Name) > maxName {
		return "", fmt.Errorf("account: %w: the name of %s has %d bytes: at most %d", ErrInvalid, a.ID, len(a.Name), maxName)
	}
	if a.Contact != "" && !address.IsAddress(a.Contact) {
		return "", fmt.Errorf("account: %w: the contact of %s, %.100q, is no mail address", ErrInvalid, a.ID, a.Contact)
	}
	reasons := []suppression.Reason{} // not nil: it is a list in JSON
	for _, reason := range a.SuppressedReasons {
		if !reason.Valid() {
			return "", fmt.Errorf("account: %w: reason %.20q is none of %v", ErrInvalid, reason, suppression.Reasons())
		}
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	encoded, err := json.Marshal(reasons)
	return string(encoded), err
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
