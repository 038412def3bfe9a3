package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
)

// authenticatedAs is the context key of the account that a request's access key belongs to.
type authenticatedAs struct{}

// guard lets callers on this machine in, and others only with an access key (HTTP Basic, key id and secret). Pages of other
// sites are kept out by their origin.
func (a *API) guard(next http.Handler) http.Handler {
	checked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, given := r.BasicAuth()
		if !given && auth.IsLocal(r) {
			next.ServeHTTP(w, r)
			return
		}
		key, err := account.Authenticate(r.Context(), a.Store.Read, id, secret)
		switch {
		case errors.Is(err, account.ErrDenied):
			w.Header().Set("WWW-Authenticate", `Basic realm="rebound"`)
			a.answer(func(*http.Request) (any, error) {
				return nil, refuse(http.StatusUnauthorized, "an access key is needed: its id as user, its secret as password")
			}).ServeHTTP(w, r)
		case err != nil:
			a.answer(func(*http.Request) (any, error) { return nil, err }).ServeHTTP(w, r)
		case !key.May(needs(r)):
			a.answer(func(*http.Request) (any, error) {
				return nil, refuse(http.StatusForbidden, "access key %s lacks the permission %s", key.ID, needs(r))
			}).ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), authenticatedAs{}, key.Account)))
		}
	})
	return http.NewCrossOriginProtection().Handler(checked)
}

// needs is the permission that a key must have for a request.
func needs(r *http.Request) account.Permission {
	path, reads := r.URL.Path, r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case path == "/v1/keys":
		return account.Administer
	case reads || path == "/v1/suppression/check":
		return account.Read
	case path == "/v1/suppression" || strings.HasPrefix(path, "/v1/suppression/"):
		return account.Suppress
	case path == "/v1/sent" || path == "/v1/feedback":
		return account.Send
	}
	return account.Administer
}
