package arf

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// Compose writes the report as a mail (RFC 5965 section 2), which Parse reads
// back equal. Version is "1" when it is empty, AutoSubmitted of mail
// "auto-generated"; mail.Returned is the header of the mail that the report is
// about, r.Returned when it is nil. It returns ErrIncomplete when FeedbackType,
// UserAgent or the returned header is missing.
func (r *Report) Compose(w io.Writer, mail report.Mail) error {
	if mail.AutoSubmitted == "" {
		mail.AutoSubmitted = "auto-generated"
	}
	if mail.Returned == nil {
		mail.Returned = r.Returned
	}
	switch {
	case r.FeedbackType == "":
		return fmt.Errorf("%w: no Feedback-Type", ErrIncomplete)
	case r.UserAgent == "":
		return fmt.Errorf("%w: no User-Agent", ErrIncomplete)
	case mail.Returned == nil:
		return fmt.Errorf("%w: no returned header", ErrIncomplete)
	}
	if err := mail.Write(w, report.Part{MediaType: "message/feedback-report", Groups: []report.Header{r.fields()}}); err != nil {
		return fmt.Errorf("arf: compose: %w", err)
	}
	return nil
}

// fields returns the fields in the order of RFC 5965 and RFC 6591.
func (r *Report) fields() report.Header {
	var h report.Header
	add := func(name string, values ...string) {
		for _, value := range values {
			if strings.TrimSpace(value) != "" {
				h = append(h, report.Field{Name: name, Value: value})
			}
		}
	}
	add("Feedback-Type", string(r.FeedbackType))
	add("User-Agent", r.UserAgent)
	add("Version", orOne(r.Version))
	add("Original-Envelope-Id", r.OriginalEnvelopeID)
	add("Original-Mail-From", bracketed(r.OriginalMailFrom))
	for _, spec := range r.OriginalRcptTo {
		add("Original-Rcpt-To", bracketed(spec))
	}
	if !r.ArrivalDate.IsZero() {
		add("Arrival-Date", r.ArrivalDate.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	}
	add("Reporting-MTA", r.ReportingMTA)
	if r.SourceIP.IsValid() {
		add("Source-IP", r.SourceIP.String())
	}
	if r.SourcePort > 0 {
		add("Source-Port", strconv.Itoa(r.SourcePort))
	}
	if r.Incidents > 1 {
		add("Incidents", strconv.Itoa(r.Incidents))
	}
	add("Reported-Domain", r.ReportedDomain...)
	add("Reported-URI", r.ReportedURI...)
	add("Authentication-Results", r.AuthenticationResults...)
	add("Auth-Failure", r.AuthFailure)
	add("Delivery-Result", r.DeliveryResult)
	add("Identity-Alignment", r.IdentityAlignment)
	add("DKIM-Domain", r.DKIM.Domain)
	add("DKIM-Identity", r.DKIM.Identity)
	add("DKIM-Selector", r.DKIM.Selector)
	add("DKIM-Canonicalized-Header", r.DKIM.CanonicalizedHeader)
	add("DKIM-Canonicalized-Body", r.DKIM.CanonicalizedBody)
	add("DKIM-ADSP-DNS", r.DKIM.ADSPDNS)
	add("DKIM-Selector-DNS", r.DKIM.SelectorDNS)
	add("SPF-DNS", r.SPFDNS...)
	return append(h, r.Extensions...)
}

func bracketed(spec string) string {
	if spec == "" {
		return ""
	}
	return "<" + spec + ">"
}

func orOne(version string) string {
	if version == "" {
		return "1"
	}
	return version
}
