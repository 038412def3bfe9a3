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
	if m.Returned == nil {
		return nil
	}
	const about = "complaint about message from "
	subject := strings.TrimSpace(m.Header.Text("Subject"))
	if subject != "" && subject[0]|0x20 == about[0] {
		subject = strings.ToLower(subject)
	}
	ip, complains := strings.CutPrefix(subject, about)
	if !m.Returned.Has("X-HmXmrOriginalRecipient") && !(complains && !isConversation(m.Header)) {
		return nil
	}
	r := &Report{FeedbackType: Abuse, Incidents: 1, Returned: m.Returned}
	if spec, ok := bare(m.Returned.Get("X-HmXmrOriginalRecipient")); ok {
		r.OriginalRcptTo = []string{spec}
	} else if len(r.Recipients()) == 0 {
		return nil
	}
	r.OriginalMailFrom, _ = bare(m.Returned.Get("X-SID-PRA"))
	r.SourceIP, _ = netip.ParseAddr(strings.TrimSpace(ip))
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

// parseForm reads the complaint of a feedback loop that lost its feedback-report
// part, or never had one: the text of the example in RFC 5965 appendix B, or a
// subject that providers use, with the mail attached.
func parseForm(m *report.Message) *Report {
	if m.Returned == nil || isConversation(m.Header) {
		return nil
	}
	_, about, found := strings.Cut(m.Text, "his is an email abuse report")
	if !found && !(hasAny(strings.ToLower(m.Header.Text("Subject")), formSubjects) && isLoop(m.Header)) {
		return nil
	}
	r := &Report{FeedbackType: Abuse, Incidents: 1, Returned: m.Returned}
	r.OriginalMailFrom, _ = bare(m.Returned.Get("Return-Path"))
	if _, rest, ok := strings.Cut(about, "received from IP "); ok {
		if words := strings.Fields(strings.TrimPrefix(rest, "address ")); len(words) > 0 {
			r.SourceIP, _ = netip.ParseAddr(strings.Trim(words[0], "[](),."))
		}
	}
	return r
}

// formSubjects stand in the subjects of complaints.
var formSubjects = []string{"complaint", "abuse report", "abuse feedback", "feedback report", "feedback loop", "spam report", "junk report"}

// isLoop reports whether a feedback loop sent the mail.
func isLoop(h report.Header) bool {
	from, _ := bare(h.Text("From"))
	local, _, _ := strings.Cut(strings.ToLower(from), "@")
	return hasAny(local, []string{"feedbackloop", "feedback-loop", "fbl", "scomp", "abuse-feedback", "junkreport", "arf"})
}

// parseInline reads a feedback report whose fields stand in the text, since it
// lost its structure on the way.
func parseInline(m *report.Message) *Report {
	if m.Returned == nil && m.ReportType != "feedback-report" || !strings.Contains(m.Text, "Feedback-Type:") || isConversation(m.Header) {
		return nil
	}
	for _, group := range report.ParseGroups(m.Text) {
		if !group.Has("Feedback-Type") || !group.Has("User-Agent") && !group.Has("Version") {
			continue
		}
		r := &Report{Incidents: 1, Returned: m.Returned}
		for _, f := range group {
			r.field(f)
		}
		return r
	}
	return nil
}

// ParseAttached reads the mail of a person who complains of a mail and attaches
// it, as people write to abuse addresses. It returns ErrNotReport for a mail
// without one, for the mail of a list and for an answer.
//
// Ask it only about an address that serves for nothing else, and after Parse and
// the readers of bounces: everybody who forwards a mail writes so.
func ParseAttached(m *report.Message) (*Report, error) {
	from, ok := bare(m.Header.Text("From"))
	if !ok || m.Returned == nil || isConversation(m.Header) || len(m.Machine) > 0 || m.MediaType == "multipart/report" {
		return nil, ErrNotReport
	}
	r := &Report{FeedbackType: Abuse, Incidents: 1, Returned: m.Returned}
	r.OriginalMailFrom, _ = bare(m.Returned.Get("Return-Path"))
	if date, err := report.ParseDate(m.Header.Get("Date")); err == nil {
		r.ArrivalDate = date
	}
	if len(withoutRedacted(r.Recipients())) == 0 {
		r.OriginalRcptTo = []string{from}
	}
	return r, nil
}

// isConversation reports whether the mail is an answer, or one of a mailing list.
func isConversation(h report.Header) bool {
	return h.Has("In-Reply-To") || h.Has("References") || h.Has("List-Id") || h.Has("List-Post")
}

func hasAny(s string, phrases []string) bool {
	for _, phrase := range phrases {
		if strings.Contains(s, phrase) {
			return true
		}
	}
	return false
}
