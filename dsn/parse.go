package dsn

import (
	"slices"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/dsn/status"
)

// maxProblems bounds Report.Problems.
const maxProblems = 20

// Parse reads the delivery-status parts of a mail. It returns ErrNotReport when
// there is none, or none that tells about the message or about a recipient with
// a mail address. A report without Recipients and without an error is possible:
// QUIRK(sendmail): it reports an expanded alias without a recipient group.
// testdata/recordings/sendmail/expanded.nodsn.eml
func Parse(m *report.Message) (*Report, error) {
	if !slices.ContainsFunc(m.Machine, isStatus) {
		return nil, ErrNotReport
	}
	p := parser{r: &Report{}, header: m.Header}
	for _, part := range m.Machine {
		if !isStatus(part) {
			continue
		}
		for _, group := range part.Groups {
			p.group(group)
		}
		p.current = nil
	}
	p.settleAddresses(m)
	p.r.Recipients = merge(p.r.Recipients)
	if len(p.r.Recipients) == 0 && p.r.ReportingMTA == (TypedName{}) {
		return nil, ErrNotReport
	}
	return p.r, nil
}

func isStatus(part report.Part) bool { return strings.HasSuffix(part.MediaType, "delivery-status") }

// parser collects the fields of a report.
type parser struct {
	r *Report
	// current is the recipient that the fields are about, nil before the first.
	current *Recipient
	// header is that of the mail, and exim says that Exim wrote it, once asked.
	header      report.Header
	exim, asked bool
}

// group takes a group of fields. RFC 3464 section 2.1 has one for the message
// and one for each recipient; fields tell for themselves which one they are of,
// because some leave out the blank lines between, and some put in more of them.
func (p *parser) group(group report.Header) {
	named, told := false, false
	var room [16]field
	kinds := room[:0]
	for i := range group {
		kind := fieldOf(group[i].Name)
		kinds = append(kinds, kind)
		switch kind {
		case finalRecipient, originalRecipient:
			named = true
		case action, statusCode:
			told = true
		}
	}
	// A group that names no recipient goes on about the one before, if that was
	// told nothing so far, and is about nobody otherwise.
	if named || told && (p.current == nil || p.current.told()) {
		p.current = nil
	}
	about := p.current != nil
	for i, f := range group {
		kind := kinds[i]
		switch {
		case kind.isRecipient():
			if p.current == nil || about && p.current.has(kind) {
				p.next()
			}
			about = true
			p.recipientField(kind, f)
		case kind != extension:
			p.messageField(kind, f)
		case about:
			p.current.Extensions = append(p.current.Extensions, f)
		default:
			p.r.Extensions = append(p.r.Extensions, f)
		}
	}
}

// next begins a recipient.
func (p *parser) next() {
	p.r.Recipients = append(p.r.Recipients, Recipient{})
	p.current = &p.r.Recipients[len(p.r.Recipients)-1]
}

// told reports whether the report said what became of the recipient.
func (r *Recipient) told() bool { return r.ActionText != "" || r.Status != "" }

// has reports whether a field that a recipient has once, and that a group may
// begin with, is there already.
func (r *Recipient) has(kind field) bool {
	switch kind {
	case originalRecipient:
		return r.OriginalRecipient.Address != ""
	case finalRecipient:
		return r.FinalRecipient.Address != ""
	case action:
		return r.ActionText != ""
	}
	return false
}

// messageField takes a field about the message; the first one counts.
func (p *parser) messageField(kind field, f report.Field) {
	r := p.r
	switch kind {
	case originalEnvelopeID:
		setOnce(&r.OriginalEnvelopeID, p.xtext(clean(f.Value)))
	case reportingMTA:
		setName(&r.ReportingMTA, f.Value)
	case dsnGateway:
		setName(&r.DSNGateway, f.Value)
	case receivedFromMTA:
		setName(&r.ReceivedFromMTA, f.Value)
	case arrivalDate:
		p.setDate(&r.ArrivalDate, f)
	}
}

// recipientField takes a field about the current recipient; the first one counts.
func (p *parser) recipientField(kind field, f report.Field) {
	r := p.current
	switch kind {
	case originalRecipient:
		r.OriginalRecipient = parseAddress(f.Value)
	case finalRecipient:
		r.FinalRecipient = parseAddress(f.Value)
	case action:
		if r.ActionText == "" {
			// QUIRK(sendmail): Action carries a comment.
			// testdata/recordings/sendmail/relayed.relayed.eml
			r.ActionText = clean(report.WithoutComments(f.Value))
			r.Action = actionOf(r.ActionText)
		}
	case statusCode:
		if r.Status == "" {
			r.Status, r.Code = parseStatus(f.Value)
		}
	case remoteMTA:
		setName(&r.RemoteMTA, f.Value)
	case diagnosticCode:
		if r.DiagnosticCode == "" {
			r.DiagnosticCode = clean(f.Value)
			r.DiagnosticType, r.DiagnosticText = splitTyped(r.DiagnosticCode)
		}
	case lastAttemptDate:
		p.setDate(&r.LastAttemptDate, f)
	case finalLogID:
		setOnce(&r.FinalLogID, clean(f.Value))
	case willRetryUntil:
		p.setDate(&r.WillRetryUntil, f)
	}
}

// actionOf reads an action, and two words that are sent in place of one.
func actionOf(text string) Action {
	switch a := Action(strings.ToLower(text)); a {
	case Failed, Delayed, Delivered, Relayed, Expanded:
		return a
	case "deliverable": // sendmail -bv asks whether a mail could be delivered
		return Delivered
	case "expired", "failure":
		return Failed
	}
	return ""
}

// parseStatus returns the status as sent, without what follows the code.
func parseStatus(value string) (string, status.Code) {
	text := clean(report.WithoutComments(value))
	code, ok := status.Parse(text)
	if !ok {
		return text, status.Code{}
	}
	return code.String(), code
}

func setOnce(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func setName(field *TypedName, value string) {
	if *field == (TypedName{}) {
		*field = parseName(value)
	}
}

func (p *parser) setDate(field *time.Time, f report.Field) {
	if !field.IsZero() || f.Value == "" {
		return
	}
	date, err := report.ParseDate(f.Value)
	if err != nil {
		p.note(f, err)
		return
	}
	*field = date
}

func (p *parser) note(f report.Field, err error) {
	if len(p.r.Problems) < maxProblems {
		p.r.Problems = append(p.r.Problems, report.Problem{Field: f.Name, Value: f.Value, Err: err})
	}
}
