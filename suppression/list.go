package suppression

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// The names of the kinds of lists, as a Verdict and the APIs give them.
const (
	AccountList = "account"
	GlobalList  = "global"
	AllowList   = "allow"
)

// List says which list is meant. The zero value is the global one.
type List struct {
	Account  string // whose list; empty is the global one
	Identity string // the sender identity for whose mails alone the list counts; empty is all that the account sends. Case does not count.
	Allow    bool   // the addresses that may get the account's mail although they are on the global list
}

// Name returns AccountList, GlobalList or AllowList.
func (l List) Name() string {
	switch {
	case l.Account == "":
		return GlobalList
	case l.Allow:
		return AllowList
	}
	return AccountList
}

func (l List) folded() List {
	l.Identity = strings.ToLower(l.Identity)
	return l
}

func (l List) check() error {
	if l.Account == "" && l != (List{}) {
		return fmt.Errorf("%w: the global list has neither an identity nor addresses that are allowed: name an account", ErrInvalid)
	}
	return nil
}

// globalID is the number of the global list, which every database has.
const globalID = 0

// querier is what reads: the pool, or a transaction that writes next.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// listsOf returns the numbers of those lists that can decide about mail of an account and an identity; a list that never
// had an entry has none.
func listsOf(ctx context.Context, db querier, account, identity string) (map[List]int64, error) {
	rows, err := db.QueryContext(ctx, selectLists, account, strings.ToLower(identity))
	if err != nil {
		return nil, fmt.Errorf("suppression: the lists of account %q: %w", account, err)
	}
	lists := map[List]int64{}
	err = scanAll(rows, func(r row) error {
		l, id, err := scanList(r)
		lists[l] = id
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("suppression: the lists of account %q: %w", account, err)
	}
	return lists, nil
}

// numberOf returns the number of a list, and false when it never had an entry.
func numberOf(ctx context.Context, db querier, l List) (int64, bool, error) {
	if err := l.check(); err != nil || l == (List{}) {
		return globalID, err == nil, err
	}
	lists, err := listsOf(ctx, db, l.Account, l.Identity)
	id, known := lists[l.folded()]
	return id, known, err
}
