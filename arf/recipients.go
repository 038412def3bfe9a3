package arf

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// recipientFields are where a report names the recipient when it has no
// Original-Rcpt-To, in order of trust: fields of the report itself.
var recipientFields = [...]string{"Removal-Recipient", "Original-Recipient", "Dovecot-Reporting-User", "Redacted-Address"}

// returnedFields are where the returned mail names its recipient: what the
// recipient's own host added first, then what senders put in for this purpose.
var returnedFields = [...]string{
	"X-HmXmrOriginalRecipient", "X-Original-To", "X-Envelope-To", "Envelope-To", "Delivered-To", "X-Rcpt-To",
	"X-Original-Recipient", "X-Recipient", "X-Rcpt", "X-Receiver", "X-Mailer-Recipient", "X-Subscriber", "X-Subscriber-Email", "X-Feedback-Recipient", "X-To", "X-Email", "X-EmailAddress", "X-Mail-To",
}

// Recipients returns the bare addresses of those who may have complained, as far
// as the report tells: OriginalRcptTo, or else what its other fields and the
// returned mail name. Providers make addresses unreadable ("redacted@…"); the
// sender's own marks in the mail are left then: a return path made for the
// recipient, fields of his, and the links to unsubscribe. An unreadable address is
// returned only when there is no better one.
func (r *Report) Recipients() []string {
	if readable := withoutRedacted(r.OriginalRcptTo); len(readable) > 0 {
		return readable
	}
	redacted := r.OriginalRcptTo
	for _, find := range [...]func() []string{
		func() []string { return firstOf(r.Extensions, recipientFields[:]) },
		func() []string { return firstOf(r.Returned, returnedFields[:]) },
		r.fromReturnPath,
		func() []string { return firstOf(r.Returned, []string{"To"}) },
		r.fromUnsubscribe,
		func() []string { return firstOf(r.Returned, []string{"Cc", "Bcc"}) },
	} {
		found := find()
		if readable := withoutRedacted(found); len(readable) > 0 {
			return readable
		}
		if len(redacted) == 0 {
			redacted = found
		}
	}
	return redacted
}

// firstOf returns the addresses in the first of the fields that holds a readable
// one, or else any.
func firstOf(h report.Header, names []string) []string {
	var redacted []string
	for _, name := range names {
		var found []string
		for _, value := range h.Values(name) {
			for _, spec := range addresses(value) {
				found = appendNew(found, spec)
			}
		}
		if len(withoutRedacted(found)) > 0 {
			return found
		}
		if len(redacted) == 0 {
			redacted = found
		}
	}
	return redacted
}

// withoutRedacted leaves out addresses whose local part was replaced.
func withoutRedacted(specs []string) []string {
	var readable []string
	for _, spec := range specs {
		local := strings.ToLower(spec[:strings.LastIndexByte(spec, '@')])
		if !strings.Contains(local, "redacted") && !strings.Contains(local, "undisclosed") && strings.Trim(local, "x*-_.") != "" {
			readable = append(readable, spec)
		}
	}
	return readable
}

// addresses returns the bare addresses in a list, at most maxRecipients.
func addresses(value string) []string {
	var specs []string
	for len(value) > 0 && len(specs) < maxRecipients {
		var one string
		one, value = cutList(value)
		if spec, ok := bare(one); ok {
			specs = append(specs, spec)
		}
	}
	return specs
}

// cutList cuts value at the first comma outside quotes, brackets and comments.
func cutList(value string) (one, rest string) {
	quoted, depth := false, 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ',' && depth == 0:
			return value[:i], value[i+1:]
		}
	}
	return value, ""
}

// appendNew appends spec unless it is there already.
func appendNew(specs []string, spec string) []string {
	if len(specs) >= maxRecipients {
		return specs
	}
	for _, known := range specs {
		if strings.EqualFold(known, spec) {
			return specs
		}
	}
	return append(specs, spec)
}
