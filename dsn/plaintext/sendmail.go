package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
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

// successes are what Sendmail says in its transcript of a recipient whose mail
// went on.
var successes = newPhrases("successfully delivered", "expanded to multiple addresses", "expanded by alias", "relayed; expect no further notifications", "relayed to mailer", "delivered to mailing list")

// readReturnReceipt reads Sendmail's "Return receipt" for a mail that went on
// from an alias. QUIRK(sendmail): its delivery-status part has no recipient
// group then; only the transcript names the recipient.
// testdata/recordings/sendmail/expanded.nodsn.eml
func readReturnReceipt(m mail) *Bounce {
	if strings.TrimSpace(m.subject) != "return receipt" || !systemNames.in(m.from) {
		return nil
	}
	receipt := &Bounce{Format: "sendmail", Returned: m.Returned}
	for line := range strings.Lines(m.Text) {
		name, said, ok := strings.Cut(strings.TrimSpace(line), "... ")
		if !ok || !successes.in(strings.ToLower(said)) || len(receipt.Recipients) == maxRecipients {
			continue
		}
		if addr, err := address.Parse(name); err == nil { // a local name has no "@": it is what the alias led to
			receipt.Recipients = append(receipt.Recipients, Recipient{Address: addr, Diagnostic: said, Delivered: true})
		}
	}
	if len(receipt.Recipients) == 0 {
		return nil
	}
	return receipt
}
