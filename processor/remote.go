package processor

import (
	"net/netip"
	"strings"
)

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
		host, after, found := strings.Cut(rest, "[")
		host = strings.TrimSuffix(host, " ")
		if !wordStart || !found || host == "" || strings.ContainsAny(host, " \n\t<>@()") || name != "" && !strings.EqualFold(host, name) {
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
