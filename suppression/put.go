package suppression

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
)

// Put puts an address on a list, or replaces reason, ids and expiry of the one that is there: on the global list the 14
// days start anew. e.Created and e.Updated are not read. An entry that has expired by now changes nothing. The error
// wraps ErrInvalid when the address or the reason is none, or when an entry of the global list has no expiry.
func Put(ctx context.Context, tx *sql.Tx, e Entry, now time.Time) error {
	at, err := placeOf(e.Address)
	if err != nil {
		return err
	}
	normal, err := address.Normalize(e.Address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !e.Reason.Valid() {
		return fmt.Errorf("%w: reason %q of %s is none of %s and %s", ErrInvalid, e.Reason, normal, Bounce, Complaint)
	}
	if e.Account == "" && e.Expires.IsZero() {
		return fmt.Errorf("%w: %s has no expiry, which the global list needs: at most 14 days", ErrInvalid, normal)
	}
	if expired(e.Expires, now) {
		return nil
	}
	_, err = tx.ExecContext(ctx, putEntry, e.Account, at.hash[:], normal, string(e.Reason), e.FeedbackID, e.MessageID,
		now.UnixMilli(), now.UnixMilli(), millis(e.Expires))
	if err != nil {
		return fmt.Errorf("suppression: put %s: %w", normal, err)
	}
	return nil
}

func expired(expires, now time.Time) bool {
	return !expires.IsZero() && expires.UnixMilli() <= now.UnixMilli()
}

// Delete takes an address off a list, with effect for the next Check, and tells whether it was there. The account is
// empty for the global list.
func Delete(ctx context.Context, tx *sql.Tx, account, addr string) (existed bool, err error) {
	at, err := placeOf(addr)
	if err != nil {
		return false, err
	}
	var stored string
	err = tx.QueryRowContext(ctx, selectAddress, account, at.hash[:]).Scan(&stored)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !at.holds(stored) {
		return false, nil
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, deleteEntry, account, at.hash[:])
	}
	if err != nil {
		return false, fmt.Errorf("suppression: delete %s: %w", at.key, err)
	}
	return true, nil
}

// Purge deletes at most limit entries that have expired, and returns how many there were. Nothing depends on it but the
// room that they take; 500 at a time leave others time to write.
func Purge(ctx context.Context, tx *sql.Tx, now time.Time, limit int) (n int, err error) {
	result, err := tx.ExecContext(ctx, purgeEntries, now.UnixMilli(), limit)
	if err != nil {
		return 0, fmt.Errorf("suppression: purge: %w", err)
	}
	deleted, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("suppression: purge: %w", err)
	}
	return int(deleted), nil
}
