package api

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// MaxCheck is how many addresses one question has at most.
const MaxCheck = 10_000

// CheckQuestion asks about at most MaxCheck addresses. Identity is the one that the mail is to be sent with; without it the entries that
// count for one identity alone are not looked at. SuppressedOnly leaves those out of the answer that may get mail, which are nearly all
// when a whole mailing is checked.
type CheckQuestion struct {
	Addresses      []string `json:"addresses"`
	Identity       string   `json:"identity,omitempty"`
	SuppressedOnly bool     `json:"suppressedOnly,omitempty"`
}

// CheckAnswer has a result for each address, in the order of the question; with SuppressedOnly for each that is suppressed or could not
// be checked.
type CheckAnswer struct {
	Results []CheckResult `json:"results"`
}

// CheckResult says whether an address is suppressed for the account; when it is, List is account or global and Until is absent when
// there is no end.
type CheckResult struct {
	Address    string       `json:"emailAddress"`
	Suppressed bool         `json:"suppressed"`
	List       string       `json:"list,omitempty"`
	Reason     string       `json:"reason,omitempty"`
	Since      schemas.Time `json:"since,omitzero"`
	Until      schemas.Time `json:"until,omitzero"`
	FeedbackID string       `json:"feedbackId,omitempty"`
	MessageID  string       `json:"messageId,omitempty"`
	Problem    string       `json:"problem,omitempty"` // why the address could not be checked
}

func (a *API) checkSuppression(r *http.Request) (any, error) {
	var question CheckQuestion
	if err := read(r, &question); err != nil {
		return nil, err
	}
	if len(question.Addresses) == 0 || len(question.Addresses) > MaxCheck {
		return nil, refuse(http.StatusBadRequest, "addresses has 1 to %d entries, not %d", MaxCheck, len(question.Addresses))
	}
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	results := make([]CheckResult, len(question.Addresses))
	asked, at := make([]string, 0, len(results)), make([]int, 0, len(results))
	for i, addr := range question.Addresses {
		results[i].Address = addr
		if !address.IsAddress(addr) {
			results[i].Problem = "not a mail address"
			continue
		}
		asked, at = append(asked, addr), append(at, i)
	}
	sender := suppression.Sender{Account: owner.ID, Identity: question.Identity, Reasons: owner.SuppressedReasons}
	verdicts, err := a.Index.CheckMany(r.Context(), sender, asked, a.now())
	if err != nil {
		return nil, badAddress(err)
	}
	for i, verdict := range verdicts {
		results[at[i]].note(verdict)
	}
	if question.SuppressedOnly {
		results = slices.DeleteFunc(results, func(r CheckResult) bool { return !r.Suppressed && r.Problem == "" })
	}
	return CheckAnswer{results}, nil
}

// note writes a verdict into the result.
func (c *CheckResult) note(verdict suppression.Verdict) {
	if c.Suppressed = verdict.Suppressed; !c.Suppressed {
		return
	}
	entry := verdict.Entry
	c.List, c.Reason = verdict.List, string(entry.Reason)
	c.Since, c.Until = schemas.Time{Time: entry.Created}, schemas.Time{Time: entry.Expires}
	c.FeedbackID, c.MessageID = entry.FeedbackID, entry.MessageID
}

// badAddress tells the caller's mistakes from ours.
func badAddress(err error) error {
	if errors.Is(err, suppression.ErrInvalid) || errors.Is(err, suppression.ErrCursor) {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	return err
}

// SuppressionEntry is one address on a list. List is account or global; Until is absent when there is no end.
type SuppressionEntry struct {
	Address    string       `json:"emailAddress"`
	Reason     string       `json:"reason"`
	List       string       `json:"list,omitempty"`
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

// list says which list a request means. The global one belongs to the operator on this machine: it concerns all accounts.
func (a *API) list(r *http.Request, name string) (suppression.List, error) {
	found, err := a.accountOf(r)
	if err != nil {
		return suppression.List{}, err
	}
	switch name {
	case "", suppression.AccountList:
		return suppression.List{Account: found.ID}, nil
	case suppression.GlobalList:
		return suppression.List{}, operatorOnly(r, "the global list")
	}
	return suppression.List{}, refuse(http.StatusBadRequest, "list is account or global, not %q", name)
}

func (a *API) listSuppression(r *http.Request) (any, error) {
	on, err := a.list(r, r.URL.Query().Get("list"))
	if err != nil {
		return nil, err
	}
	size, err := limit(r)
	if err != nil {
		return nil, err
	}
	query := suppression.Query{List: on, Cursor: r.URL.Query().Get("cursor"), Limit: size, Now: a.now()}
	if reason := r.URL.Query().Get("reason"); reason != "" {
		query.Reasons = []suppression.Reason{suppression.Reason(reason)}
	}
	entries, cursor, err := suppression.Entries(r.Context(), a.Store.Read, query)
	if err != nil {
		return nil, badAddress(err)
	}
	page := SuppressionPage{Entries: make([]SuppressionEntry, len(entries)), Cursor: cursor}
	for i, entry := range entries {
		page.Entries[i] = SuppressionEntry{Address: entry.Address, Reason: string(entry.Reason), List: entry.List.Name(),
			Since: schemas.Time{Time: entry.Created}, Updated: schemas.Time{Time: entry.Updated}, Until: schemas.Time{Time: entry.Expires},
			FeedbackID: entry.FeedbackID, MessageID: entry.MessageID}
	}
	return page, nil
}

func (a *API) putSuppression(r *http.Request) (any, error) {
	var wanted SuppressionEntry
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	on, err := a.list(r, wanted.List)
	if err != nil {
		return nil, err
	}
	reason := suppression.Reason(wanted.Reason)
	if !reason.Valid() && reason != suppression.Manual {
		return nil, refuse(http.StatusBadRequest, "reason is BOUNCE, COMPLAINT or MANUAL, not %q", wanted.Reason)
	}
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	entry := suppression.Entry{List: on, Address: wanted.Address, Reason: reason, Expires: owner.SuppressedUntil(reason, a.now())}
	if on == (suppression.List{}) {
		entry.Expires = a.now().Add(suppression.GlobalListing)
	}
	return nil, a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		return badAddress(suppression.Put(ctx, tx, entry, a.now()))
	})
}

func (a *API) deleteSuppression(r *http.Request) (any, error) {
	on, err := a.list(r, r.URL.Query().Get("list"))
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
