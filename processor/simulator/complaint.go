package simulator

import (
	"io"

	"github.com/rebound-mail/rebound/arf"
)

// userAgent names the simulator in complaints, as product and version (RFC 5965 section 3.1).
const userAgent = "Rebound-Mailbox-Simulator/1.0"

// writeComplaint writes an abuse report (RFC 5965), as a mailbox provider does when its user calls the mail spam.
func (r recipient) writeComplaint(w io.Writer, a *answers) error {
	complaint := arf.Report{
		FeedbackType: arf.Abuse, UserAgent: userAgent, OriginalMailFrom: a.from, OriginalRcptTo: []string{r.address},
		ArrivalDate: a.sent, ReportingMTA: "dns; " + r.host,
	}
	text := "This is an email abuse report for a message that was sent to " + r.address + ".\n"
	return complaint.Compose(w, a.mail(r.host, "complaints@"+r.host, "Abuse report", text))
}
