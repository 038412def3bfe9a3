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
	for rest := text; len(hosts) < maxHosts; {
		at := strings.Index(rest, "host ")
		if at < 0 {
			break
		}
		wordStart := at == 0 || strings.IndexByte(" \n\t(:", rest[at-1]) >= 0
		rest = rest[at+len("host "):]
		end := strings.IndexAny(rest[:min(len(rest), maxHost)], "[ \n\t<>@()")
		if !wordStart || end <= 0 {
			continue
		}
		after := strings.TrimPrefix(rest[end:], " ")
		if !strings.HasPrefix(after, "[") {
			continue
		}
		if _, ip := splitHost(after[:min(len(after), 65)]); ip != "" {
			hosts = append(hosts, host{rest[:end], ip})
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
