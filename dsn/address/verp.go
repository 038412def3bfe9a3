package address

import "strings"

// FromReturnPath decodes the recipient whom a variable envelope return path
// (VERP) was made for, in the forms in which it is certain where the recipient
// begins:
//
//	news-return-12-jane=one.example@lists.example    qmail, ezmlm
//	news-bounces+jane=one.example@lists.example      Mailman, Postfix
//	bounces+123-ab4f-jane=one.example@esp.example    SendGrid
//	bounce+jane==a==one.example==news@lists.example  Sympa
//	bounce-jane=one.example@lists.example            others
//
// It returns false for every other address: those of SRS and BATV hold an
// address too, but it is the sender's.
func FromReturnPath(returnPath string) (string, bool) {
	local, _, ok := split(returnPath)
	if !ok || hasAnyPrefix(local, "srs0", "srs1", "prvs=", "btv1=") {
		return "", false
	}
	if _, coded, ok := strings.Cut(local, "+"); ok {
		if user, rest, ok := strings.Cut(coded, "==a=="); ok {
			domain, _, _ := strings.Cut(rest, "==")
			return joined(user, domain)
		}
		return decodeEquals(withoutToken(coded))
	}
	lower := strings.ToLower(local)
	if at := strings.Index(lower, "-return-"); at >= 0 {
		return decodeEquals(withoutNumber(local[at+len("-return-"):]))
	}
	for _, prefix := range [...]string{"bounces-", "bounce-", "return-", "errors-", "verp-"} {
		if strings.HasPrefix(lower, prefix) {
			local = withoutNumber(local[len(prefix):])
			break
		}
	}
	if equals := strings.LastIndexByte(local, '='); equals >= 0 && strings.IndexByte(local[:equals], '-') >= 0 {
		return "", false // "bounce-news-jane=…": the name of the list, or a part of the recipient's
	}
	return decodeEquals(local)
}

// decodeEquals turns "jane=one.example" into the address.
func decodeEquals(s string) (string, bool) {
	equals := strings.LastIndexByte(s, '=')
	if equals <= 0 {
		return "", false
	}
	return joined(s[:equals], s[equals+1:])
}

func joined(local, domain string) (string, bool) {
	spec := local + "@" + domain
	return spec, strings.IndexByte(domain, '.') > 0 && IsAddress(spec)
}

// withoutNumber cuts "12-" off, the number of the mail.
func withoutNumber(s string) string {
	if rest := strings.TrimLeft(s, "0123456789"); len(rest) < len(s) && strings.HasPrefix(rest, "-") {
		return rest[1:]
	}
	return s
}

// withoutToken cuts "123-ab4f-" off, the number of a customer and four
// hexadecimal digits.
func withoutToken(s string) string {
	rest := withoutNumber(s)
	if len(rest) < len(s) && len(rest) > 5 && rest[4] == '-' && strings.Trim(rest[:4], "0123456789abcdef") == "" {
		return rest[5:]
	}
	return s
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}
