package dsn

import (
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
)

// settleAddresses gives each recipient its address, and leaves out those that
// have none.
func (p *parser) settleAddresses(m *report.Message) {
	kept := p.r.Recipients[:0]
	for i := range p.r.Recipients {
		r := p.r.Recipients[i]
		p.decodeOriginal(&r)
		r.Address = r.address()
		if r.Address == "" && len(p.r.Recipients) == 1 {
			r.Address = onlyRecipient(m)
		}
		if r.Address == "" {
			p.note(report.Field{Name: "Final-Recipient", Value: r.FinalRecipient.String()}, ErrNoAddress)
			continue
		}
		kept = append(kept, r)
	}
	p.r.Recipients = kept
}

// address returns the mail address that the group names.
func (r *Recipient) address() string {
	for _, candidate := range []string{r.FinalRecipient.Address, r.OriginalRecipient.Address} {
		if address.IsAddress(candidate) {
			return candidate
		}
	}
	// The address that an alias led to; sendmail writes it.
	if actual := parseAddress(report.Header(r.Extensions).Get("X-Actual-Recipient")); address.IsAddress(actual.Address) {
		return actual.Address
	}
	return ""
}

// onlyRecipient returns the address of a mail's only recipient, which a report
// names outside of its fields: in X-Failed-Recipients, or as the only address in
// To of the returned mail.
func onlyRecipient(m *report.Message) string {
	// QUIRK(exim4): it prints other bytes than ASCII as octal escapes.
	// testdata/recordings/exim4/utf8nouser.failed.eml
	failed := decodeOctal(m.Header.Get("X-Failed-Recipients"))
	for _, candidate := range []string{failed, m.Returned.Text("To")} {
		if spec, err := address.Parse(candidate); err == nil {
			return spec
		}
	}
	return ""
}

// isExim reports whether Exim wrote the mail. Few mails need to be asked.
func (p *parser) isExim() bool {
	if !p.asked {
		p.asked, p.exim = true, slices.ContainsFunc(p.header, isOfExim)
	}
	return p.exim
}

func isOfExim(f report.Field) bool {
	return strings.EqualFold(f.Name, "Received") && strings.Contains(f.Value, "with local (Exim")
}

// xtext undoes the xtext of a value that Exim passed on.
// QUIRK(exim4): it returns ENVID and ORCPT as they stood in the SMTP command.
// testdata/recordings/exim4/dsnfull.failed.eml
func (p *parser) xtext(value string) string {
	if strings.IndexByte(value, '+') < 0 || !p.isExim() {
		return value
	}
	decoded, err := DecodeXtext(value)
	if err != nil || clean(decoded) != decoded {
		return value
	}
	return decoded
}

func (p *parser) decodeOriginal(r *Recipient) {
	if decoded := p.xtext(r.OriginalRecipient.Address); address.IsAddress(decoded) {
		r.OriginalRecipient.Address = decoded
	}
}
