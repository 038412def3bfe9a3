package address

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLength is the longest address that is taken, in bytes: 64 for the local
// part, 255 for the domain and the "@" (RFC 5321 section 4.5.3.1). The local
// part alone is not measured, because return paths in use are longer than 64.
const maxLength = 320

// ErrInvalid is returned when there is no mail address in the text.
var ErrInvalid = errors.New("address: not a mail address")

// Parse returns the one address (addr-spec) in s, which may stand alone, between
// angle brackets, after a display name or beside comments. Source routes are
// left out. The address is returned as it is spelled; see Normalize. It returns
// an error that wraps ErrInvalid when there is none, or when there are several.
func Parse(s string) (string, error) {
	spec, ok := s, true
	if !IsAddress(s) {
		spec, ok = extract(s)
	}
	if !ok || !IsAddress(spec) {
		return "", fmt.Errorf("%w: %q", ErrInvalid, clip(s))
	}
	return spec, nil
}

// IsAddress reports whether s is one bare address and nothing else.
func IsAddress(s string) bool {
	local, domain, ok := split(s)
	return ok && validLocal(local) && validDomain(domain)
}

// split cuts an address at the "@" that ends the local part.
func split(s string) (local, domain string, ok bool) {
	if len(s) > maxLength {
		return "", "", false
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 {
		return "", "", false
	}
	return s[:at], s[at+1:], true
}

// validLocal takes any atom characters, dots in any place (mobile providers in
// Japan gave out "a..b." before RFC 2822 was enforced) and quoted strings.
func validLocal(local string) bool {
	if local[0] == '"' {
		return validQuoted(local)
	}
	seen := byte(0)
	for i := 0; i < len(local); i++ {
		if !inAtom[local[i]] {
			return false
		}
		seen |= local[i]
	}
	return seen < utf8.RuneSelf || validText(local)
}

// inAtom tells which bytes an atom may hold.
var inAtom = func() (may [256]bool) {
	for c := range may {
		may[c] = c > ' ' && c != 0x7f && strings.IndexByte(`()<>[]:;@\,"`, byte(c)) < 0
	}
	return may
}()

func validQuoted(local string) bool {
	if len(local) < 3 || local[len(local)-1] != '"' {
		return false
	}
	inner := local[1 : len(local)-1]
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case c == '\\':
			if i++; i == len(inner) || inner[i] < ' ' {
				return false
			}
		case c == '"', c < ' ' && c != '\t', c == 0x7f:
			return false
		}
	}
	return validText(inner)
}

// validText refuses what is not UTF-8, and characters that nobody can see.
func validText(s string) bool {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) || unicode.IsSpace(r) {
			return false
		}
		i += size
	}
	return true
}

func validDomain(domain string) bool {
	if domain[0] == '[' {
		return validLiteral(domain)
	}
	label, seen := 0, byte(0)
	for i := 0; i < len(domain); i++ {
		c := domain[i]
		switch {
		case inLabel[c]:
			if label++; label > 63 && c < utf8.RuneSelf {
				return false
			}
			seen |= c
		case c == '.' && label > 0:
			label = 0
		default:
			return false
		}
	}
	return label > 0 && (seen < utf8.RuneSelf || validText(domain))
}

// inLabel tells which bytes the label of a domain may hold.
var inLabel = func() (may [256]bool) {
	for c := range may {
		may[c] = inKey[c] || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
	}
	return may
}()

// validLiteral takes address literals: "[192.0.2.1]", "[IPv6:2001:db8::1]".
func validLiteral(domain string) bool {
	inner, ok := strings.CutSuffix(domain[1:], "]")
	if !ok {
		return false
	}
	if len(inner) > 5 && strings.EqualFold(inner[:5], "IPv6:") {
		inner = inner[5:]
	}
	ip, err := netip.ParseAddr(inner)
	return err == nil && ip.Zone() == ""
}

func clip(s string) string {
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "…"
	}
	return s
}
