package schemas

// EventSubject is the Subject of every event that is published to a topic.
const EventSubject = "Amazon SES Email Event Notification"

// SendEvent is what an event destination gets when a mail was accepted for sending.
type SendEvent struct {
	Kind
	Mail Mail     `json:"mail"`
	Send struct{} `json:"send"`
}

// DeliveryDelayEvent is what an event destination gets when a mail is late.
type DeliveryDelayEvent struct {
	Kind
	Mail          Mail          `json:"mail"`
	DeliveryDelay DeliveryDelay `json:"deliveryDelay"`
}

// DeliveryDelay tells why a mail has not arrived yet. DelayType is one of SES's: General, MailboxFull, SpamDetected,
// RecipientServerError, IPFailure, TransientCommunicationFailure, Undetermined.
type DeliveryDelay struct {
	Timestamp         Time               `json:"timestamp"` // when the reporter wrote of the delay
	DelayType         string             `json:"delayType"`
	ExpirationTime    Time               `json:"expirationTime,omitzero"` // when it is given up; absent when the report does not tell
	DelayedRecipients []DelayedRecipient `json:"delayedRecipients"`       // at least one
	ReportingMTA      string             `json:"reportingMTA,omitempty"`  // absent without a DSN
}

// DelayedRecipient is one address of a delay. Status and DiagnosticCode are the DSN's own fields; they are absent without a DSN.
type DelayedRecipient struct {
	EmailAddress   string `json:"emailAddress"`
	Status         string `json:"status,omitempty"`
	DiagnosticCode string `json:"diagnosticCode,omitempty"`
}
