package sentmail

import "strings"

const (
	// maxMessageID is the longest Message-ID that is kept, in bytes: a line of a header holds no more (RFC 5322 section 2.1.1).
	maxMessageID = 998
	sesIDLength  = 60
)

// bareID returns a Message-ID without angle brackets, comments and white space, which servers and mail programs leave out,
// add and fold at will. The case of letters stays. What is none, or is too long, gives "".
func bareID(s string) string {
	if _, after, ok := strings.Cut(s, "<"); ok {
		s, _, _ = strings.Cut(after, ">")
	}
	if strings.ContainsAny(s, " \t\r\n") {
		s = strings.Join(strings.Fields(s), "")
	}
	if len(s) > maxMessageID || strings.ContainsRune(s, 0) { // PostgreSQL takes no NUL
		return ""
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// namesOf returns the ids that may stand in the rows of the mail that a report calls s: the Message-ID, and the SES id
// that SES makes a Message-ID of when a mail has none.
func namesOf(s string) []string {
	bare := bareID(s)
	if bare == "" {
		return nil
	}
	if id := sesIDOf(bare); id != "" && id != bare {
		return []string{bare, id}
	}
	return []string{bare}
}

// sesIDOf returns the SES id in a bare Message-ID: "ID" or "ID@email.amazonses.com", "ID@eu-west-1.amazonses.com".
func sesIDOf(bare string) string {
	id, domain, found := strings.Cut(bare, "@")
	if !isSESID(id) {
		return ""
	}
	if domain = strings.ToLower(domain); found && domain != "amazonses.com" && !strings.HasSuffix(domain, ".amazonses.com") {
		return ""
	}
	return id
}

// isSESID takes 16 hex digits, a UUID and six digits, with "-" between.
func isSESID(s string) bool {
	if len(s) != sesIDLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 16, 25, 30, 35, 40, 53:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (i > 53 || c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
