package topic

import (
	"fmt"
	"net/url"
	"strings"
)

// maxEndpoint bounds an endpoint, in bytes: what servers take as a request line at least (RFC 9112, section 3, asks for 8000 with room).
const maxEndpoint = 2048

func checkEndpoint(protocol, endpoint string) error {
	if protocol != HTTP && protocol != HTTPS {
		return fmt.Errorf("%w, not %q", ErrProtocol, protocol)
	}
	if len(endpoint) > maxEndpoint {
		return fmt.Errorf("%w: longer than %d bytes", ErrEndpoint, maxEndpoint)
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("%w: not a URL", ErrEndpoint) // the error of url.Parse quotes it, password and all
	}
	if !strings.EqualFold(u.Scheme, protocol) {
		return fmt.Errorf("%w: it does not begin with %s:", ErrEndpoint, protocol) // whatever is there may be a password
	}
	if u.Hostname() == "" {
		return fmt.Errorf("%w: it names no host after %s://", ErrEndpoint, protocol)
	}
	return nil
}

// MaskSecrets is MaskEndpoint with stars in place of the query and the fragment too: tokens are often there.
func MaskSecrets(endpoint string) string {
	masked := MaskEndpoint(endpoint)
	if i := strings.IndexAny(masked, "?#"); i >= 0 && strings.Contains(masked, "://") {
		return masked[:i+1] + "****"
	}
	return masked
}

// MaskEndpoint returns the endpoint with stars in place of a user and password, as SNS shows it. An address of mail stays as it is.
func MaskEndpoint(endpoint string) string {
	scheme, rest, isURL := strings.Cut(endpoint, "://")
	if !isURL {
		return endpoint
	}
	authority := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = i
	}
	at := strings.LastIndex(rest[:authority], "@")
	if at < 0 {
		return endpoint
	}
	return scheme + "://****:****" + rest[at:]
}
