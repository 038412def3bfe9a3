package arf

import (
	"net/netip"
	"time"

	"github.com/rebound-mail/rebound/dsn/report"
)

// Report is a feedback report about one mail, or about several alike.
type Report struct {
	// FeedbackType says what the report is about (RFC 5965 section 3.1), in lower
	// case; "" when the report does not say.
	FeedbackType FeedbackType
	// UserAgent is the program that made the report, and Version the version of
	// the format, mostly "1" (section 3.1).
	UserAgent, Version string
	// OriginalEnvelopeID is the ENVID of the mail (section 3.2).
	OriginalEnvelopeID string
	// OriginalMailFrom is the bare return path of the mail, "" when it is missing
	// or was the null one (section 3.2).
	OriginalMailFrom string
	// OriginalRcptTo are the bare addresses that the mail went to (section 3.3).
	OriginalRcptTo []string
	// ArrivalDate is when the mail arrived (section 3.2), in UTC. It is read from
	// Received-Date when there is no Arrival-Date; zero when there is neither.
	ArrivalDate time.Time
	// ReportingMTA is the host that reports, as it was sent: "dns; mx.example.net",
	// or without the type.
	ReportingMTA string
	// SourceIP is where the mail came from (section 3.2), and SourcePort the port
	// there, 0 when it is missing (RFC 6692).
	SourceIP   netip.Addr
	SourcePort int
	// Incidents is the number of mails that the report stands for (section 3.2), 1
	// when it does not say.
	Incidents int
	// ReportedDomain and ReportedURI are what the report accuses (section 3.3).
	ReportedDomain, ReportedURI []string
	// AuthenticationResults are the values of that field (section 3.3, RFC 8601).
	AuthenticationResults []string
	// AuthFailure is what failed, in lower case: "adsp", "bodyhash", "revoked",
	// "signature", "spf" (RFC 6591 section 3.3) or "dmarc" (RFC 7489 section 7.3).
	AuthFailure string
	// DeliveryResult is what became of the mail, in lower case: "delivered",
	// "spam", "policy", "reject", "other" (RFC 6591 section 3.2.2).
	DeliveryResult string
	// IdentityAlignment names what was aligned (RFC 7489 section 7.3.1).
	IdentityAlignment string
	// DKIM is what an authentication failure report says about the signature.
	DKIM DKIM
	// SPFDNS are the SPF records that were used (RFC 6591 section 3.2.5).
	SPFDNS []string
	// Extensions are the fields that no RFC above defines, in order.
	Extensions []report.Field
	// Returned is the header of the mail that the report is about, nil when the
	// report does not hold it.
	Returned report.Header
	// Problems lists what was odd in the fields.
	Problems []report.Problem
}

// DKIM holds the DKIM fields of RFC 6591 section 3.2.4. Canonicalized header and
// body are base64, as they were sent.
type DKIM struct {
	Domain, Identity, Selector             string
	CanonicalizedHeader, CanonicalizedBody string
	ADSPDNS, SelectorDNS                   string
}

// FeedbackType is what a report is about. Types that IANA does not know are kept.
type FeedbackType string

// The registered types (RFC 5965 section 7.3, RFC 6430, RFC 6591).
const (
	Abuse FeedbackType = "abuse"
	Fraud FeedbackType = "fraud"
	Virus FeedbackType = "virus"
	Other FeedbackType = "other"
	// NotSpam says that a mail was taken for spam and is none (RFC 6430).
	NotSpam FeedbackType = "not-spam"
	// AuthFailure says that SPF, DKIM or DMARC failed; it is about the sender's
	// set-up or about a forger, and never about the wish of a recipient (RFC 6591).
	AuthFailure FeedbackType = "auth-failure"
	// OptOut asks to be removed from a list. Drafts of RFC 5965 had it.
	OptOut FeedbackType = "opt-out"
)
