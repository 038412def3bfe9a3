package simulator

import (
	"io"
	"slices"

	"github.com/rebound-mail/rebound/dsn"
)

// outcome is what becomes of the recipients of a scenario.
type outcome struct {
	action        dsn.Action
	status        string
	diagnostic    string
	reportingMTA  string // "" is the simulator's own host
	subject, text string
}

var (
	delivered = outcome{
		action: dsn.Delivered, status: "2.0.0", diagnostic: "smtp; 250 2.0.0 OK",
		subject: "Delivery Status Notification (Success)",
		text:    "Your message was delivered to the following recipients:",
	}
	refused = outcome{
		action: dsn.Failed, status: "5.1.1", diagnostic: "smtp; 550 5.1.1 user unknown",
		subject: "Delivery Status Notification (Failure)",
		text:    "An error occurred while trying to deliver your message to the following recipients:",
	}
	// suppressed has no type in its Diagnostic-Code, and Amazon's words, because notifications carry both to programs that look for them.
	suppressed = outcome{
		action: dsn.Failed, status: "5.1.1", reportingMTA: "amazonses.com",
		diagnostic: "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address.",
		subject:    "Delivery Status Notification (Failure)",
		text:       "Your message was not sent to the following recipients, because they are on the suppression list:",
	}
)

// group is the recipients that one report is about: bounces of one mail are gathered, as SES does.
type group struct {
	outcome    outcome
	listed     bool // unknown addresses are reported apart: what follows from their report differs
	host       string
	recipients []string
}

// grouped puts the recipients into groups, in the order of the first of each.
func grouped(recipients []recipient) (groups []group) {
	for _, r := range recipients {
		o, listed := r.scenario.outcome(), r.scenario == Unknown
		i := slices.IndexFunc(groups, func(g group) bool { return g.outcome == o && g.listed == listed && g.host == r.host })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{outcome: o, listed: listed, host: r.host})
		}
		groups[i].recipients = append(groups[i].recipients, r.address)
	}
	return groups
}

func (s Scenario) outcome() outcome {
	switch s {
	case Success, OutOfOffice, Complaint:
		return delivered
	case SuppressionList:
		return suppressed
	default:
		return refused
	}
}

// write writes the report (RFC 3464).
func (g group) write(w io.Writer, a *answers) error {
	o := g.outcome
	r := dsn.Report{ReportingMTA: dsn.TypedName{Type: "dns", Name: g.host}, ArrivalDate: a.sent}
	if o.reportingMTA != "" {
		r.ReportingMTA.Name = o.reportingMTA
	}
	text := o.text + "\n\n"
	for _, addr := range g.recipients {
		to := dsn.Recipient{Address: addr, Action: o.action, Status: o.status, DiagnosticCode: o.diagnostic, LastAttemptDate: a.now}
		if o.reportingMTA == "" {
			to.RemoteMTA = r.ReportingMTA
		}
		r.Recipients = append(r.Recipients, to)
		text += "  " + addr + "\n"
	}
	return r.Compose(w, a.mail(g.host, "MAILER-DAEMON@"+g.host, o.subject, text))
}
