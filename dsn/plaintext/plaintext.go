package plaintext

import (
	"errors"
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// ErrNotBounce is returned for a mail that is no bounce, or one that names no
// recipient.
var ErrNotBounce = errors.New("plaintext: not a bounce")

// The bounds of a Bounce.
const (
	// maxReport bounds the text that is looked at. Longer reports exist only with
	// the returned mail in them.
	maxReport = 16 << 10
	// maxRecipients bounds the recipients of one mail.
	maxRecipients = 200
	// maxDiagnostic bounds the reason for one recipient.
	maxDiagnostic = 2 << 10
)

// Bounce is what a bounce for people says.
type Bounce struct {
	// Format names the mail system or the way of writing: "qmail", "exim", "dma";
	// "text" for the many others.
	Format string
	// ReportingMTA is the host that names itself in the text, "" when none does.
	ReportingMTA string
	// Recipients are the recipients that the text is about, at least one, in its
	// order.
	Recipients []Recipient
	// Returned is the header of the returned mail, nil when it is not there.
	Returned report.Header
}

// Recipient is one recipient of a Bounce.
type Recipient struct {
	// Address is the bare address.
	Address string
	// Status is the enhanced status code that stands in Diagnostic, "" when none
	// does. The report itself states no status: use it to classify, no more.
	Status string
	// Diagnostic is what is said about the recipient: one line, at most 2 KiB. It
	// holds the whole report when nothing in it belongs to the recipient alone.
	Diagnostic string
	// Delayed says that the mail is still being tried.
	Delayed bool
	// Delivered says that the mail arrived, or was handed on to a list or to a
	// server that reports no more.
	Delivered bool
}

// Parse reads the bounce in m. It returns ErrNotBounce when there is none.
func Parse(m *report.Message) (*Bounce, error) {
	named := withNames(m)
	for _, read := range readers {
		if b := read(named); b != nil {
			return b, nil
		}
	}
	return nil, ErrNotBounce
}

// mail is a message with its subject and its From field in lower case.
type mail struct {
	*report.Message
	subject, from string
}

func withNames(m *report.Message) mail {
	return mail{m, lowerText(m.Header.Text("Subject")), lowerText(m.Header.Text("From"))}
}

// readers are asked in this order; nil means that it is something else.
var readers = [...]func(mail) *Bounce{readRejection, readNotification, readReturnReceipt, readForwarded, readReport, readWrapped}

// readForwarded reads a bounce that a mail system forwarded: what stands in its
// text is a mail of its own, and not the returned one.
func readForwarded(m mail) *Bounce {
	if !isForwarded(m.subject) {
		return nil
	}
	return readWrapped(m)
}

// readReport is the general reader.
func readReport(m mail) *Bounce {
	if isReceipt(m) || !looksLikeBounce(m) {
		return nil
	}
	d := open(m)
	defer d.close()
	if !d.isBounce() {
		return nil
	}
	recipients := d.recipients()
	if len(recipients) == 0 {
		return nil
	}
	return &Bounce{Format: d.format(), ReportingMTA: d.reportingMTA(), Recipients: recipients, Returned: d.returned}
}

// readWrapped reads a bounce inside another mail's text: one that a person
// forwarded without a word about it, or that a mail system wrapped.
func readWrapped(m mail) *Bounce {
	system := systemNames.in(m.from) || strings.Contains(m.from, "listserv")
	if !system && !isForwarded(m.subject) {
		return nil
	}
	wrapped, remark := inner(m.Text)
	if wrapped == nil || !system && isRemark(remark) {
		return nil
	}
	return readReport(withNames(wrapped))
}
