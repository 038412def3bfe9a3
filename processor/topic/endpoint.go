package topic

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
)

// maxEndpoint bounds an endpoint, in bytes: what servers take as a request line at least (RFC 9112, section 3, asks for 8000 with room).
const maxEndpoint = 2048

// validSubject is a subject of NATS that cannot be one of the streams of ours, without wildcards.
var validSubject = regexp.MustCompile(`^sns(\.[A-Za-z0-9_-]+)+$`)

func checkEndpoint(protocol, endpoint string) error {
	if len(endpoint) > maxEndpoint {
		return fmt.Errorf("%w: longer than %d bytes", ErrEndpoint, maxEndpoint)
	}
	switch protocol {
	case HTTP, HTTPS:
		return checkURL(protocol, endpoint)
	case Email, EmailJSON:
		if !address.IsAddress(endpoint) {
			return fmt.Errorf("%w: %.100q is not one bare mail address", ErrEndpoint, endpoint)
		}
		return nil
	case NATS:
		if !validSubject.MatchString(endpoint) {
			return fmt.Errorf("%w: %.100q is not a subject of NATS below \"sns.\", such as sns.orders.bounces", ErrEndpoint, endpoint)
		}
		return nil
	}
	return fmt.Errorf("%w, not %.100q", ErrProtocol, protocol)
}

func checkURL(protocol, endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("%w: not a URL", ErrEndpoint) // the error of url.Parse quotes it, password and all
	}
	if !strings.EqualFold(u.Scheme, protocol) {
		return fmt.Errorf("%w: %w: it does not begin with %s", ErrEndpoint, ErrScheme, protocol) // whatever is there may be a password
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
