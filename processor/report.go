package processor

import (
	"strings"
	"time"
	valid "unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor/classify"
)

// Kind says what sort of mail a report is. Its values are what `rebound parse` prints.
type Kind string

// The kinds of mail. A delay is a report whose recipients are all delayed, a delivery one whose recipients were all delivered, relayed
// or expanded; a mail that is no feedback is none; one that cannot be read is an error.
const (
	KindBounce    Kind = "bounce"
	KindDelay     Kind = "delay"
	KindDelivery  Kind = "delivery"
	KindComplaint Kind = "complaint"
	KindAutoReply Kind = "autoreply"
	KindNone      Kind = "none"
	KindError     Kind = "error"
)

// Outcome says what became of the mail for one recipient.
type Outcome string

// The outcomes. Failed is final; delayed is still in somebody's queue.
const (
	OutcomeFailed    Outcome = "failed"
	OutcomeDelayed   Outcome = "delayed"
	OutcomeDelivered Outcome = "delivered"
)

// Report is what one mail says, whichever format it is written in.
type Report struct {
	Kind         Kind
	Format       string // the reader: rfc3464, rfc5965, rfc3834 or a plain-text format's name
	Err          error  // for KindError: why the mail cannot be read
	Header       report.Header
	Date         time.Time // of the report itself; zero when it has none
	ReportingMTA string    // as the report has it, "dns; mx.example.org"
	Recipients   []Recipient
	Complaint    *Complaint
	Returned     report.Header // of the mail that the report is about
	MessageIDs   []string      // under which that mail may be known, the surest first
	Problems     []report.Problem
	digest       []byte // of what the report says, for its feedback id
}

// Recipient is one address of a report. Action, Status and DiagnosticCode are the report's own fields, unchanged.
type Recipient struct {
	Address        string
	Original       string // Original-Recipient, when it is another address
	Action         string
	Status         string
	DiagnosticCode string
	RemoteMTA      string // host name
	RemoteIP       string
	LastAttempt    time.Time
	WillRetryUntil time.Time // when a delayed mail is given up; zero when the report does not tell
	Outcome        Outcome
	Cause          classify.Result
}

// Complaint is what a feedback report has beside its recipients.
type Complaint struct {
	FeedbackType   string // abuse, fraud, not-spam … as RFC 5965 and 6591 name them
	UserAgent      string
	ArrivalDate    time.Time
	ReporterDomain string // of the mailbox provider, for redacted reports
	MailFrom       string // the return path that the mail was received with
}

// reasonAutoReply is the cause that an auto-reply carries through the bounce channel, as SES sends it (Transient/General).
const reasonAutoReply = "autoreply"

// utf8 makes text of a stranger fit for JSON.
func utf8(text string) string {
	if valid.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
