package processor

import (
	"net/netip"
	"strings"
)

// maxHost is the longest name of a host (RFC 1035 section 2.3.4), and a byte.
const maxHost = 256

// remote takes the name and the IP address of the server that refused the mail out of a Remote-MTA field ("mx.example.org [192.0.2.7]",
// "[192.0.2.7]"), or, when the field has no address, out of the text in which Postfix and Exim name the host ("host mx.example.org[192.0.2.7] said").
func remote(field, text string) (name, ip string) {
	name, ip = splitHost(field)
	if ip != "" {
		return name, ip
	}
	for rest := text; ; {
		at := strings.Index(rest, "host ")
		if at < 0 {
			return name, ""
		}
		wordStart := at == 0 || strings.IndexByte(" \n\t(:", rest[at-1]) >= 0
		rest = rest[at+len("host "):]
		end := strings.IndexAny(rest[:min(len(rest), maxHost)], "[ \n\t<>@()")
		if !wordStart || end <= 0 {
			continue
		}
		host := rest[:end]
		after, found := strings.CutPrefix(strings.TrimPrefix(rest[end:], " "), "[")
		if !found || name != "" && !strings.EqualFold(host, name) {
			continue
		}
		if _, ip = splitHost("[" + after[:min(len(after), 64)]); ip != "" {
			return host, ip
		}
	}
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
