package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/rebound-mail/rebound/processor/account"
)

// authenticatedAs is the context key of the account that a request's access key belongs to.
type authenticatedAs struct{}

// guard lets callers on this machine in, and others only with an access key (HTTP Basic, key id and secret). A request that a proxy
// brought counts as from elsewhere, and so does one under a host name that is not this machine's: a web page that a browser here shows
// must not reach the API (DNS rebinding); pages of other sites are kept out by their origin.
func (a *API) guard(next http.Handler) http.Handler {
	checked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, given := r.BasicAuth()
		if !given && isLocal(r) {
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

func isLocal(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("Via") != "" {
		return false
	}
	host := strings.Trim(r.Host, "[]") // of [::1]
	if name, _, err := net.SplitHostPort(r.Host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
