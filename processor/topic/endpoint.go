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
		return fmt.Errorf("%w: %s begins with %q, the protocol is %q", ErrEndpoint, MaskEndpoint(endpoint), u.Scheme, protocol)
	}
	if u.Hostname() == "" {
		return fmt.Errorf("%w: %s names no host", ErrEndpoint, MaskEndpoint(endpoint))
	}
	return nil
}

// MaskEndpoint returns the endpoint with stars in place of a user and password, for showing. An address of mail stays as it is.
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
