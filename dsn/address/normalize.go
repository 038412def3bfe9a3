package address

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// domains maps internationalized domains to A-labels as a browser would
// (UTS 46, non-transitional), but takes underscores, which mail domains in use have.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// Normalize returns the form in which an address is stored and shown: what Parse
// finds, with the domain in lower case and in A-labels (RFC 5890). The local part
// stays as given: only the receiving host knows what in it counts.
func Normalize(s string) (string, error) {
	spec, err := Parse(s)
	if err != nil {
		return "", err
	}
	local, domain, _ := split(spec)
	normal, err := normalizeDomain(domain)
	if err != nil {
		return "", fmt.Errorf("%w: %q: %v", ErrInvalid, clip(s), err)
	}
	if len(local)+1+len(normal) > maxLength {
		return "", fmt.Errorf("%w: %q: longer than %d bytes", ErrInvalid, clip(s), maxLength)
	}
	if normal == domain {
		return spec, nil
	}
	return local + "@" + normal, nil
}

// Key returns the form in which two spellings of one address are equal:
// Normalize with the local part in lower case, unquoted where the quotes say
// nothing, and in Unicode form NFC. It is for comparing, never for sending to:
// in theory "Jane" and "jane" may be two people, in practice they are one.
func Key(s string) (string, error) {
	if isKey(s) {
		return s, nil
	}
	spec, err := Normalize(s)
	if err != nil {
		return "", err
	}
	local, domain, _ := split(spec)
	folded := strings.ToLower(unquote(local))
	if !isASCII(folded) {
		// Some characters compose to one that must be quoted: U+037E to ";".
		if composed := norm.NFC.String(folded); validLocal(composed) {
			folded = composed
		}
	}
	if folded == local {
		return spec, nil
	}
	return folded + "@" + domain, nil
}

// isKey knows most addresses that are their own Key, at a fifth of the cost: small letters, digits and few signs in both parts.
func isKey(s string) bool {
	at, label := 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case inKey[c]:
			label++
		case c == '+' && at == 0:
		case c == '.':
			if at > 0 && (label == 0 || label > 63) {
				return false
			}
			label = 0
		case c == '@' && at == 0 && i > 0:
			at, label = i, 0
		default:
			return false
		}
	}
	return at > 0 && label > 0 && label <= 63 && len(s) <= maxLength
}

// inKey tells which bytes both parts of a key may hold anywhere.
var inKey = func() (may [256]bool) {
	for c := range may {
		may[c] = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
	}
	return may
}()

// Domain returns the domain of the address in s in lower case and A-labels, or
// "" when there is no address in s.
func Domain(s string) string {
	spec, err := Normalize(s)
	if err != nil {
		return ""
	}
	_, domain, _ := split(spec)
	return domain
}

// Equal reports whether a and b hold the same address; see Key.
func Equal(a, b string) bool {
	if a == b {
		return IsAddress(a)
	}
	keyA, err := Key(a)
	if err != nil {
		return false
	}
	keyB, err := Key(b)
	return err == nil && keyA == keyB
}

func normalizeDomain(domain string) (string, error) {
	if domain[0] == '[' {
		return strings.ToLower(domain), nil
	}
	if isASCII(domain) {
		return strings.ToLower(domain), nil
	}
	mapped, err := domains.ToASCII(domain)
	if err == nil && (mapped == "" || !validDomain(mapped)) {
		err = fmt.Errorf("domain %q", mapped)
	}
	return mapped, err
}

// unquote takes the quotes off a local part that is an atom without them.
func unquote(local string) string {
	if len(local) < 3 || local[0] != '"' {
		return local
	}
	inner := make([]byte, 0, len(local))
	for i := 1; i < len(local)-1; i++ {
		if local[i] == '\\' {
			i++
		}
		inner = append(inner, local[i])
	}
	if inner[0] == '"' || !validLocal(string(inner)) {
		return local
	}
	return string(inner)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
