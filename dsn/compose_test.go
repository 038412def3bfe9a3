package dsn

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/dsn/status"
)

var around = report.Mail{
	From: "MAILER-DAEMON@mx.example.net", To: "shop@example.org", Subject: "Undelivered", MessageID: "<1@mx.example.net>",
	Date: time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC), Text: "Sorry.", Returned: report.Header{{Name: "Subject", Value: "Hello"}},
}

// full is a report with all fields, hard ones among them.
func full() *Report {
	at := around.Date
	return &Report{
		OriginalEnvelopeID: "a+b=c", ReportingMTA: TypedName{"dns", "mx.example.net"}, DSNGateway: TypedName{"x-fax", "+49 30"},
		ReceivedFromMTA: TypedName{"dns", "app.example.org"}, ArrivalDate: at, Extensions: []report.Field{{Name: "X-Queue-ID", Value: "A1"}},
		Recipients: []Recipient{
			{
				OriginalRecipient: TypedAddress{"utf-8", "pélé@exämple.example"}, FinalRecipient: TypedAddress{"utf-8", "pélé@exämple.example"}, Address: "pélé@exämple.example",
				Action: Failed, ActionText: "failed", Status: "5.1.1", Code: status.Code{Class: 5, Subject: 1, Detail: 1}, RemoteMTA: TypedName{"dns", "mx2.example.net [192.0.2.1]"},
				DiagnosticCode: "smtp; 550 5.1.1 " + strings.Repeat("no such user; ", 20) + "sorry", DiagnosticType: "smtp", DiagnosticText: "550 5.1.1 " + strings.Repeat("no such user; ", 20) + "sorry",
				LastAttemptDate: at, FinalLogID: "log (1)", WillRetryUntil: at.Add(time.Hour), Extensions: []report.Field{{Name: "X-Tries", Value: "1"}},
			},
			{
				FinalRecipient: TypedAddress{"rfc822", `"jane; doe"@example.net`}, Address: `"jane; doe"@example.net`,
				Action: Relayed, ActionText: "relayed", Status: "2.0.0", Code: status.Code{Class: 2},
			},
		},
	}
}

func TestAReportWithEveryFieldIsReadBackEqual(t *testing.T) {
	var b bytes.Buffer
	if err := full().Compose(&b, around); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full(), parse(t, b.String())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.Contains(b.String(), "Auto-Submitted: auto-replied\r\n") || !strings.Contains(b.String(), "message/global-delivery-status") {
		t.Errorf("got\n%s", b.String())
	}
}

func TestAShortReportIsCompletedWhenItIsWritten(t *testing.T) {
	short := &Report{ReportingMTA: TypedName{Name: "mx.example.net"}, Recipients: []Recipient{
		{Address: "jane@example.net", Action: Failed, Status: "5.1.1", DiagnosticType: "smtp", DiagnosticText: "550 no"},
		{Address: "pélé@example.net", Action: Delayed, Status: "4.2.2"},
	}}
	var b bytes.Buffer
	if err := short.Compose(&b, around); err != nil {
		t.Fatal(err)
	}
	r := parse(t, b.String())
	if r.ReportingMTA.String() != "dns; mx.example.net" || r.Recipients[0].FinalRecipient.String() != "rfc822; jane@example.net" ||
		r.Recipients[0].DiagnosticCode != "smtp; 550 no" || r.Recipients[1].FinalRecipient.String() != "utf-8; pélé@example.net" {
		t.Errorf("got %+v", r)
	}
}

func TestAnIncompleteReportIsNotWritten(t *testing.T) {
	for name, spoil := range map[string]func(*Report){
		"no Reporting-MTA":  func(r *Report) { r.ReportingMTA = TypedName{} },
		"no recipient":      func(r *Report) { r.Recipients = nil },
		"no address":        func(r *Report) { r.Recipients[0] = Recipient{Action: Failed, Status: "5.1.1"} },
		"no action":         func(r *Report) { r.Recipients[0].Action = "" },
		"an unknown action": func(r *Report) { r.Recipients[1].Action = "vanished" },
		"no status":         func(r *Report) { r.Recipients[0].Status = "" },
		"an odd status":     func(r *Report) { r.Recipients[0].Status = "5.1.1 (no)" },
	} {
		r := full()
		spoil(r)
		var b bytes.Buffer
		if err := r.Compose(&b, around); !errors.Is(err, ErrIncomplete) || b.Len() > 0 {
			t.Errorf("%s: got %v and %d bytes, want ErrIncomplete", name, err, b.Len())
		}
	}
	if err := full().Compose(&bytes.Buffer{}, report.Mail{}); !errors.Is(err, report.ErrMail) {
		t.Errorf("without a mail: got %v, want report.ErrMail", err)
	}
}
