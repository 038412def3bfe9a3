package delivery

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// wireServer is where Azure's machines ask their host for secrets; it lies in a public range.
var wireServer = netip.MustParsePrefix("168.63.129.16/32")

// newGuard returns what net.Dialer asks before it connects to an address that a name resolved to: only public addresses pass, and those
// in the networks that are allowed. It looks at each address that is dialled, so that a name cannot change between check and use.
func newGuard(allow []netip.Prefix) func(network, address string, c syscall.RawConn) error {
	var v4, v6 []netip.Prefix
	for _, prefix := range allow {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	guardian := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...),
		ssrf.WithDeniedV4Prefixes(wireServer))
	return func(network, address string, c syscall.RawConn) error {
		err := guardian.Safe(network, address, c)
		if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) {
			return fmt.Errorf("%s is %w", address, ErrNotPublic)
		}
		return err
	}
}
