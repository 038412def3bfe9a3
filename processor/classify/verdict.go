package classify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rebound-mail/rebound/dsn/status"
)

// outcomes are the bounce types and sub types that SES has.
var outcomes = []outcome{
	{"Undetermined", "Undetermined"},
	{"Permanent", "General"}, {"Permanent", "NoEmail"}, {"Permanent", "Suppressed"}, {"Permanent", "OnAccountSuppressionList"},
	{"Transient", "General"}, {"Transient", "MailboxFull"}, {"Transient", "MessageTooLarge"},
	{"Transient", "ContentRejected"}, {"Transient", "AttachmentRejected"},
}

// cause reads an entry that is one.
func (e *entry) cause() (*cause, error) {
	c := &cause{name: e.Name, scope: e.Scope}
	var err error
	if c.permanent, err = parseOutcome(e.Permanent); err != nil {
		return nil, e.problem("cause %q: %w", e.Name, err)
	}
	if c.temporary, err = parseOutcome(e.Temporary); err != nil {
		return nil, e.problem("cause %q: %w", e.Name, err)
	}
	switch e.Scope {
	case ScopeRecipient:
	case ScopeContent, ScopeSender, ScopeNetwork, ScopeSystem:
		if c.permanent.bounceType == "Permanent" || c.temporary.bounceType == "Permanent" {
			return nil, e.problem("cause %q: a Permanent verdict puts the address on the suppression list, so that its scope is recipient, not %s", e.Name, e.Scope)
		}
	default:
		return nil, e.problem("cause %q: scope %q is none of recipient, content, sender, network, system", e.Name, e.Scope)
	}
	return c, nil
}

func parseOutcome(s string) (outcome, error) {
	bounceType, subType, _ := strings.Cut(s, "/")
	o := outcome{bounceType, subType}
	if !slices.Contains(outcomes, o) {
		return outcome{}, fmt.Errorf(`verdict %q: want a type and a sub type of SES, as in "Transient/General"`, s)
	}
	return o, nil
}

// parseCode reads "x.1.1", "5.1.1", "x.7.*" or a reply code, "550".
func parseCode(s string) (code status.Code, reply int, err error) {
	class, rest, enhanced := strings.Cut(s, ".")
	if !enhanced {
		if reply, err = strconv.Atoi(s); err != nil || reply < 400 || reply > 599 {
			return status.Code{}, 0, fmt.Errorf(`code %q: want 400 to 599, or an enhanced code as "x.1.1" or "x.7.*"`, s)
		}
		return status.Code{}, reply, nil
	}
	subject, detail, _ := strings.Cut(rest, ".")
	if class != "x" {
		if code.Class, err = strconv.Atoi(class); err != nil || code.Class != 4 && code.Class != 5 {
			return status.Code{}, 0, fmt.Errorf("code %q: the class is 4, 5 or x for both, not %q", s, class)
		}
	}
	if code.Subject, err = strconv.Atoi(subject); err != nil || code.Subject < 0 {
		return status.Code{}, 0, fmt.Errorf("code %q: subject %q is no number", s, subject)
	}
	if detail == "*" {
		code.Detail = anyDetail
		return code, 0, nil
	}
	if code.Detail, err = strconv.Atoi(detail); err != nil || code.Detail < 0 {
		return status.Code{}, 0, fmt.Errorf("code %q: detail %q is no number and not *", s, detail)
	}
	return code, 0, nil
}
