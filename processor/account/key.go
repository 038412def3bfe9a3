package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/account/secretfile"
)

// AccessKey is what a program signs the requests of an account with. It prints as its ID, so that the secret does not
// come into a log.
type AccessKey struct {
	ID      string // "AKIA" and 16 of A to Z and 2 to 7
	Secret  string // 40 characters
	Account string
	// Permissions are what the key may do.
	Permissions []Permission
	Created     time.Time // kept in milliseconds
}

// String returns the ID.
func (k AccessKey) String() string { return k.ID }

// LogValue returns the ID.
func (k AccessKey) LogValue() slog.Value { return slog.StringValue(k.ID) }

// The bounds of AWS for the parts of a key that was not made here.
const (
	minKeyPart = 16
	maxKeyPart = 128
)

// CreateKey makes an access key for an account, which may do everything when no permissions are named. The error wraps ErrNotFound when
// there is no such account, and ErrInvalid for a permission that does not exist.
func CreateKey(ctx context.Context, tx *sql.Tx, account string, now time.Time, permissions ...Permission) (AccessKey, error) {
	if len(permissions) == 0 {
		permissions = []Permission{Administer}
	}
	var random [40]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	key := AccessKey{
		ID:          "AKIA" + base32.StdEncoding.EncodeToString(random[:10]),
		Secret:      base64.StdEncoding.EncodeToString(random[10:]),
		Account:     account,
		Permissions: permissions,
		Created:     now.UTC().Truncate(time.Millisecond),
	}
	return key, PutKey(ctx, tx, key)
}

// PutKey stores a key that was made elsewhere, or gives the key with that ID another secret and account. The error wraps
// ErrInvalid for an ID or secret that AWS tools would refuse, and ErrNotFound when there is no such account.
func PutKey(ctx context.Context, tx *sql.Tx, k AccessKey) error {
	if !validKeyPart(k.ID, "_") || !validKeyPart(k.Secret, "/+=_-") {
		return fmt.Errorf("account: put key %.20q: %w: id and secret have %d to %d letters and digits", k.ID, ErrInvalid, minKeyPart, maxKeyPart)
	}
	permissions, err := encodePermissions(k.Permissions)
	if err != nil {
		return fmt.Errorf("account: put key %s: %w", k.ID, err)
	}
	if err := exists(ctx, tx, k.Account); err != nil {
		return fmt.Errorf("account: put a key of account %q: %w", k.Account, err)
	}
	if _, err := tx.ExecContext(ctx, putKey, k.ID, k.Secret, k.Account, permissions, k.Created.UnixMilli()); err != nil {
		return fmt.Errorf("account: put key %s: %w", k.ID, err)
	}
	return nil
}

// validKeyPart takes ASCII letters, digits and the further characters.
func validKeyPart(s, further string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && strings.IndexByte(further, c) < 0 {
			return false
		}
	}
	return len(s) >= minKeyPart && len(s) <= maxKeyPart
}

// GetKey returns an access key. The error wraps ErrNotFound when there is none.
func GetKey(ctx context.Context, db *sql.DB, id string) (AccessKey, error) {
	key, err := scanKey(db.QueryRowContext(ctx, selectKey, id))
	if err != nil {
		return AccessKey{}, fmt.Errorf("account: get key %.128q: %w", id, notFound(err))
	}
	return key, nil
}

// ListKeys returns the keys of an account, the oldest first.
func ListKeys(ctx context.Context, db *sql.DB, account string) ([]AccessKey, error) {
	rows, err := db.QueryContext(ctx, selectKeys, account)
	if err != nil {
		return nil, fmt.Errorf("account: list keys of %q: %w", account, err)
	}
	keys, err := collect(rows, scanKey)
	if err != nil {
		return nil, fmt.Errorf("account: list keys of %q: %w", account, err)
	}
	return keys, nil
}

// DeleteKey removes an access key and tells whether it was there.
func DeleteKey(ctx context.Context, tx *sql.Tx, id string) (existed bool, err error) {
	existed, err = affects(tx.ExecContext(ctx, deleteKey, id))
	if err != nil {
		return false, fmt.Errorf("account: delete key %q: %w", id, err)
	}
	return existed, nil
}

// Authenticate returns the key when the secret is its own, else ErrDenied. The time it takes does not tell how much of the
// secret is right.
func Authenticate(ctx context.Context, db *sql.DB, keyID, secret string) (AccessKey, error) {
	key, err := GetKey(ctx, db, keyID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return AccessKey{}, err
	}
	got, want := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(key.Secret))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || err != nil {
		return AccessKey{}, ErrDenied
	}
	return key, nil
}

// CreateDefault makes account DefaultID with one access key when there is no account at all: an account that was deleted
// does not come back. Else it returns the account's oldest key, or the zero key when it has none.
func CreateDefault(ctx context.Context, tx *sql.Tx, now time.Time) (key AccessKey, created bool, err error) {
	var accounts int
	if err := tx.QueryRowContext(ctx, countAccounts).Scan(&accounts); err != nil {
		return AccessKey{}, false, fmt.Errorf("account: create the first: %w", err)
	}
	if accounts == 0 {
		if _, err := Create(ctx, tx, Account{ID: DefaultID, Name: "default"}, now); err != nil {
			return AccessKey{}, false, err
		}
		key, err = CreateKey(ctx, tx, DefaultID, now)
		return key, err == nil, err
	}
	key, err = scanKey(tx.QueryRowContext(ctx, selectOldestKey, DefaultID))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return AccessKey{}, false, fmt.Errorf("account: read the key of %s: %w", DefaultID, err)
	}
	return key, false, nil
}

// WriteCredentials writes a key to a file in the form that AWS tools read (AWS_SHARED_CREDENTIALS_FILE), for its owner only.
// The file is replaced whole.
func WriteCredentials(path string, key AccessKey) error {
	content := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key.ID, key.Secret)
	if err := secretfile.Replace(path, []byte(content)); err != nil {
		return fmt.Errorf("account: write credentials: %w", err)
	}
	return nil
}
