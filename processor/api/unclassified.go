package api

import (
	"net/http"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/classify"
)

// UnclassifiedAnswer is what GET /v1/unclassified answers: the latest replies that no rule knows, the most frequent first, as this
// process has seen them since it started.
type UnclassifiedAnswer struct {
	Replies []classify.Sample `json:"replies"`
}

// listUnclassified answers the operator: the replies are those of all accounts.
func (a *API) listUnclassified(r *http.Request) (any, error) {
	if id, authenticated := r.Context().Value(authenticatedAs{}).(string); authenticated && id != account.DefaultID {
		return nil, refuse(http.StatusForbidden, "the replies are those of all accounts; ask on the server's machine, or with a key of account %s", account.DefaultID)
	}
	return UnclassifiedAnswer{a.Unknown.List()}, nil
}
