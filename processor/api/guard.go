package api

import (
	"context"
	"errors"
	"net/http"

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
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), authenticatedAs{}, key.Account)))
		}
	})
	return http.NewCrossOriginProtection().Handler(checked)
}
