package suppression

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The lists that a Verdict names.
const (
	AccountList = "account"
	GlobalList  = "global"
)

// Verdict tells whether mail to an address is suppressed, and by which entry.
type Verdict struct {
	Suppressed bool
	Entry      Entry  // the zero value when it is not
	List       string // AccountList or GlobalList; empty when it is not
}

// chunk is how many addresses one query of CheckMany asks for.
const chunk = 1000

// Get returns the entry of an address on one list. The account is empty for the global list. The error wraps ErrInvalid
// when addr is no address.
func Get(ctx context.Context, db *sql.DB, account, addr string, now time.Time) (Entry, bool, error) {
	at, err := placeOf(addr)
	if err != nil {
		return Entry{}, false, err
	}
	e, err := scan(db.QueryRowContext(ctx, selectEntry, account, at.hash[:], now.UnixMilli()))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("suppression: get %s: %w", at.key, err)
	}
	if !at.holds(e.Address) {
		return Entry{}, false, nil
	}
	return e, true, nil
}

// Check tells whether a mail of the account to addr is suppressed. With accountReasons the account's own list decides, by
// its entries for one of these reasons, and the global list does not count; without any the global list decides. The
// error wraps ErrInvalid when addr is no address.
func Check(ctx context.Context, db *sql.DB, account string, accountReasons []Reason, addr string, now time.Time) (Verdict, error) {
	decides := listFor(account, accountReasons)
	e, found, err := Get(ctx, db, decides.account, addr, now)
	if err != nil || !found {
		return Verdict{}, err
	}
	return decides.verdict(e), nil
}

// CheckMany is Check for many addresses; the verdicts stand in the order of the addresses. It asks for 1000 addresses with
// one query.
func CheckMany(ctx context.Context, db *sql.DB, account string, accountReasons []Reason, addrs []string, now time.Time) ([]Verdict, error) {
	decides := listFor(account, accountReasons)
	verdicts := make([]Verdict, 0, len(addrs))
	for part := range slices.Chunk(addrs, chunk) {
		entries, err := getMany(ctx, db, decides.account, part, now)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			verdicts = append(verdicts, decides.verdict(e))
		}
	}
	return verdicts, nil
}

// list is the list that decides for an account.
type list struct {
	account string
	name    string
	reasons []Reason
}

func listFor(account string, accountReasons []Reason) list {
	if account == "" || len(accountReasons) == 0 {
		return list{account: "", name: GlobalList, reasons: Reasons()}
	}
	return list{account: account, name: AccountList, reasons: accountReasons}
}

// verdict takes the zero Entry for none.
func (l list) verdict(e Entry) Verdict {
	if !slices.Contains(l.reasons, e.Reason) {
		return Verdict{}
	}
	return Verdict{Suppressed: true, Entry: e, List: l.name}
}

// getMany returns the entry of each address; where there is none the zero Entry.
func getMany(ctx context.Context, db *sql.DB, account string, addrs []string, now time.Time) ([]Entry, error) {
	indexes := make(map[string][]int, len(addrs)) // by key
	args := append(make([]any, 0, len(addrs)+2), account, now.UnixMilli())
	for i, addr := range addrs {
		at, err := placeOf(addr)
		if err != nil {
			return nil, err
		}
		if indexes[at.key] == nil {
			args = append(args, at.hash[:])
		}
		indexes[at.key] = append(indexes[at.key], i)
	}
	rows, err := db.QueryContext(ctx, selectEntries+parameters(3, len(args))+")", args...)
	if err != nil {
		return nil, fmt.Errorf("suppression: check %d addresses: %w", len(addrs), err)
	}
	entries := make([]Entry, len(addrs))
	err = scanAll(rows, func(r row) error {
		e, err := scan(r)
		if err != nil {
			return err
		}
		// The key of what is stored, not the hash that was asked for: see place.holds.
		if at, err := placeOf(e.Address); err == nil {
			for _, i := range indexes[at.key] {
				entries[i] = e
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("suppression: check %d addresses: %w", len(addrs), err)
	}
	return entries, nil
}

// parameters writes "$first, …, $last".
func parameters(first, last int) string {
	var b strings.Builder
	for n := first; n <= last; n++ {
		if n > first {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
