package plaintext

import (
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
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
		func() []string { return d.choose(all, replied, replied) },
		func() []string { return d.choose(all, addressed, addressed) },
		func() []string { return d.choose(all, alias, alias) },
		d.onlyReturned,
		d.localNames,
		func() []string { return d.choose(all, accepted, accepted) },
		func() []string { return d.lone(all) },
		d.fromReturnPath,
	} {
		if len(chosen) == 0 {
			chosen = pick()
		}
	}
	chosen = chosen[:min(len(chosen), maxRecipients)]
	owner, delayed, reached := d.owners(chosen, all), d.delayed(), onlyReached(all)
	recipients := make([]Recipient, 0, len(chosen))
	for _, a := range chosen {
		diagnostic := d.reason(a, owner)
		r := Recipient{Address: a, Diagnostic: diagnostic, Delayed: delayed}
		said := kinds(0)
		if d.says&(success|final|delay) != 0 {
			said = outcomes.find(toLower(diagnostic))
		}
		switch {
		case said&succeeds != 0 && reached[key(a)]:
			r.Delayed, r.Delivered = false, true
		case said&fails != 0:
			r.Delayed = false
		case said&waits != 0:
			r.Delayed = true
		}
		if code, ok := status.Find(diagnostic); ok {
			r.Status = code.String()
		}
		recipients = append(recipients, r)
	}
	return recipients
}

// The kinds of outcomes.
const (
	succeeds kinds = 1 << iota
	fails
	waits
)

// outcomes are the phrases that say what became of the mail for one recipient.
var outcomes = union(successes, finalPhrases, delayPhrases)

// onlyReached returns the recipients whom the report names only as ones that the
// mail reached.
func onlyReached(all []mention) map[string]bool {
	reached := map[string]bool{}
	for _, m := range all {
		if m.place == accepted {
			reached[m.key] = true
		}
	}
	for _, m := range all {
		if m.place > accepted {
			delete(reached, m.key)
		}
	}
	return reached
}

// failedField returns the addresses in X-Failed-Recipients, the field of Exim
// that others took over.
func (d *document) failedField() []string {
	return addressesIn(d.Header.Values("X-Failed-Recipients"))
}

// addressesIn returns the addresses in the values, each once.
func addressesIn(values []string) []string {
	var found, keys []string
	for _, value := range values {
		for from := 0; len(found) < maxRecipients; {
			start, end, ok := nextAddress(value, from)
			if !ok {
				break
			}
			if a, ok := cleanAddress(value[start:end]); ok {
				if k := key(a); !slices.Contains(keys, k) {
					found, keys = append(found, a), append(keys, k)
				}
			}
			from = end
		}
	}
	return found
}

// choose picks the recipients from the mentions whose place is in the range. The
// sender, who is named in many reports, is taken only when there is nobody else,
// and when a mail came back or the report is made for a recipient: postmasters
// tell people about their own mailbox. It is much the same with the staff.
func (d *document) choose(all []mention, from, to place) []string {
	sender := d.sender()
	var others, mine []string
	seen := map[string]bool{}
	for i := range all {
		m := &all[i]
		if m.place < from || m.place > to || seen[m.key] || d.isCutOff(m) {
			continue
		}
		heads := m.place >= leading && (d.lists()[m.line] || d.beginsReason(m))
		switch {
		case sender[m.key]:
			if !heads && d.returned == nil {
				continue
			}
			mine = append(mine, m.address)
		case m.place == leading && isStaff(m.key) && !heads:
			continue
		default:
			others = append(others, m.address)
		}
		seen[m.key] = true
	}
	if len(others) == 0 {
		return mine
	}
	return others
}

// isCutOff reports whether the address ends the text and is the beginning of one
// that is known: a mail that is cut off names nobody else.
func (d *document) isCutOff(m *mention) bool {
	if m.line != len(d.lines)-1 || !strings.HasSuffix(d.lines[m.line], m.address) {
		return false
	}
	for known := range d.sender() {
		if len(known) > len(m.key) && strings.HasPrefix(known, m.key) {
			return true
		}
	}
	for _, other := range d.mentions() {
		if len(other.key) > len(m.key) && strings.HasPrefix(other.key, m.key) {
			return true
		}
	}
	return false
}

// sender returns the addresses that the returned mail came from, and that the
// report came to.
func (d *document) sender() map[string]bool {
	if d.senders == nil {
		d.senders = map[string]bool{}
		for _, a := range addressesIn([]string{
			d.Header.Get("To"), d.Header.Get("From"),
			d.returned.Get("Return-Path"), d.returned.Get("From"), d.returned.Get("Sender"),
		}) {
			d.senders[key(a)] = true
		}
		for _, m := range d.mentions() {
			if m.place == own {
				d.senders[m.key] = true
			}
		}
	}
	return d.senders
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
		if found := addressesIn(d.returned.Values(field)); len(found) == 1 && !d.sender()[key(found[0])] {
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

// lone returns the one address that stands in the text, in a sentence, if it is
// the only one of somebody else than the sender and the staff.
func (d *document) lone(all []mention) []string {
	found := d.choose(all, prose, prose)
	if len(found) != 1 || isStaff(key(found[0])) {
		return nil
	}
	return found
}

// fromReturnPath returns the recipient whom the address was made for that the
// report came to. It is the last resort: a forwarded mail may have failed for
// another one.
func (d *document) fromReturnPath() []string {
	h := d.Header
	for _, returnPath := range addressesIn(valuesOf(h, "X-Original-To", "Delivered-To", "Envelope-To", "To")) {
		if recipient, ok := address.FromReturnPath(returnPath); ok {
			return []string{recipient}
		}
	}
	return nil
}
