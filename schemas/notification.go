package schemas

import (
	"bytes"
	"encoding/json"
)

// NotificationType is the value of notificationType and of eventType, which tell what SES notifies of.
type NotificationType string

// The notification types of SES. Topics of identities get the first three, event destinations all.
const (
	TypeBounce        NotificationType = "Bounce"
	TypeComplaint     NotificationType = "Complaint"
	TypeDelivery      NotificationType = "Delivery"
	TypeSend          NotificationType = "Send"
	TypeDeliveryDelay NotificationType = "DeliveryDelay"
)

// Kind heads every notification: one for the topic of an identity has a NotificationType, an event an EventType.
type Kind struct {
	NotificationType NotificationType `json:"notificationType,omitempty"`
	EventType        NotificationType `json:"eventType,omitempty"`
}

// BounceNotification is what a topic gets for a bounce. The fields stand in AWS's order in this and all types below.
type BounceNotification struct {
	Kind
	Bounce Bounce `json:"bounce"`
	Mail   Mail   `json:"mail"`
}

// ComplaintNotification is what a topic gets for a complaint.
type ComplaintNotification struct {
	Kind
	Complaint Complaint `json:"complaint"`
	Mail      Mail      `json:"mail"`
}

// DeliveryNotification is what a topic gets when the remote server took a mail.
type DeliveryNotification struct {
	Kind
	Mail     Mail     `json:"mail"`
	Delivery Delivery `json:"delivery"`
}

// Bounce tells why a mail did not arrive. BounceType is Permanent, Transient or Undetermined.
type Bounce struct {
	FeedbackID        string             `json:"feedbackId"`
	BounceType        string             `json:"bounceType"`
	BounceSubType     string             `json:"bounceSubType"`
	BouncedRecipients []BouncedRecipient `json:"bouncedRecipients"`      // at least one
	Timestamp         Time               `json:"timestamp"`              // when the reporter sent the bounce, not when it came in
	RemoteMtaIP       string             `json:"remoteMtaIp,omitempty"`  // absent when no server was reached or the report does not tell
	ReportingMTA      string             `json:"reportingMTA,omitempty"` // the DSN's Reporting-MTA, as sent; absent without a DSN
}

// BouncedRecipient is one address of a bounce. Action, Status and DiagnosticCode are the DSN's own fields, unchanged; they are absent
// when the bounce has no DSN part.
type BouncedRecipient struct {
	EmailAddress   string `json:"emailAddress"`
	Action         string `json:"action,omitempty"`
	Status         string `json:"status,omitempty"`
	DiagnosticCode string `json:"diagnosticCode,omitempty"`
}

// Complaint tells that a recipient called a mail unwanted.
type Complaint struct {
	FeedbackID            string                `json:"feedbackId"`
	ComplaintSubType      *string               `json:"complaintSubType"`                // null but for OnAccountSuppressionList
	ComplainedRecipients  []ComplainedRecipient `json:"complainedRecipients"`            // who may have complained; at least one
	Timestamp             Time                  `json:"timestamp"`                       // when the reporter sent the complaint
	UserAgent             string                `json:"userAgent,omitempty"`             // absent without a feedback report
	ComplaintFeedbackType string                `json:"complaintFeedbackType,omitempty"` // abuse, auth-failure, fraud, not-spam, other, virus
	ArrivalDate           Time                  `json:"arrivalDate,omitzero"`            // absent when the report has none
}

// ComplainedRecipient is one address of a complaint.
type ComplainedRecipient struct {
	EmailAddress string `json:"emailAddress"`
}

// Delivery tells that the remote server took the mail.
type Delivery struct {
	Timestamp            Time     `json:"timestamp"`            // the hand-over to the remote server
	ProcessingTimeMillis int64    `json:"processingTimeMillis"` // from the acceptance of the mail to its hand-over; 0 when unknown
	Recipients           []string `json:"recipients"`
	SMTPResponse         string   `json:"smtpResponse"`
	RemoteMtaIP          string   `json:"remoteMtaIp,omitempty"` // absent when the report does not tell
	ReportingMTA         string   `json:"reportingMTA"`          // host name only
}

// Mail is the mail that a notification is about.
type Mail struct {
	Timestamp        Time                `json:"timestamp"` // when the mail was sent
	Source           string              `json:"source"`    // envelope MAIL FROM
	SourceArn        string              `json:"sourceArn,omitempty"`
	SourceIP         string              `json:"sourceIp,omitempty"`       // absent when it was not registered, and in events
	CallerIdentity   string              `json:"callerIdentity,omitempty"` // absent when it was not registered, and in events
	SendingAccountID string              `json:"sendingAccountId,omitempty"`
	MessageID        string              `json:"messageId"`
	Destination      []string            `json:"destination"`                // recipients of the mail
	HeadersTruncated *bool               `json:"headersTruncated,omitempty"` // these three are absent without headers; events always have them
	Headers          []Header            `json:"headers,omitzero"`
	CommonHeaders    *CommonHeaders      `json:"commonHeaders,omitempty"`
	Tags             map[string][]string `json:"tags,omitzero"` // in events, and only there
}

// Header is one header field of a mail, its name as sent and its value unfolded.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// CommonHeaders are the fields that most consumers look for; each is absent when the mail has none.
type CommonHeaders struct {
	ReturnPath string   `json:"returnPath,omitempty"`
	From       []string `json:"from,omitempty"`
	Date       string   `json:"date,omitempty"`
	To         []string `json:"to,omitempty"`
	Cc         []string `json:"cc,omitempty"`
	Bcc        []string `json:"bcc,omitempty"`
	Sender     string   `json:"sender,omitempty"`
	ReplyTo    []string `json:"replyTo,omitempty"`
	MessageID  string   `json:"messageId,omitempty"`
	Subject    string   `json:"subject,omitempty"`
}

// Marshal writes v as AWS does: compact, and with <, > and & unescaped.
func Marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
