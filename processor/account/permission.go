package account

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Permission is something that an access key may do.
type Permission string

// The permissions. Administer holds all of them.
const (
	Send       Permission = "send"       // register and send mail, publish
	Read       Permission = "read"       // look at everything of the account
	Suppress   Permission = "suppress"   // change the suppression list
	Administer Permission = "administer" // everything: topics, subscriptions, identities, keys
)

// Permissions returns all permissions.
func Permissions() []Permission { return []Permission{Send, Read, Suppress, Administer} }

// May tells whether the key has the permission.
func (k AccessKey) May(p Permission) bool {
	return slices.Contains(k.Permissions, p) || slices.Contains(k.Permissions, Administer)
}

// encodePermissions checks the permissions and returns them as they are stored.
func encodePermissions(permissions []Permission) (string, error) {
	if len(permissions) == 0 {
		return "", fmt.Errorf("%w: a key without permissions is of no use: give it some of %v", ErrInvalid, Permissions())
	}
	for _, p := range permissions {
		if !slices.Contains(Permissions(), p) {
			return "", fmt.Errorf("%w: permission %.20q is none of %v", ErrInvalid, p, Permissions())
		}
	}
	encoded, err := json.Marshal(permissions)
	return string(encoded), err
}
