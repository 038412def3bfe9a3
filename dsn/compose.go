package dsn

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/dsn/status"
)

// Compose writes the report as a mail (RFC 3464 section 2), which Parse reads
// back equal. Addresses and names that are not ASCII make it an internationalized
// report (RFC 6533). AutoSubmitted of mail is "auto-replied" when it is empty
// (RFC 3834 section 5). It returns ErrIncomplete when the report lacks a field
// that RFC 3464 requires, or holds an Action or a Status that it does not know.
func (r *Report) Compose(w io.Writer, mail report.Mail) error {
	if mail.AutoSubmitted == "" {
		mail.AutoSubmitted = "auto-replied"
	}
	groups, err := r.groups()
	if err != nil {
		return err
	}
	if err := mail.Write(w, report.Part{MediaType: "message/delivery-status", Groups: groups}); err != nil {
		return fmt.Errorf("dsn: compose: %w", err)
	}
	return nil
}

func (r *Report) groups() ([]report.Header, error) {
	if r.ReportingMTA.Name == "" {
		return nil, fmt.Errorf("%w: no Reporting-MTA", ErrIncomplete)
	}
	if len(r.Recipients) == 0 {
		return nil, fmt.Errorf("%w: no recipient", ErrIncomplete)
	}
	var h report.Header
	add(&h, "Original-Envelope-Id", r.OriginalEnvelopeID)
	add(&h, "Reporting-MTA", dnsName(r.ReportingMTA))
	add(&h, "DSN-Gateway", dnsName(r.DSNGateway))
	add(&h, "Received-From-MTA", dnsName(r.ReceivedFromMTA))
	addDate(&h, "Arrival-Date", r.ArrivalDate)
	groups := []report.Header{append(h, r.Extensions...)}
	for i := range r.Recipients {
		group, err := r.Recipients[i].group()
		if err != nil {
			return nil, fmt.Errorf("%w: recipient %d: %w", ErrIncomplete, i+1, err)
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func (r *Recipient) group() (report.Header, error) {
	final := r.FinalRecipient
	if r.Address != "" && r.address() != r.Address {
		final = TypedAddress{Address: r.Address} // the report names it nowhere else
	}
	if final.Address == "" {
		return nil, errors.New("no final recipient")
	}
	if actionOf(string(r.Action)) != r.Action || r.Action == "" {
		return nil, fmt.Errorf("action %q is none of RFC 3464", r.Action)
	}
	if code, ok := status.Parse(r.Status); !ok || code.String() != r.Status {
		return nil, fmt.Errorf("status %q is none of RFC 3463", r.Status)
	}
	var h report.Header
	add(&h, "Original-Recipient", typedAddress(r.OriginalRecipient))
	add(&h, "Final-Recipient", typedAddress(final))
	add(&h, "Action", string(r.Action))
	add(&h, "Status", r.Status)
	add(&h, "Remote-MTA", dnsName(r.RemoteMTA))
	add(&h, "Diagnostic-Code", r.diagnostic())
	addDate(&h, "Last-Attempt-Date", r.LastAttemptDate)
	add(&h, "Final-Log-ID", r.FinalLogID)
	addDate(&h, "Will-Retry-Until", r.WillRetryUntil)
	return append(h, r.Extensions...), nil
}

func (r *Recipient) diagnostic() string {
	if r.DiagnosticCode != "" {
		return r.DiagnosticCode
	}
	return joinTyped(r.DiagnosticType, r.DiagnosticText)
}

func add(h *report.Header, name, value string) {
	if strings.TrimSpace(value) != "" {
		*h = append(*h, report.Field{Name: name, Value: value})
	}
}

func addDate(h *report.Header, name string, t time.Time) {
	if !t.IsZero() {
		add(h, name, t.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	}
}

// dnsName gives a name the type that nearly all have.
func dnsName(n TypedName) string {
	if n.Type == "" {
		n.Type = "dns"
	}
	return n.String()
}

// typedAddress gives an address its type when it has none: rfc822, or utf-8 for
// one that is not ASCII (RFC 6533 section 3).
func typedAddress(a TypedAddress) string {
	if a.Type == "" {
		a.Type = "rfc822"
		if strings.IndexFunc(a.Address, func(r rune) bool { return r >= 0x80 }) >= 0 {
			a.Type = "utf-8"
		}
	}
	if !address.IsAddress(a.Address) {
		a.Address = strings.Trim(a.Address, "<> ")
	}
	return a.String()
}
