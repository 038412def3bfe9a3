package auth

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/sigv4"
)

// maxUnsigned bounds the body of a request that shows no known key, in bytes: a stranger can only confirm and unsubscribe.
const maxUnsigned = 64 << 10

var (
	// ErrTooLarge is returned for a body over the limit.
	ErrTooLarge = &sigv4.Error{Status: http.StatusRequestEntityTooLarge, Query: "RequestEntityTooLarge", JSON: "RequestEntityTooLargeException",
		Message: "The request is too large."}
	errService = &sigv4.Error{Status: http.StatusForbidden, Query: "SignatureDoesNotMatch", JSON: "InvalidSignatureException",
		Message: "Credential should be scoped to correct service: 'ses' or 'sns'."}
	errLocal = &sigv4.Error{Status: http.StatusForbidden, Query: "AccessDenied", JSON: "AccessDeniedException",
		Message: "With the setting auth: none only programs on this machine are answered, and no web page."}
)

// Authenticator looks up the keys that requests are signed with.
type Authenticator struct {
	DB   *sql.DB
	Open bool             // the setting auth: none: signatures are not verified
	Now  func() time.Time // nil: time.Now
}

// Authenticate reads the body, at most limit bytes of it, and returns the caller and the body. A request without a signature is a
// stranger's, which is no error here. Errors: *sigv4.Error for what the caller can mend, others for trouble here.
func (a *Authenticator) Authenticate(r *http.Request, limit int64) (Caller, []byte, error) {
	if a.Open {
		return a.trust(r, limit)
	}
	signature, err := sigv4.Parse(r)
	if errors.Is(err, sigv4.ErrMissing) {
		body, err := read(r, maxUnsigned)
		return Caller{}, body, err
	}
	if err != nil {
		return Caller{}, nil, err
	}
	if !slices.Contains([]string{"ses", "email", "sns"}, signature.Service) {
		return Caller{}, nil, errService
	}
	key, err := account.GetKey(r.Context(), a.DB, signature.KeyID)
	if errors.Is(err, account.ErrNotFound) {
		return Caller{}, nil, sigv4.ErrUnknownKey
	}
	if err != nil {
		return Caller{}, nil, err
	}
	body, err := read(r, limit)
	if err != nil {
		return Caller{}, nil, err
	}
	if err := signature.Verify(r, body, key.Secret, a.now()); err != nil {
		return Caller{}, nil, err
	}
	return As(key.Account, key.ID, key.Permissions...), body, nil
}

// trust takes the caller for the account that a key id of 12 digits names, as LocalStack does, else for the first account.
func (a *Authenticator) trust(r *http.Request, limit int64) (Caller, []byte, error) {
	if !IsLocal(r) || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		return Caller{}, nil, errLocal
	}
	body, err := read(r, limit)
	if err != nil {
		return Caller{}, nil, err
	}
	caller := Caller{Account: account.DefaultID, may: account.Permissions()}
	signature, err := sigv4.Parse(r)
	if err != nil {
		return caller, body, nil
	}
	caller.Signed, caller.KeyID = true, signature.KeyID
	named, err := account.Get(r.Context(), a.DB, signature.KeyID)
	if err == nil {
		caller.Account = named.ID
	} else if !errors.Is(err, account.ErrNotFound) {
		return Caller{}, nil, err
	}
	return caller, body, nil
}

func (a *Authenticator) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

func read(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, &sigv4.Error{Status: http.StatusBadRequest, Query: "IncompleteBody", JSON: "IncompleteBodyException",
			Message: fmt.Sprintf("The body ends early: %v.", err)}
	}
	if int64(len(body)) > limit {
		return nil, ErrTooLarge
	}
	return body, nil
}

// IsLocal tells whether a request comes from this machine itself. One that a proxy brought counts as from elsewhere, and so does one under
// a host name that is not this machine's: a web page that a browser here shows must not reach what is open to this machine (DNS rebinding).
func IsLocal(r *http.Request) bool {
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
