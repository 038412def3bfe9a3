package api

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// SuppressionEntry is one address on a list. List is account, global or allow; Identity is the sender identity for whose mails alone the
// entry counts, absent for all. Until is absent when there is no end. Since, Updated and the ids are ours: a PUT and an import ignore
// them.
type SuppressionEntry struct {
	Address    string       `json:"emailAddress"`
	Reason     string       `json:"reason,omitempty"`
	List       string       `json:"list,omitempty"`
	Identity   string       `json:"identity,omitempty"`
	Since      schemas.Time `json:"since,omitzero"`
	Updated    schemas.Time `json:"updated,omitzero"`
	Until      schemas.Time `json:"until,omitzero"`
	FeedbackID string       `json:"feedbackId,omitempty"`
	MessageID  string       `json:"messageId,omitempty"`
}

// SuppressionPage is a part of a list. Cursor is given back for the next one and absent on the last.
type SuppressionPage struct {
	Entries []SuppressionEntry `json:"entries"`
	Cursor  string             `json:"cursor,omitempty"`
}

func shownEntry(e suppression.Entry) SuppressionEntry {
	return SuppressionEntry{Address: e.Address, Reason: string(e.Reason), List: e.List.Name(), Identity: e.Identity,
		Since: schemas.Time{Time: e.Created}, Updated: schemas.Time{Time: e.Updated}, Until: schemas.Time{Time: e.Expires},
		FeedbackID: e.FeedbackID, MessageID: e.MessageID}
}

// list says which list a request means. The global one belongs to the operator on this machine: it concerns all accounts.
func (a *API) list(r *http.Request, name, identity string) (suppression.List, account.Account, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return suppression.List{}, owner, err
	}
	switch name {
	case "", suppression.AccountList:
		return suppression.List{Account: owner.ID, Identity: identity}, owner, nil
	case suppression.AllowList:
		return suppression.List{Account: owner.ID, Identity: identity, Allow: true}, owner, nil
	case suppression.GlobalList:
		if identity != "" {
			return suppression.List{}, owner, refuse(http.StatusBadRequest, "the global list has no identities")
		}
		return suppression.List{}, owner, operatorOnly(r, "the global list")
	}
	return suppression.List{}, owner, refuse(http.StatusBadRequest, "list is account, global or allow, not %q", name)
}

// listOf is the list that the query names.
func (a *API) listOf(r *http.Request) (suppression.List, account.Account, error) {
	return a.list(r, r.URL.Query().Get("list"), r.URL.Query().Get("identity"))
}

// entry is what a caller wants on a list; without a reason it is a manual one. What it says of the end counts as far as the list allows.
func (wanted SuppressionEntry) entry(on suppression.List, owner account.Account, now time.Time) (suppression.Entry, error) {
	e := suppression.Entry{List: on, Address: wanted.Address, Reason: suppression.Reason(wanted.Reason), Expires: wanted.Until.Time}
	if e.Reason == "" {
		e.Reason = suppression.Manual
	}
	if !e.Reason.Valid() && e.Reason != suppression.Manual {
		return e, refuse(http.StatusBadRequest, "reason is BOUNCE, COMPLAINT or MANUAL, not %q", wanted.Reason)
	}
	last := now.Add(suppression.GlobalListing)
	switch {
	case !e.Expires.IsZero() && !e.Expires.After(now):
		return e, refuse(http.StatusBadRequest, "until, %s, has passed", schemas.FormatTime(e.Expires))
	case on == suppression.List{} && (e.Expires.IsZero() || e.Expires.After(last)):
		e.Expires = last
	case e.Expires.IsZero() && !on.Allow:
		e.Expires = owner.SuppressedUntil(e.Reason, now)
	}
	return e, nil
}

// query is what a request asks of a list.
func (a *API) query(r *http.Request) (suppression.Query, error) {
	on, _, err := a.listOf(r)
	query := suppression.Query{List: on, Cursor: r.URL.Query().Get("cursor"), Now: a.now()}
	if reason := r.URL.Query().Get("reason"); reason != "" {
		query.Reasons = []suppression.Reason{suppression.Reason(reason)}
	}
	return query, err
}

func (a *API) listSuppression(r *http.Request) (any, error) {
	query, err := a.query(r)
	if err != nil {
		return nil, err
	}
	if query.Limit, err = limit(r); err != nil {
		return nil, err
	}
	entries, cursor, err := suppression.Entries(r.Context(), a.Store.Read, query)
	if err != nil {
		return nil, badAddress(err)
	}
	page := SuppressionPage{Entries: make([]SuppressionEntry, len(entries)), Cursor: cursor}
	for i, entry := range entries {
		page.Entries[i] = shownEntry(entry)
	}
	return page, nil
}

func (a *API) putSuppression(r *http.Request) (any, error) {
	var wanted SuppressionEntry
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	on, owner, err := a.list(r, wanted.List, wanted.Identity)
	if err != nil {
		return nil, err
	}
	entry, err := wanted.entry(on, owner, a.now())
	if err != nil {
		return nil, err
	}
	return nil, a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		return badAddress(suppression.Put(ctx, tx, entry, a.now()))
	})
}

func (a *API) deleteSuppression(r *http.Request) (any, error) {
	on, _, err := a.listOf(r)
	if err != nil {
		return nil, err
	}
	addr := r.URL.Query().Get("address")
	return nil, a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		existed, err := suppression.Delete(ctx, tx, on, addr, a.now())
		if err == nil && !existed {
			return refuse(http.StatusNotFound, "%s is not on the %s list", addr, on.Name())
		}
		return badAddress(err)
	})
}

// badAddress tells the caller's mistakes from ours.
func badAddress(err error) error {
	if errors.Is(err, suppression.ErrInvalid) || errors.Is(err, suppression.ErrCursor) {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	return err
}
