package processor

import (
	"io"

	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/schemas"
)

// Parse reads one mail and returns the line that `rebound parse` prints for it.
func Parse(file string, r io.Reader, rules *classify.Classifier) schemas.Parsed {
	found := Recognize(r, rules)
	line := schemas.Parsed{File: file, Kind: string(found.Kind), Format: found.Format, ReportingMTA: utf8(found.ReportingMTA),
		Timestamp: schemas.Time{Time: found.Date}}
	if found.Err != nil {
		line.Error = found.Err.Error()
	}
	if found.Complaint != nil {
		line.ComplaintFeedbackType, line.UserAgent = found.Complaint.FeedbackType, utf8(found.Complaint.UserAgent)
		line.ArrivalDate = schemas.Time{Time: found.Complaint.ArrivalDate}
	}
	for _, recipient := range found.Recipients {
		if recipient.Address != "" { // an auto-reply may not say whose it is
			line.Recipients = append(line.Recipients, parsedRecipient(recipient))
		}
	}
	if found.Kind == KindBounce || found.Kind == KindAutoReply {
		line.BounceType, line.BounceSubType = overall(found.Recipients)
	}
	if found.Returned != nil {
		line.Original = &schemas.ParsedOriginal{MessageID: utf8(found.Returned.Get("Message-ID")), From: found.Returned.Text("From"),
			Subject: found.Returned.Text("Subject")}
	}
	for _, problem := range found.Problems {
		line.Problems = append(line.Problems, utf8(problem.Field+": "+problem.Err.Error()))
	}
	return line
}

func parsedRecipient(r Recipient) schemas.ParsedRecipient {
	line := schemas.ParsedRecipient{EmailAddress: utf8(r.Address), Action: utf8(r.Action), Status: utf8(r.Status), SMTPReply: r.Cause.SMTPReply,
		DiagnosticCode: utf8(r.DiagnosticCode)}
	if r.Outcome != OutcomeDelivered || r.Cause.Reason == reasonAutoReply {
		line.BounceType, line.BounceSubType, line.Scope = r.Cause.BounceType, r.Cause.BounceSubType, string(r.Cause.Scope)
	}
	return line
}

// overall is the type that the line as a whole shows: of the recipients that failed, the gravest.
func overall(recipients []Recipient) (bounceType, bounceSubType string) {
	rank := map[string]int{"Permanent": 3, "Transient": 2, "Undetermined": 1}
	for _, recipient := range recipients {
		if rank[recipient.Cause.BounceType] > rank[bounceType] && (recipient.Outcome == OutcomeFailed || recipient.Cause.Reason == reasonAutoReply) {
			bounceType, bounceSubType = recipient.Cause.BounceType, recipient.Cause.BounceSubType
		}
	}
	return bounceType, bounceSubType
}
