package arf

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
)

// maxUnsubscribe bounds the value of List-Unsubscribe that is looked at; RFC
// 2369 lists a handful of URLs.
const maxUnsubscribe = 8 << 10

// fromReturnPath returns the recipient for whom the return path of the mail was
// made (VERP).
func (r *Report) fromReturnPath() []string {
	for _, value := range []string{r.OriginalMailFrom, r.Returned.Get("Return-Path"), r.Returned.Get("X-Envelope-From"), r.Returned.Get("Errors-To"), r.Returned.Get("Sender")} {
		if returnPath, ok := bare(value); ok {
			if spec, ok := address.FromReturnPath(returnPath); ok {
				return []string{spec}
			}
		}
	}
	return nil
}

// fromUnsubscribe returns the recipient whom the links to unsubscribe name (RFC
// 2369 section 3.2), when they name exactly one who is not the sender.
func (r *Report) fromUnsubscribe() []string {
	var found []string
	for _, value := range r.Returned.Values("List-Unsubscribe") {
		value = report.Text(value[:min(len(value), maxUnsubscribe)])
		for {
			_, rest, ok := strings.Cut(value, "<")
			if !ok {
				break
			}
			link, rest, _ := strings.Cut(rest, ">")
			value = rest
			for _, spec := range addressesOfLink(strings.TrimSpace(link)) {
				if !r.isSender(spec) {
					found = appendNew(found, spec)
				}
			}
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found
}

func (r *Report) isSender(spec string) bool {
	from, _ := bare(r.Returned.Text("From"))
	return address.Equal(spec, from) || address.Equal(spec, r.OriginalMailFrom)
}

// addressesOfLink returns the addresses that a link holds beside the one that a
// mail would go to:
//
//	mailto:off-jane=one.example@lists.example
//	mailto:off@lists.example?subject=unsubscribe%20jane@one.example
//	https://lists.example/off?e=jane%40one.example
//	https://lists.example/off/amFuZUBvbmUuZXhhbXBsZQ
func addressesOfLink(link string) []string {
	u, err := url.Parse(link)
	if err != nil {
		return nil
	}
	var found []string
	if strings.EqualFold(u.Scheme, "mailto") {
		to, err := url.PathUnescape(u.Opaque)
		if spec, ok := address.FromReturnPath(withoutCommand(to)); err == nil && ok {
			found = append(found, spec)
		}
	}
	for _, values := range u.Query() {
		for _, value := range values {
			found = append(found, addressesOfValue(value)...)
		}
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		found = append(found, addressesOfValue(part)...)
	}
	return found
}

// withoutCommand cuts off what a mail to the address does: "off-jane=…".
func withoutCommand(to string) string {
	for _, command := range [...]string{"unsubscribe-", "unsub-", "off-", "leave-", "remove-", "optout-", "opt-out-"} {
		if len(to) > len(command) && strings.EqualFold(to[:len(command)], command) {
			return to[len(command):]
		}
	}
	return to
}

// addressesOfValue returns the addresses among the words of a value, plain or in
// base64.
func addressesOfValue(value string) []string {
	var found []string
	for _, word := range strings.Fields(value) {
		if address.IsAddress(word) && strings.Contains(address.Domain(word), ".") {
			found = append(found, word)
		}
	}
	if len(found) > 0 || len(value) < 8 {
		return found
	}
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(value), "=")
	if decoded, err := base64.RawStdEncoding.DecodeString(plain); err == nil {
		if spec := string(decoded); address.IsAddress(spec) && strings.Contains(address.Domain(spec), ".") {
			found = append(found, spec)
		}
	}
	return found
}
