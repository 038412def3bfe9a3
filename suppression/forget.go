package suppression

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
)

// HashOf returns what a change names an address by that was forgotten: 32 hexadecimal digits, the first 16 bytes of the SHA-256 of
// the folded address. The error wraps ErrInvalid when addr is no address.
func HashOf(addr string) (string, error) {
	at, err := placeOf(addr)
	return hex.EncodeToString(at.hash[:]), err
}

// Forget takes an address off all lists of all accounts, and out of the journal of changes. The journal then tells those who follow
// it that an address with this hash was taken off, for each list that they may still have it on. It returns how many entries and
// changes named it.
func Forget(ctx context.Context, tx *sql.Tx, addr string, now time.Time) (entries, changes int, err error) {
	at, err := placeOf(addr)
	if err != nil {
		return 0, 0, err
	}
	lists := map[int64]bool{}
	if changes, err = forgetChanges(ctx, tx, at, lists); err == nil {
		entries, err = forgetEntries(ctx, tx, at, lists)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("suppression: forget an address: %w", err)
	}
	if len(lists) == 0 {
		return entries, changes, nil
	}
	seq, err := numbers(ctx, tx, len(lists))
	if err != nil {
		return 0, 0, err
	}
	for _, list := range slices.Sorted(maps.Keys(lists)) {
		if _, err := tx.ExecContext(ctx, insertForgotten, seq, list, at.hash[:], []byte{}, now.UnixMilli()); err != nil {
			return 0, 0, fmt.Errorf("suppression: forget an address: %w", err)
		}
		seq++
	}
	return entries, changes, nil
}

// forgetEntries deletes the entries of an address, expired or not, and notes their lists.
func forgetEntries(ctx context.Context, tx *sql.Tx, at place, lists map[int64]bool) (n int, err error) {
	rows, err := tx.QueryContext(ctx, selectAnywhere, at.hash[:])
	if err != nil {
		return 0, err
	}
	var on []int64
	err = scanAll(rows, func(r row) error {
		var list int64
		var addr string
		err := r.Scan(&list, &addr)
		if at.holds(addr) {
			on = append(on, list)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, list := range on {
		if _, err := tx.ExecContext(ctx, deleteEntry, list, at.hash[:]); err != nil {
			return 0, err
		}
		lists[list] = true
	}
	return len(on), nil
}

// forgetChanges deletes the changes about an address, and notes their lists.
func forgetChanges(ctx context.Context, tx *sql.Tx, at place, lists map[int64]bool) (n int, err error) {
	domain := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(address.Domain(at.key))
	rows, err := tx.QueryContext(ctx, selectOfDomain, "%@"+domain)
	if err != nil {
		return 0, err
	}
	var about []int64
	err = scanAll(rows, func(r row) error {
		var seq, list int64
		var addr string
		err := r.Scan(&seq, &list, &addr)
		if at.holds(addr) {
			about, lists[list] = append(about, seq), true
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, seq := range about {
		if _, err := tx.ExecContext(ctx, deleteChange, seq); err != nil {
			return 0, err
		}
	}
	return len(about), nil
}
