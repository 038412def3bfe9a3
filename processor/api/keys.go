package api

import (
	"context"
	"database/sql"
	"errors"
	"net/http"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
)

// Key is an access key, for signing the calls of AWS's clients and for HTTP Basic here. Only the answer to its creation has the secret.
type Key struct {
	ID          string               `json:"id,omitempty"`
	Secret      string               `json:"secret,omitempty"`
	Permissions []account.Permission `json:"permissions"` // send, read, suppress, administer; with none in a POST the key may do everything
	Created     schemas.Time         `json:"created,omitzero"`
}

func (a *API) listKeys(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	found, err := account.ListKeys(r.Context(), a.Store.Read, owner.ID)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(found))
	for i, one := range found {
		keys[i] = Key{ID: one.ID, Permissions: one.Permissions, Created: schemas.Time{Time: one.Created}}
	}
	return struct {
		Keys []Key `json:"keys"`
	}{keys}, nil
}

func (a *API) createKey(r *http.Request) (any, error) {
	var wanted Key
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	if wanted.ID != "" || wanted.Secret != "" {
		return nil, refuse(http.StatusBadRequest, "id and secret are made here: leave them out")
	}
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	var made account.AccessKey
	err = a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		made, err = account.CreateKey(ctx, tx, owner.ID, a.now(), wanted.Permissions...)
		return err
	})
	return Key{ID: made.ID, Secret: made.Secret, Permissions: made.Permissions, Created: schemas.Time{Time: made.Created}}, accountRefusal(err)
}

func (a *API) deleteKey(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	id := r.URL.Query().Get("id")
	found, err := account.GetKey(r.Context(), a.Store.Read, id)
	if errors.Is(err, account.ErrNotFound) || err == nil && found.Account != owner.ID {
		return nil, refuse(http.StatusNotFound, "account %s has no access key %.128s", owner.ID, id)
	}
	if err != nil {
		return nil, err
	}
	return nil, a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		_, err := account.DeleteKey(ctx, tx, id)
		return err
	})
}
