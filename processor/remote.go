package processor

import (
	"net/netip"
	"strings"
)

const (
	// maxHost is the longest name of a host (RFC 1035 section 2.3.4), and a byte.
	maxHost = 256
	// maxHosts bounds the hosts that are looked for in a text.
	maxHosts = 100
)

// host is a server that a text names.
type host struct{ name, ip string }

// hostsIn finds the hosts that Postfix and Exim name in the text of a report ("host mx.example.org[192.0.2.7] said").
func hostsIn(text string) (hosts []host) {
	for at := 0; len(hosts) < maxHosts; {
		open := strings.IndexByte(text[at:], '[')
		if open < 0 {
			break
		}
		open += at
		at = open + 1
		before := strings.TrimSuffix(text[:open], " ")
		before = before[max(0, len(before)-maxHost-len(" host ")):]
		start := strings.LastIndexAny(before, "[ \n\t<>@()") + 1
		before, name := before[:start], before[start:]
		before, ok := strings.CutSuffix(before, "host ")
		if !ok || name == "" || before != "" && strings.IndexByte(" \n\t(:", before[len(before)-1]) < 0 {
			continue
		}
		if _, ip := splitHost(text[open:min(len(text), open+65)]); ip != "" {
			hosts = append(hosts, host{name, ip})
		}
	}
	return hosts
}

// remote takes the name and the IP address of the server that refused the mail out of a Remote-MTA field ("mx.example.org [192.0.2.7]",
// "[192.0.2.7]"), or, when the field has no address, the address of the host by that name, or of any where it has no name.
func remote(field string, hosts []host) (name, ip string) {
	name, ip = splitHost(field)
	if ip != "" {
		return name, ip
	}
	for _, host := range hosts {
		if name == "" || strings.EqualFold(host.name, name) {
			return host.name, host.ip
		}
	}
	return name, ""
}

// splitHost reads "name [ip]", "name (ip)", "[ip]" or "name" at the start of text.
func splitHost(text string) (name, ip string) {
	text = strings.TrimSpace(text)
	open := strings.IndexAny(text, "[(")
	if open < 0 {
		return text, ""
	}
	name = strings.TrimSpace(text[:open])
	inside, _, _ := strings.Cut(text[open+1:], map[byte]string{'[': "]", '(': ")"}[text[open]])
	parsed, err := netip.ParseAddr(strings.TrimPrefix(inside, "IPv6:"))
	if err != nil {
		return name, ""
	}
	return name, parsed.String()
}
