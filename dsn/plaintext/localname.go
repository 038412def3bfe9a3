package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
)

// localNames returns the recipients that the text names without their domain, as
// GroupWise, IMail, AOL and Sendmail do for their own users. The domain is that
// of a recipient of the returned mail with the same local part, or that of the
// system that wrote the report.
func (d *document) localNames() []person {
	var found []person
	seen := map[string]bool{}
	for i := range d.lines {
		name := localName(d.lines[i].text, d.lines[i].listed)
		if name == "" || len(found) == maxRecipients {
			continue
		}
		if one, ok := d.complete(name); ok && !seen[one.key] {
			seen[one.key] = true
			found = append(found, one)
		}
	}
	return found
}

// localName returns the local part that the line names, "" when it names none:
//
//	jane (user not found)                          GroupWise, in a list
//	User mailbox exceeds allowed size: jane        IMail
//	550 jane... User unknown                       Sendmail
func localName(line string, listed bool) string {
	line = strings.TrimSpace(line)
	if name, _, ok := strings.Cut(line, "... "); ok {
		if isCode(name) {
			name = strings.TrimSpace(strings.TrimLeft(name, "0123456789. "))
		}
		return plainName(name)
	}
	if colon := strings.LastIndex(line, ": "); colon > 0 && localPhrases.in(strings.ToLower(line[:colon])) {
		return plainName(line[colon+2:])
	}
	if !listed {
		return ""
	}
	if name, reason, ok := strings.Cut(line, " ("); ok && strings.HasSuffix(reason, ")") {
		line = name
	}
	return plainName(line)
}

// localPhrases stand before the name of a local user.
var localPhrases = newPhrases("unknown user", "mailbox exceeds allowed size", "user unknown", "unknown local", "no such user", "delivery failed")

func isCode(s string) bool { return len(s) > 4 && s[0] >= '4' && s[0] <= '5' && s[3] == ' ' }

// plainName returns s if it can be the name of a user.
func plainName(s string) string {
	s = strings.Trim(strings.TrimSpace(s), "<>\"'")
	if len(s) < 2 || len(s) > 64 {
		return ""
	}
	letters := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
		case c >= '0' && c <= '9', c == '.', c == '_', c == '-', c == '+':
		default:
			return ""
		}
	}
	if letters == 0 || s[len(s)-1] == '.' {
		return ""
	}
	return s
}

// complete returns the address of the local user.
func (d *document) complete(name string) (person, bool) {
	for _, one := range addressesIn(valuesOf(d.returned, "To", "Cc", "Bcc")) {
		if local, _, _ := strings.Cut(one.address, "@"); strings.EqualFold(local, name) {
			return one, true
		}
	}
	from, err := address.Parse(d.Header.Text("From"))
	if err != nil || !systemNames.in(d.from) {
		return person{}, false
	}
	spec := personOf(name + from[strings.LastIndexByte(from, '@'):])
	return spec, address.IsAddress(spec.address) && spec.key != key(from)
}
