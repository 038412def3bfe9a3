package processor

import (
	"fmt"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/schemas"
)

// notificationWriter fills the types of package schemas from one report and the mail that it is about.
type notificationWriter struct {
	found    Report
	match    Match
	settings Settings
	received time.Time
}

func (w notificationWriter) write(kind schemas.NotificationType, id string, recipients []MatchedRecipient) ([]byte, error) {
	var notification any
	switch kind {
	case schemas.TypeBounce:
		notification = schemas.BounceNotification{NotificationType: kind, Bounce: w.bounce(id, recipients), Mail: w.mail(kind, recipients)}
	case schemas.TypeComplaint:
		notification = schemas.ComplaintNotification{NotificationType: kind, Complaint: w.complaint(id, recipients), Mail: w.mail(kind, recipients)}
	case schemas.TypeDelivery:
		notification = schemas.DeliveryNotification{NotificationType: kind, Mail: w.mail(kind, recipients), Delivery: w.delivery(recipients)}
	}
	body, err := schemas.Marshal(notification)
	if err != nil {
		return nil, fmt.Errorf("processor: writing the %s notification %s: %w", kind, id, err)
	}
	return body, nil
}

// timestamp is when the reporter wrote the report, or when it came in if it does not say.
func (w notificationWriter) timestamp() time.Time {
	if w.found.Date.Before(time.Unix(0, 0)) {
		return w.received
	}
	return w.found.Date
}

func (w notificationWriter) bounce(id string, recipients []MatchedRecipient) schemas.Bounce {
	first := recipients[0]
	bounce := schemas.Bounce{FeedbackID: id, BounceType: first.Cause.BounceType, BounceSubType: first.Cause.BounceSubType,
		Timestamp: schemas.Time{Time: w.timestamp()}, RemoteMtaIP: first.RemoteIP, ReportingMTA: utf8(w.found.ReportingMTA)}
	for _, recipient := range recipients {
		bounced := schemas.BouncedRecipient{EmailAddress: normalized(recipient.SentTo)}
		if w.found.Format == "rfc3464" {
			bounced.Action, bounced.Status, bounced.DiagnosticCode = utf8(recipient.Action), utf8(recipient.Status), utf8(recipient.DiagnosticCode)
		}
		bounce.BouncedRecipients = append(bounce.BouncedRecipients, bounced)
	}
	return bounce
}

func (w notificationWriter) complaint(id string, recipients []MatchedRecipient) schemas.Complaint {
	complaint := schemas.Complaint{FeedbackID: id, Timestamp: schemas.Time{Time: w.timestamp()}, UserAgent: utf8(w.found.Complaint.UserAgent),
		ComplaintFeedbackType: utf8(w.found.Complaint.FeedbackType), ArrivalDate: schemas.Time{Time: w.found.Complaint.ArrivalDate}}
	for _, recipient := range recipients {
		complaint.ComplainedRecipients = append(complaint.ComplainedRecipients, schemas.ComplainedRecipient{EmailAddress: normalized(recipient.SentTo)})
	}
	return complaint
}

func (w notificationWriter) delivery(recipients []MatchedRecipient) schemas.Delivery {
	first := recipients[0]
	at := first.LastAttempt
	if at.IsZero() {
		at = w.timestamp()
	}
	_, response, typed := strings.Cut(first.DiagnosticCode, ";")
	if !typed {
		response = first.DiagnosticCode
	}
	_, host, typed := strings.Cut(w.found.ReportingMTA, ";")
	if !typed {
		host = w.found.ReportingMTA
	}
	delivery := schemas.Delivery{Timestamp: schemas.Time{Time: at}, ProcessingTimeMillis: max(0, at.Sub(w.match.Mail.Sent).Milliseconds()),
		SMTPResponse: utf8(strings.TrimSpace(response)), RemoteMtaIP: first.RemoteIP, ReportingMTA: utf8(strings.TrimSpace(host))}
	for _, recipient := range recipients {
		delivery.Recipients = append(delivery.Recipients, normalized(recipient.SentTo))
	}
	return delivery
}

// mail is the mail as it was registered. Its destination starts with the recipient that the notification is about: several consumers
// look at the first one only.
func (w notificationWriter) mail(kind schemas.NotificationType, recipients []MatchedRecipient) schemas.Mail {
	sent := w.match.Mail
	mail := schemas.Mail{Timestamp: schemas.Time{Time: sent.Sent}, Source: sent.Source, SourceIP: sent.SourceIP, CallerIdentity: sent.CallerIdentity,
		SendingAccountID: sent.Account, MessageID: sent.MessageID, Destination: destinationFirst(sent.Destination, recipients[0].SentTo)}
	if identity := w.settings.Identity; identity.Identity != "" {
		mail.SourceArn = fmt.Sprintf("arn:aws:ses:%s:%s:identity/%s", w.settings.Region, sent.Account, identity.Identity)
	}
	if w.settings.Identity.Headers(kind) && len(sent.Header) > 0 {
		mail.HeadersTruncated = &sent.HeadersTruncated
		mail.Headers = sent.Header
		mail.CommonHeaders = commonHeaders(sent.Header)
	}
	return mail
}

func destinationFirst(destinations []string, first string) []string {
	ordered := []string{}
	for _, destination := range destinations {
		if address.Equal(bare(destination), first) && len(ordered) == 0 {
			ordered = append(ordered, destination)
		}
	}
	if len(ordered) == 0 {
		ordered = append(ordered, first)
	}
	for _, destination := range destinations {
		if destination != ordered[0] {
			ordered = append(ordered, destination)
		}
	}
	return ordered
}

// normalized is the address as notifications carry it: bare, its domain in lower case.
func normalized(addr string) string {
	if form, err := address.Normalize(addr); err == nil {
		return form
	}
	return addr
}

// commonHeaders picks the fields that consumers look for most (names compare without case).
func commonHeaders(header []schemas.Header) *schemas.CommonHeaders {
	common := &schemas.CommonHeaders{}
	lists := map[string]*[]string{"from": &common.From, "to": &common.To, "cc": &common.Cc, "bcc": &common.Bcc, "reply-to": &common.ReplyTo}
	single := map[string]*string{"return-path": &common.ReturnPath, "date": &common.Date, "sender": &common.Sender,
		"message-id": &common.MessageID, "subject": &common.Subject}
	for _, field := range header {
		name := strings.ToLower(field.Name)
		if list := lists[name]; list != nil && field.Value != "" {
			*list = append(*list, splitAddresses(field.Value)...)
		}
		if target := single[name]; target != nil && *target == "" {
			*target = field.Value
		}
	}
	return common
}

// splitAddresses cuts an address list at its commas, but for those inside quotes, comments and angle brackets.
func splitAddresses(list string) []string {
	var parts []string
	start, quoted, depth := 0, false, 0
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '(' || c == '<'):
			depth++
		case !quoted && (c == ')' || c == '>'):
			depth--
		case c == ',' && !quoted && depth <= 0:
			parts = append(parts, strings.TrimSpace(list[start:i]))
			start = i + 1
		}
	}
	if last := strings.TrimSpace(list[min(start, len(list)):]); last != "" {
		parts = append(parts, last)
	}
	return parts
}
