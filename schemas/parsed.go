package schemas

// Parsed is the line that `rebound parse` prints for a mail. Kind is bounce, delay, delivery, complaint, autoreply, none or error;
// Format names the reader (rfc3464, rfc5965, rfc3834 or a plain-text format's name). What is unknown is absent.
type Parsed struct {
	File                  string            `json:"file"`
	Kind                  string            `json:"kind"`
	Format                string            `json:"format,omitempty"`
	Error                 string            `json:"error,omitempty"` // a sentence; only for kind error
	BounceType            string            `json:"bounceType,omitempty"`
	BounceSubType         string            `json:"bounceSubType,omitempty"`
	ReportingMTA          string            `json:"reportingMTA,omitempty"`
	ComplaintFeedbackType string            `json:"complaintFeedbackType,omitempty"`
	UserAgent             string            `json:"userAgent,omitempty"`
	ArrivalDate           Time              `json:"arrivalDate,omitzero"`
	Timestamp             Time              `json:"timestamp,omitzero"`
	Recipients            []ParsedRecipient `json:"recipients,omitempty"`
	Original              *ParsedOriginal   `json:"original,omitempty"`
	Problems              []string          `json:"problems,omitempty"` // what was odd or over a bound and was left out
}

// ParsedRecipient is one recipient of a parsed report. Action, Status and DiagnosticCode are the report's own fields.
type ParsedRecipient struct {
	EmailAddress   string `json:"emailAddress"`
	Action         string `json:"action,omitempty"`
	Status         string `json:"status,omitempty"`
	SMTPReply      string `json:"smtpReply,omitempty"`
	DiagnosticCode string `json:"diagnosticCode,omitempty"`
	BounceType     string `json:"bounceType,omitempty"`
	BounceSubType  string `json:"bounceSubType,omitempty"`
	Scope          string `json:"scope,omitempty"` // recipient, content, sender, network or system
}

// ParsedOriginal is the returned mail, as far as the report carries it.
type ParsedOriginal struct {
	MessageID string `json:"messageId,omitempty"`
	From      string `json:"from,omitempty"`
	Subject   string `json:"subject,omitempty"`
}
