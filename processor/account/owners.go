package account

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// maxOwners bounds how many people hear of one trouble.
const maxOwners = 20

// Owners returns the addresses of those whose notifications are published to the topic: each identity that names it, or the postmaster
// of one that is a domain (RFC 2142, section 5). It returns at most 20.
func Owners(ctx context.Context, db *sql.DB, topicARN string) ([]string, error) {
	rows, err := db.QueryContext(ctx, selectUsers, topicARN, maxOwners)
	if err != nil {
		return nil, fmt.Errorf("account: owners of %s: %w", topicARN, err)
	}
	identities, err := collect(rows, scanIdentity)
	if err != nil {
		return nil, fmt.Errorf("account: owners of %s: %w", topicARN, err)
	}
	owners := make([]string, len(identities))
	for i, one := range identities {
		owners[i] = one.Identity
		if !strings.Contains(one.Identity, "@") {
			owners[i] = "postmaster@" + one.Identity
		}
	}
	return owners, nil
}
