package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

const (
	// maxWait is how long a question for changes waits for one at most.
	maxWait = 30 * time.Second
	// changesEach is how often it looks.
	changesEach = 200 * time.Millisecond
)

// ChangesPage is some changes of lists, in the order in which they were made. Next is given back for those that come after.
type ChangesPage struct {
	Changes []schemas.SuppressionChange `json:"changes"`
	Next    int64                       `json:"next"`
}

// changesOfSuppression tells what changed on an account's lists, or for the operator on all lists, after a number; it waits for a change
// when asked to.
func (a *API) changesOfSuppression(r *http.Request) (any, error) {
	query, wait, err := a.changesQuery(r)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(wait); ; {
		changes, next, err := suppression.Changes(r.Context(), a.Store.Read, query)
		if errors.Is(err, suppression.ErrChangesGone) {
			return nil, refuse(http.StatusGone, "%v", err)
		}
		if err != nil {
			return nil, badAddress(err)
		}
		if len(changes) > 0 || time.Now().After(end) || r.Context().Err() != nil {
			page := ChangesPage{Changes: make([]schemas.SuppressionChange, len(changes)), Next: next}
			for i, change := range changes {
				page.Changes[i] = processor.ShownChange(change)
			}
			return page, nil
		}
		query.After = next
		select {
		case <-time.After(changesEach):
		case <-r.Context().Done():
		}
	}
}

func (a *API) changesQuery(r *http.Request) (query suppression.ChangeQuery, wait time.Duration, err error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return query, 0, err
	}
	query.Account = owner.ID
	switch list := r.URL.Query().Get("list"); list {
	case "":
	case "all":
		query.Account = ""
		if err := operatorOnly(r, "what changes on all lists"); err != nil {
			return query, 0, err
		}
	default:
		return query, 0, refuse(http.StatusBadRequest, "list is all, or absent for the account's lists, not %q", list)
	}
	if query.Limit, err = limit(r); err != nil {
		return query, 0, err
	}
	if text := r.URL.Query().Get("after"); text != "" {
		if query.After, err = strconv.ParseInt(text, 10, 64); err != nil || query.After < 0 {
			return query, 0, refuse(http.StatusBadRequest, "after is the number of a change, not %q", text)
		}
	}
	if text := r.URL.Query().Get("wait"); text != "" {
		seconds, err := strconv.Atoi(text)
		if wait = time.Duration(seconds) * time.Second; err != nil || wait < 0 || wait > maxWait {
			return query, 0, refuse(http.StatusBadRequest, "wait is a number of seconds up to 30, not %q", text)
		}
	}
	return query, wait, nil
}
