package dsn

import (
	"time"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/dsn/status"
)

// Report is a delivery status notification. Its first fields are those of the
// message as a whole (RFC 3464 section 2.2).
type Report struct {
	// OriginalEnvelopeID is the ENVID that the sender gave (section 2.2.1).
	OriginalEnvelopeID string
	// ReportingMTA is the host that attempted the delivery (section 2.2.2).
	ReportingMTA TypedName
	// DSNGateway is the host that translated a foreign report (section 2.2.3).
	DSNGateway TypedName
	// ReceivedFromMTA is the host that the message came from (section 2.2.4).
	ReceivedFromMTA TypedName
	// ArrivalDate is when the message reached the reporting host (section 2.2.5),
	// in UTC; zero when it is missing or cannot be read.
	ArrivalDate time.Time
	// Recipients are in the order of the report, without repetitions.
	Recipients []Recipient
	// Extensions are the other fields about the message (section 2.2.6).
	Extensions []report.Field
	// Problems lists what was odd in the fields.
	Problems []report.Problem
}

// Recipient is what a report says about one recipient (RFC 3464 section 2.3).
type Recipient struct {
	// OriginalRecipient is the address that the sender gave (section 2.3.1).
	OriginalRecipient TypedAddress
	// FinalRecipient is the address that the reporting host tried (section 2.3.2).
	FinalRecipient TypedAddress
	// Address is the bare mail address that is meant: that of FinalRecipient, or
	// of OriginalRecipient when the other is none. It is never empty.
	Address string
	// Action is what was done (section 2.3.3), "" when it is missing or unknown.
	Action Action
	// ActionText is Action as it was sent, without its comment.
	ActionText string
	// Status is the status as it was sent, without its comment: "5.1.1" (section 2.3.4).
	Status string
	// Code is Status read as RFC 3463 has it, the zero Code when it is none.
	Code status.Code
	// RemoteMTA is the host that refused or took the message (section 2.3.5).
	RemoteMTA TypedName
	// DiagnosticCode is the whole field, "smtp; 550 5.1.1 no such user" (section
	// 2.3.6), in UTF-8, folds and runs of blanks turned into one blank.
	DiagnosticCode string
	// DiagnosticType and DiagnosticText are the two parts of DiagnosticCode. The
	// type is "" when the field names none.
	DiagnosticType, DiagnosticText string
	// LastAttemptDate is when it was tried last (section 2.3.7), in UTC.
	LastAttemptDate time.Time
	// FinalLogID is what the reporting host calls the attempt (section 2.3.8).
	FinalLogID string
	// WillRetryUntil is when a delayed message is given up (section 2.3.9), in UTC.
	WillRetryUntil time.Time
	// Extensions are the other fields about the recipient (section 2.3.10).
	Extensions []report.Field
}

// Action is what the reporting host did (RFC 3464 section 2.3.3).
type Action string

// The actions of RFC 3464 section 2.3.3.
const (
	Failed    Action = "failed"
	Delayed   Action = "delayed"
	Delivered Action = "delivered"
	Relayed   Action = "relayed"
	Expanded  Action = "expanded"
)

// TypedName is the name of a host with the type of the name (RFC 3464 section
// 2.1.2): "dns; mx.example.net".
type TypedName struct {
	// Type is as it was sent, "" when the field names none.
	Type string
	Name string
}

// String returns the field value: "dns; mx.example.net", without a type the
// name alone.
func (n TypedName) String() string { return joinTyped(n.Type, n.Name) }

// TypedAddress is an address with the type of the address (RFC 3464 section
// 2.1.2): "rfc822; jane@example.net".
type TypedAddress struct {
	// Type is as it was sent, "" when the field names none.
	Type string
	// Address is decoded (RFC 6533 section 3), without comments and brackets. It
	// need not be a mail address.
	Address string
}

// String returns the field value: "rfc822; jane@example.net", without a type
// the address alone.
func (a TypedAddress) String() string { return joinTyped(a.Type, a.Address) }

func joinTyped(kind, value string) string {
	if kind == "" || value == "" {
		return value
	}
	return kind + "; " + value
}
