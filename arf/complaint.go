package arf

import (
	"net/netip"
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// parseMicrosoft reads a complaint of the Junk Mail Reporting Program, which is
// the mail complained of, attached to a mail without text.
// QUIRK(microsoft): no feedback-report part; the recipient stands in a field
// that is added to the returned mail.
// arf/testdata/handwritten/microsoft-jmrp.eml
func parseMicrosoft(m *report.Message) *Report {
	if !m.Returned.Has("X-HmXmrOriginalRecipient") {
		return nil
	}
	spec, ok := bare(m.Returned.Get("X-HmXmrOriginalRecipient"))
	if !ok {
		return nil
	}
	r := &Report{FeedbackType: Abuse, Incidents: 1, OriginalRcptTo: []string{spec}, Returned: m.Returned}
	r.OriginalMailFrom, _ = bare(m.Returned.Get("X-SID-PRA"))
	const about = "complaint about message from "
	if subject := m.Header.Text("Subject"); strings.HasPrefix(subject, about) {
		r.SourceIP, _ = netip.ParseAddr(strings.TrimSpace(subject[len(about):]))
	}
	return r
}

// parseApple reads the mail that Apple Mail sends to a List-Unsubscribe address
// in place of its user.
// QUIRK(apple): it is marked as an automatic reply, but is the user's own wish.
// arf/testdata/handwritten/apple-unsubscribe.eml
func parseApple(m *report.Message) *Report {
	if !strings.EqualFold(m.Header.Get("X-Apple-Unsubscribe"), "true") {
		return nil
	}
	spec, ok := bare(m.Header.Text("From"))
	if !ok {
		return nil
	}
	r := &Report{FeedbackType: OptOut, UserAgent: "Apple Mail", Incidents: 1, OriginalRcptTo: []string{spec}}
	if date, err := report.ParseDate(m.Header.Get("Date")); err == nil {
		r.ArrivalDate = date
	}
	return r
}
