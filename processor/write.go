package processor

import (
	"fmt"
	"slices"
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

// write writes the flavour for topics of identities.
func (w notificationWriter) write(kind schemas.NotificationType, id string, recipients []MatchedRecipient) ([]byte, error) {
	sent := w.match.Mail
	mail := w.mail(recipients)
	wanted := !w.settings.Style.HeadersOnRequest || w.settings.Identity.Headers(kind)
	if wanted && len(sent.Header) > 0 {
		mail.HeadersTruncated, mail.Headers, mail.CommonHeaders = &sent.HeadersTruncated, sent.Header, commonHeaders(sent.Header)
	}
	return w.encode(schemas.Kind{NotificationType: kind}, id, recipients, mail)
}

// encode puts the parts of a notification together.
func (w notificationWriter) encode(kind schemas.Kind, id string, recipients []MatchedRecipient, mail schemas.Mail) ([]byte, error) {
	var notification any
	switch kind.NotificationType + kind.EventType { // one of them is empty
	case schemas.TypeBounce:
		notification = schemas.BounceNotification{Kind: kind, Bounce: w.bounce(id, recipients), Mail: mail}
	case schemas.TypeComplaint:
		notification = schemas.ComplaintNotification{Kind: kind, Complaint: w.complaint(id, recipients), Mail: mail}
	case schemas.TypeDelivery:
		notification = schemas.DeliveryNotification{Kind: kind, Mail: mail, Delivery: w.delivery(recipients)}
	case schemas.TypeDeliveryDelay:
		notification = schemas.DeliveryDelayEvent{Kind: kind, Mail: mail, DeliveryDelay: w.deliveryDelay(recipients)}
	case schemas.TypeSend:
		notification = schemas.SendEvent{Kind: kind, Mail: mail}
	}
	body, err := schemas.Marshal(notification)
	if err != nil {
		return nil, fmt.Errorf("processor: writing the notification %s: %w", id, err)
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
		if recipient.RemoteIP != first.RemoteIP {
			bounce.RemoteMtaIP = "" // it would be right for some only
		}
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

// mail is the mail as it was registered, without its header.
func (w notificationWriter) mail(recipients []MatchedRecipient) schemas.Mail {
	sent := w.match.Mail
	mail := schemas.Mail{Timestamp: schemas.Time{Time: sent.Sent}, Source: sent.Source, SourceIP: sent.SourceIP, CallerIdentity: sent.CallerIdentity,
		SendingAccountID: sent.Account, MessageID: sent.MessageID, Destination: fitting(w.settings.Style.Destination.of(sent.Destination, recipients))}
	if identity := w.settings.Identity; identity.Identity != "" {
		mail.SourceArn = fmt.Sprintf("arn:aws:ses:%s:%s:identity/%s", w.settings.Region, sent.Account, identity.Identity)
	}
	return mail
}

// of is the destination that a notification about some recipients shows. By default it starts with them: several consumers look at
// the first one only.
func (d Destination) of(destinations []string, about []MatchedRecipient) []string {
	if d == AllRecipients || len(about) == 0 {
		return destinations
	}
	var first []string
	for _, recipient := range about {
		as := recipient.SentTo
		for _, destination := range destinations {
			if address.Equal(bare(destination), recipient.SentTo) {
				as = destination
				break
			}
		}
		first = append(first, as)
	}
	if d == RecipientOnly {
		return first
	}
	for _, destination := range destinations {
		if !slices.Contains(first, destination) {
			first = append(first, destination)
		}
	}
	return first
}

// maxDestination is how much of mail.destination is shown, in bytes: a mail may have more recipients than fit into a message of SNS.
const maxDestination = 64 << 10

// fitting is as many of the destinations as may be shown.
func fitting(destinations []string) []string {
	size := 0
	for i, destination := range destinations {
		if size += len(destination); size > maxDestination && i > 0 {
			return destinations[:i]
		}
	}
	return destinations
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
