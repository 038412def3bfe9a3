package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/dsn/status"
)

// recipients returns the recipients that the report is about, each with what is
// said about it.
func (d *document) recipients() []Recipient {
	all := d.mentions()
	chosen := d.failedField()
	for _, pick := range []func() []string{
		func() []string { return d.choose(all, leading, named) },
		func() []string { return d.choose(all, alias, alias) },
		d.onlyReturned,
	} {
		if len(chosen) == 0 {
			chosen = pick()
		}
	}
	chosen = chosen[:min(len(chosen), maxRecipients)]
	owner, delayed := d.owners(chosen, all), d.delayed()
	recipients := make([]Recipient, 0, len(chosen))
	for _, a := range chosen {
		diagnostic := d.reason(a, owner)
		r := Recipient{Address: a, Diagnostic: diagnostic, Delayed: delayed}
		if code, ok := status.Find(diagnostic); ok {
			r.Status = code.String()
		}
		recipients = append(recipients, r)
	}
	return recipients
}

// failedField returns the addresses in X-Failed-Recipients, the field of Exim
// that others took over.
func (d *document) failedField() []string {
	return addressesIn(d.message.Header.Values("X-Failed-Recipients"))
}

// addressesIn returns the addresses in the values, each once.
func addressesIn(values []string) []string {
	var found []string
	seen := map[string]bool{}
	for _, value := range values {
		for from := 0; len(found) < maxRecipients; {
			start, end, ok := nextAddress(value, from)
			if !ok {
				break
			}
			if a, ok := cleanAddress(value[start:end]); ok && !seen[key(a)] {
				seen[key(a)] = true
				found = append(found, a)
			}
			from = end
		}
	}
	return found
}

// choose picks the recipients from the mentions whose place is in the range. The
// sender, who is named in many reports, is taken only when there is nobody else,
// and when a mail came back: postmasters tell people about their own mailbox.
func (d *document) choose(all []mention, from, to place) []string {
	sender := d.senders()
	var others, own []string
	seen := map[string]bool{}
	for _, m := range all {
		if m.place < from || m.place > to || seen[m.key] {
			continue
		}
		seen[m.key] = true
		switch {
		case sender[m.key]:
			own = append(own, m.address)
		case m.place == leading && isStaff(m.key):
		default:
			others = append(others, m.address)
		}
	}
	if len(others) == 0 && d.returned != nil {
		return own
	}
	return others
}

// senders returns the addresses that the returned mail came from, and that the
// report came to.
func (d *document) senders() map[string]bool {
	set := map[string]bool{}
	for _, a := range addressesIn([]string{
		d.message.Header.Get("To"), d.message.Header.Get("From"),
		d.returned.Get("Return-Path"), d.returned.Get("From"), d.returned.Get("Sender"),
	}) {
		set[key(a)] = true
	}
	return set
}

// isStaff reports whether the address is of those who run a mail system.
func isStaff(address string) bool {
	local, _, _ := strings.Cut(address, "@")
	switch local {
	case "postmaster", "mailer-daemon", "abuse", "support", "helpdesk", "hostmaster", "noc", "admin", "administrator":
		return true
	}
	return false
}

// onlyReturned returns the recipient of the returned mail when it has exactly
// one. Reports that name no address are about that one.
func (d *document) onlyReturned() []string {
	if d.returned == nil {
		return nil
	}
	for _, field := range []string{"X-Failed-Recipients", "X-Original-To", "Delivered-To"} {
		if found := addressesIn(d.returned.Values(field)); len(found) == 1 && !d.senders()[key(found[0])] {
			return found
		}
	}
	found := addressesIn(valuesOf(d.returned, "To", "Cc", "Bcc"))
	if len(found) == 1 {
		return found
	}
	return nil
}

func valuesOf(h report.Header, names ...string) []string {
	var values []string
	for _, name := range names {
		values = append(values, h.Values(name)...)
	}
	return values
}
