package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/status"
)

// statedReason returns the reply that Sendmail states below a recipient,
// "(reason: 550 5.1.1 <jane@example.net>... User unknown)". The transcript
// further down holds replies to other commands and about other recipients. It
// returns "" when the reply is not stated, or only its first line of several.
func statedReason(own string) string {
	_, reason, ok := strings.Cut(own, "(reason: ")
	if !ok {
		return ""
	}
	if before, _, ok := strings.Cut(reason, " (expanded from: "); ok {
		reason = before
	} else if before, _, ok := strings.Cut(reason, ") -----"); ok {
		reason = before
	}
	reason = strings.TrimSuffix(strings.TrimSpace(reason), ")")
	if len(reason) > 3 && reason[3] == '-' {
		return ""
	}
	if _, ok := status.FindReply(reason); !ok {
		return ""
	}
	return reason
}
