package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

const dispositionNotification = "message/disposition-notification"

// readRejection reads the refusal of a recipient's filter: Sieve's reject sends
// it as a disposition notification (RFC 5429 section 2.2), as the delivery
// agent of Dovecot does for a full mailbox. Such a mail never reached the
// recipient, so that it is a bounce; what it is worth rests on its words, and a
// mere refusal is no reason to suppress anybody. It returns nil for anything else.
func readRejection(m mail) *Bounce {
	machine := dispositionPart(m)
	if machine == nil || !isRejection(m, machine) {
		return nil
	}
	for _, fields := range machine.Groups {
		found := addressesIn([]string{fields.Get("Final-Recipient"), fields.Get("Original-Recipient")})
		if len(found) == 0 {
			continue
		}
		text := strings.Join(strings.Fields(m.Text), " ")
		if len(text) > maxDiagnostic {
			text = strings.ToValidUTF8(text[:maxDiagnostic], "")
		}
		return &Bounce{
			Format:     "mdn",
			Recipients: []Recipient{{Address: found[0].address, Diagnostic: text}},
			Returned:   m.Returned,
		}
	}
	return nil
}

// isReceipt reports whether the mail is a disposition notification (RFC 8098).
func isReceipt(m mail) bool {
	return dispositionPart(m) != nil || m.ReportType == "disposition-notification"
}

func dispositionPart(m mail) *report.Part {
	for i := range m.Machine {
		if m.Machine[i].MediaType == dispositionNotification {
			return &m.Machine[i]
		}
	}
	return nil
}

// isRejection reports whether the mail was thrown away unread by a filter that
// says so: a person who deletes a mail is none.
func isRejection(m mail, machine *report.Part) bool {
	disposition := ""
	for _, fields := range machine.Groups {
		if disposition = strings.ToLower(fields.Get("Disposition")); disposition != "" {
			break
		}
	}
	mode, kind, _ := strings.Cut(disposition, ";")
	if !strings.Contains(mode, "automatic-action") || !strings.Contains(kind, "deleted") {
		return false
	}
	text := strings.ToLower(m.Text)
	return strings.Contains(strings.ToLower(m.Header.Get("Auto-Submitted")), "rejected") ||
		strings.Contains(text, "automatically rejected") || strings.Contains(text, "was refused by the recipient")
}
