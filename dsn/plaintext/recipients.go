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
	chosen := d.chosen()
	if len(chosen) == 0 {
		return nil
	}
	d.markOwners(chosen)
	delayed := d.delayed()
	recipients := make([]Recipient, 0, len(chosen))
	for _, one := range chosen {
		diagnostic := d.reason(one)
		r := Recipient{Address: one.address, Diagnostic: diagnostic, Delayed: delayed}
		said := kinds(0)
		if d.says&(success|final|delay) != 0 {
			said = textPhrases.lookBytes(d.lower(diagnostic), 0)
		}
		switch {
		case said&success != 0 && d.onlyReached(one):
			r.Delayed, r.Delivered = false, true
		case said&final != 0:
			r.Delayed = false
		case said&delay != 0:
			r.Delayed = true
		}
		if code, ok := status.Find(diagnostic); ok {
			r.Status = code.String()
		}
		recipients = append(recipients, r)
	}
	return recipients
}

// picks are the ways to find the recipients, the surest first.
var picks = [...]func(*document) []person{
	(*document).failedField,
	func(d *document) []person { return d.choose(leading, named) },
	func(d *document) []person { return d.choose(replied, replied) },
	func(d *document) []person { return d.choose(addressed, addressed) },
	func(d *document) []person { return d.choose(alias, alias) },
	(*document).onlyReturned,
	(*document).localNames,
	func(d *document) []person { return d.choose(accepted, accepted) },
	(*document).lone,
	(*document).fromReturnPath,
}

// chosen returns those whom the report is about.
func (d *document) chosen() []person {
	d.mentions()
	for _, pick := range picks {
		if found := pick(d); len(found) > 0 {
			return found[:min(len(found), maxRecipients)]
		}
	}
	return nil
}

// onlyReached reports whether the report names the recipient only as one that
// the mail reached.
func (d *document) onlyReached(one person) bool {
	reached := false
	for i := range d.all {
		if m := &d.all[i]; m.place >= accepted && m.key == one.key {
			if m.place > accepted {
				return false
			}
			reached = true
		}
	}
	return reached
}

// failedField returns the addresses in X-Failed-Recipients, the field of Exim
// that others took over.
func (d *document) failedField() []person {
	return addressesIn(d.Header.Values("X-Failed-Recipients"))
}

// addressesIn returns the addresses in the values, each once.
func addressesIn(values []string) []person {
	var found []person
	for _, value := range values {
		found = appendAddresses(found, value)
	}
	return found
}

// appendAddresses appends the addresses in the value that are not there yet.
func appendAddresses(found []person, value string) []person {
	for from := 0; len(found) < maxRecipients; {
		start, end, ok := nextAddress(value, from)
		if !ok {
			break
		}
		spec := trimAddress(value[start:end])
		if !slices.ContainsFunc(found, func(p person) bool { return p.address == spec }) && address.IsAddress(spec) {
			one := personOf(spec)
			if !slices.ContainsFunc(found, func(p person) bool { return p.key == one.key }) {
				found = append(found, one)
			}
		}
		from = end
	}
	return found
}

// choose picks the recipients from the mentions whose place is in the range. The
// sender, who is named in many reports, is taken only when there is nobody else,
// and when a mail came back or the report is made for a recipient: postmasters
// tell people about their own mailbox. It is much the same with the staff.
func (d *document) choose(from, to place) []person {
	var others, mine []person
	seen := map[string]bool{}
	for i := range d.all {
		m := &d.all[i]
		if m.place < from || m.place > to || seen[m.key] || d.isCutOff(m) {
			continue
		}
		heads := m.place >= leading && (d.lines[m.line].listed || d.beginsReason(m))
		switch {
		case d.sender()[m.key]:
			if !heads && d.returned == nil {
				continue
			}
			mine = append(mine, m.person)
		case m.place == leading && isStaff(m.key) && !heads:
			continue
		default:
			others = append(others, m.person)
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
	if m.line != len(d.lines)-1 || !strings.HasSuffix(d.lines[m.line].text, m.address) {
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
	if d.sent {
		return d.senders
	}
	d.sent = true
	var room [8]person
	named := room[:0]
	for _, value := range [...]string{
		d.Header.Get("To"), d.Header.Get("From"),
		d.returned.Get("Return-Path"), d.returned.Get("From"), d.returned.Get("Sender"),
	} {
		named = appendAddresses(named, value)
	}
	for _, one := range named {
		d.senders[one.key] = true
	}
	for i := range d.all {
		if m := &d.all[i]; m.place == own {
			d.senders[m.key] = true
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
func (d *document) onlyReturned() []person {
	if d.returned == nil {
		return nil
	}
	for _, field := range []string{"X-Failed-Recipients", "X-Original-To", "Delivered-To"} {
		if found := addressesIn(d.returned.Values(field)); len(found) == 1 && !d.sender()[found[0].key] {
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
func (d *document) lone() []person {
	found := d.choose(prose, prose)
	if len(found) != 1 || isStaff(found[0].key) {
		return nil
	}
	return found
}

// fromReturnPath returns the recipient whom the address was made for that the
// report came to. It is the last resort: a forwarded mail may have failed for
// another one.
func (d *document) fromReturnPath() []person {
	h := d.Header
	for _, returnPath := range addressesIn(valuesOf(h, "X-Original-To", "Delivered-To", "Envelope-To", "To")) {
		if recipient, ok := address.FromReturnPath(returnPath.address); ok {
			return []person{personOf(recipient)}
		}
	}
	return nil
}
