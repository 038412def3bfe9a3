package processor

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
)

// person is somebody who is looked for in texts and in mails, by her address.
type person struct {
	addr  string   // in the form of address.Normalize
	forms []string // in which it is written, in lower case
}

func newPerson(addr string) (person, error) {
	normal, err := address.Normalize(addr)
	if err != nil {
		return person{}, err
	}
	lower := strings.ToLower(normal)
	p := person{addr: normal, forms: []string{lower}}
	at := strings.LastIndexByte(lower, '@')
	p.add(lower[:at] + "=" + lower[at+1:])   // VERP
	p.add(lower[:at] + "%40" + lower[at+1:]) // in a URL
	if quoted, err := json.Marshal(lower); err == nil {
		p.add(strings.Trim(string(quoted), `"`))
	}
	if key, err := address.Key(normal); err == nil {
		p.add(key)
	}
	return p, nil
}

func (p *person) add(form string) {
	for _, known := range p.forms {
		if known == form {
			return
		}
	}
	p.forms = append(p.forms, form)
}

// pattern finds texts that may mention the person: LIKE '…' ESCAPE '\'. It is wider than mentions, because it goes by the part of her
// address that all forms begin with.
func (p person) pattern() string {
	local := p.forms[0][:strings.LastIndexByte(p.forms[0], '@')]
	inner := strings.Trim(local, `"`)
	// The rest is written otherwise in JSON, or has letters whose case a database does not know.
	if i := strings.IndexFunc(inner, func(r rune) bool { return r == '"' || r == '\\' || r >= 0x80 }); i >= 0 {
		inner = inner[:i]
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(inner) + "%"
}

// mentions tells whether a text holds the address, and not only as a part of a longer one.
func (p person) mentions(text string) bool { return p.inBytes([]byte(text)) }

func (p person) inBytes(text []byte) bool {
	text = bytes.ToLower(text)
	if bytes.Contains(text, []byte("=\n")) || bytes.Contains(text, []byte("=\r\n")) { // soft line breaks of quoted-printable
		text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("=\r\n"), nil), []byte("=\n"), nil)
	}
	for _, form := range p.forms {
		for from := 0; ; {
			i := bytes.Index(text[from:], []byte(form))
			if i < 0 {
				break
			}
			i += from
			if beginsAddress(text[:i]) && endsAddress(text[i+len(form):]) {
				return true
			}
			from = i + 1
		}
	}
	return false
}

// beginsAddress tells whether an address may begin after a text, which is in lower case. What stands there as an escape (\n, \u003c,
// %3c, =3d) is no part of one.
func beginsAddress(before []byte) bool {
	n := len(before)
	if n == 0 || !isAtom(before[n-1]) {
		return true
	}
	switch {
	case n >= 2 && before[n-2] == '\\' && strings.IndexByte("nrt", before[n-1]) >= 0:
		return true
	case n >= 3 && (before[n-3] == '%' || before[n-3] == '=') && isHex(before[n-1]) && isHex(before[n-2]):
		return true
	}
	return n >= 6 && before[n-6] == '\\' && before[n-5] == 'u'
}

func endsAddress(after []byte) bool {
	if len(after) == 0 || !isAtom(after[0]) || after[0] == '_' || after[0] == '+' {
		return true
	}
	return after[0] == '.' && (len(after) == 1 || !isAtom(after[1]))
}

// isAtom tells whether a character next to an address makes it a longer one.
func isAtom(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80 || strings.IndexByte("._+-", c) >= 0
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }
