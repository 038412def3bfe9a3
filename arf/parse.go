package arf

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
)

// The bounds of what is kept of one report.
const (
	// maxProblems bounds Report.Problems.
	maxProblems = 20
	// maxRecipients bounds Report.OriginalRcptTo and Report.Recipients: SMTP
	// servers must take 100 recipients a mail (RFC 5321 section 4.5.3.1.8).
	maxRecipients = 100
	// maxWord bounds a keyword; the longest that IANA knows has 12 bytes.
	maxWord = 64
)

// Parse reads the feedback-report part of a mail, or a complaint in one of the
// forms that are sent in place of it: of Microsoft and Apple, XARF, and feedback
// reports that lost their structure. It returns ErrNotReport when it finds none.
func Parse(m *report.Message) (*Report, error) {
	for _, part := range m.Machine {
		if part.MediaType != "message/feedback-report" {
			continue
		}
		r := &Report{Incidents: 1, Returned: m.Returned}
		known := false
		for _, group := range part.Groups {
			for _, f := range group {
				known = r.field(f) || known
			}
		}
		if known {
			return r, nil
		}
	}
	if m.ReportType == "delivery-status" && len(m.Machine) > 0 {
		return nil, ErrNotReport // whatever its text quotes
	}
	for _, parse := range [...]func(*report.Message) *Report{parseMicrosoft, parseApple, parseXARF, parseInline, parseForm} {
		if r := parse(m); r != nil {
			return r, nil
		}
	}
	return nil, ErrNotReport
}

// field takes a field of the report and reports whether it is one of RFC 5965.
func (r *Report) field(f report.Field) bool {
	value := report.Text(f.Value)
	switch strings.ToLower(f.Name) {
	case "feedback-type":
		setOnce((*string)(&r.FeedbackType), word(value))
	case "user-agent":
		setOnce(&r.UserAgent, value)
	case "version":
		setOnce(&r.Version, report.WithoutComments(value))
	case "original-envelope-id":
		setOnce(&r.OriginalEnvelopeID, value)
	case "original-mail-from":
		r.mailFrom(f)
	case "original-rcpt-to":
		r.rcptTo(f)
	case "arrival-date", "received-date":
		r.date(f)
	case "reporting-mta":
		setOnce(&r.ReportingMTA, report.WithoutComments(value))
	case "source-ip":
		r.sourceIP(f)
	case "source-port":
		r.number(f, &r.SourcePort, 0, 65535)
	case "incidents":
		r.number(f, &r.Incidents, 1, 1<<31-1)
	case "reported-domain":
		r.ReportedDomain = append(r.ReportedDomain, report.WithoutComments(value))
	case "reported-uri":
		r.ReportedURI = append(r.ReportedURI, value)
	case "authentication-results":
		r.AuthenticationResults = append(r.AuthenticationResults, value)
	default:
		if !r.authField(f.Name, value) {
			r.Extensions = append(r.Extensions, f)
			return false
		}
	}
	return true
}

// authField takes a field of RFC 6591 or RFC 7489.
func (r *Report) authField(name, value string) bool {
	switch strings.ToLower(name) {
	case "auth-failure":
		setOnce(&r.AuthFailure, word(value))
	case "delivery-result":
		setOnce(&r.DeliveryResult, word(value))
	case "identity-alignment":
		setOnce(&r.IdentityAlignment, value)
	case "dkim-domain":
		setOnce(&r.DKIM.Domain, value)
	case "dkim-identity":
		setOnce(&r.DKIM.Identity, value)
	case "dkim-selector":
		setOnce(&r.DKIM.Selector, value)
	case "dkim-canonicalized-header":
		setOnce(&r.DKIM.CanonicalizedHeader, value)
	case "dkim-canonicalized-body":
		setOnce(&r.DKIM.CanonicalizedBody, value)
	case "dkim-adsp-dns":
		setOnce(&r.DKIM.ADSPDNS, value)
	case "dkim-selector-dns":
		setOnce(&r.DKIM.SelectorDNS, value)
	case "spf-dns":
		r.SPFDNS = append(r.SPFDNS, value)
	default:
		return false
	}
	return true
}

func (r *Report) mailFrom(f report.Field) {
	if r.OriginalMailFrom != "" || strings.Trim(f.Value, "<> ") == "" {
		return
	}
	spec, ok := bare(f.Value)
	if !ok {
		r.note(f, ErrField)
		return
	}
	r.OriginalMailFrom = spec
}

func (r *Report) rcptTo(f report.Field) {
	specs := addresses(f.Value)
	if len(specs) == 0 {
		r.note(f, ErrField)
	}
	for _, spec := range specs {
		r.OriginalRcptTo = appendNew(r.OriginalRcptTo, spec)
	}
}

func (r *Report) date(f report.Field) {
	// Received-Date was the name in the drafts of RFC 5965.
	if !r.ArrivalDate.IsZero() && strings.EqualFold(f.Name, "Received-Date") {
		return
	}
	date, err := report.ParseDate(f.Value)
	if err != nil {
		r.note(f, err)
		return
	}
	r.ArrivalDate = date
}

// sourceIP takes an address in the forms that are sent.
// QUIRK(opendmarc): a comment with the host's name stands behind it.
// testdata/recordings/opendmarc/auth-failure.eml
func (r *Report) sourceIP(f report.Field) {
	text := strings.Trim(report.WithoutComments(f.Value), "[]")
	if len(text) > 5 && strings.EqualFold(text[:5], "IPv6:") {
		text = text[5:]
	}
	ip, err := netip.ParseAddr(text)
	if err != nil {
		r.note(f, ErrField)
		return
	}
	r.SourceIP = ip.Unmap().WithZone("")
}

func (r *Report) number(f report.Field, field *int, low, high int) {
	n, err := strconv.Atoi(report.WithoutComments(f.Value))
	if err != nil || n < low || n > high {
		r.note(f, ErrField)
		return
	}
	*field = n
}

func (r *Report) note(f report.Field, err error) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, report.Problem{Field: f.Name, Value: f.Value, Err: err})
	}
}

// word returns the first word of a value in lower case.
func word(value string) string {
	value, _, _ = strings.Cut(report.WithoutComments(value), ";")
	if fields := strings.Fields(value); len(fields) > 0 {
		keyword := strings.ToLower(fields[0])
		return strings.ToValidUTF8(keyword[:min(len(keyword), maxWord)], "")
	}
	return ""
}

func setOnce(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// bare returns the address in a value such as "<jane@example.net>" or
// "rfc822; jane@example.net".
func bare(value string) (string, bool) {
	value = report.Text(value)
	if spec, err := address.Parse(value); err == nil {
		return spec, true
	}
	if _, rest, ok := strings.Cut(value, ";"); ok {
		if spec, err := address.Parse(rest); err == nil {
			return spec, true
		}
	}
	return "", false
}
