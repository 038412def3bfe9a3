package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
)

// IdentityFor returns the identity of an account whose settings count for mail from source, an address with or without a
// name, or a domain. The address itself comes first, then the address without its label (name+label@…), then its domain,
// then the domains above. What is neither address nor domain has no identity.
func IdentityFor(ctx context.Context, db *sql.DB, account, source string) (Identity, bool, error) {
	keys := candidates(source)
	if len(keys) == 0 {
		return Identity{}, false, nil
	}
	return nearest(ctx, db, selectNearestOf+among(2, len(keys))+nearestFirst, append([]any{account}, keys...))
}

// IdentityOf is IdentityFor over all accounts, for mail of which only the source is known. Of accounts that have the same
// identity the one with the lowest id counts.
func IdentityOf(ctx context.Context, db *sql.DB, source string) (Identity, bool, error) {
	keys := candidates(source)
	if len(keys) == 0 {
		return Identity{}, false, nil
	}
	return nearest(ctx, db, selectNearest+among(1, len(keys))+nearestFirst, keys)
}

func nearest(ctx context.Context, db *sql.DB, query string, args []any) (Identity, bool, error) {
	i, err := scanIdentity(db.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Identity{}, false, nil
	}
	if err != nil {
		return Identity{}, false, fmt.Errorf("account: identity for %v: %w", args[len(args)-1], err)
	}
	return i, true, nil
}

// candidates returns the keys of the identities that count for a source. Each is longer than those that come after it,
// which is what nearestFirst sorts by.
func candidates(source string) (keys []any) {
	_, key, err := parseIdentity(source)
	if err != nil {
		return nil
	}
	domain := key
	if strings.Contains(source, "@") {
		keys = append(keys, key)
		domain = address.Domain(source)
		local := strings.TrimSuffix(key, "@"+domain)
		if name, _, labelled := strings.Cut(local, "+"); labelled && name != "" && name[0] != '"' {
			keys = append(keys, name+"@"+domain)
		}
	}
	keys = append(keys, domain)
	for {
		_, above, ok := strings.Cut(domain, ".")
		if !ok || !strings.Contains(above, ".") {
			return keys // a top-level domain is nobody's
		}
		keys = append(keys, above)
		domain = above
	}
}

// among writes a list of n parameters from $first on, with its closing bracket.
func among(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
	return b.String()
}
