package simulator_test

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebound-mail/rebound/arf"
	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor/autoreply"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/simulator"
)

var (
	sent = time.Date(2026, 3, 1, 11, 59, 58, 0, time.UTC)
	now  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ours = &simulator.Simulator{Domain: "Mail.Example.org"}
)

const original = "Message-ID: <m1@example.org>\r\nFrom: News <news@example.org>\r\nTo: you@example.net\r\n" +
	"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Campaign: spring\r\n\r\nBody\r\n"

func TestAddressesAreRecognized(t *testing.T) {
	tests := []struct {
		addr      string
		want      simulator.Scenario
		simulated bool
	}{
		{"success@simulator.amazonses.com", simulator.Success, true},
		{"bounce@simulator.amazonses.com", simulator.Bounce, true},
		{"ooto@simulator.amazonses.com", simulator.OutOfOffice, true},
		{"complaint@simulator.amazonses.com", simulator.Complaint, true},
		{"suppressionlist@simulator.amazonses.com", simulator.SuppressionList, true},
		{"BOUNCE+Label=1@Simulator.AmazonSES.com", simulator.Bounce, true},
		{"success+a+b@simulator.mail.example.org", simulator.Success, true},
		{"nobody@simulator.amazonses.com", simulator.Unknown, false},
		{"bounces@simulator.mail.example.org", simulator.Unknown, false},
		{"unknown@simulator.amazonses.com", simulator.Unknown, false},
		{"bounce@amazonses.com", "", false},
		{"bounce@mail.example.org", "", false},
		{"bounce@simulator.example.org", "", false},
		{"bounce@simulator.", "", false},
		{"simulator.amazonses.com", "", false},
		{"", "", false},
	}
	for _, test := range tests {
		got, ok := ours.Recognizes(test.addr)
		if got != test.want || ok != (test.want != "") || ours.IsSimulated(test.addr) != test.simulated {
			t.Errorf("%s: got %q %v, simulated %v, want %q, simulated %v", test.addr, got, ok, ours.IsSimulated(test.addr), test.want, test.simulated)
		}
	}
	if _, ok := (&simulator.Simulator{}).Recognizes("bounce@simulator."); ok {
		t.Error("without a domain of ours an empty one is recognized")
	}
}

// respond returns the answers to a mail to those recipients, read, and checks what holds for all of them.
func respond(t *testing.T, to ...string) []*report.Message {
	t.Helper()
	answers, err := ours.Respond(bus.Mail{Raw: []byte(original), Received: sent, From: "bounces+tag@example.org", To: to}, now)
	if err != nil {
		t.Fatal(err)
	}
	var read []*report.Message
	var ids []string
	for _, answer := range answers {
		m, err := report.Read(bytes.NewReader(answer.Raw))
		if err != nil {
			t.Fatal(err)
		}
		answer.Raw = nil
		want := bus.Mail{Source: "simulator", To: []string{"bounces+tag@example.org"}, Received: now}
		if diff := cmp.Diff(want, answer); diff != "" {
			t.Errorf("envelope (-want +got):\n%s", diff)
		}
		if m.Header.Get("To") != "bounces+tag@example.org" || m.Header.Get("Date") != "Sun, 01 Mar 2026 12:00:00 +0000" || len(m.Problems) > 0 {
			t.Errorf("got header %v and problems %v", m.Header, m.Problems)
		}
		read, ids = append(read, m), append(ids, m.Header.Get("Message-ID"))
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != len(answers) {
		t.Errorf("got Message-IDs %v, want each once", ids)
	}
	return read
}

func parseReport(t *testing.T, m *report.Message) *dsn.Report {
	t.Helper()
	r, err := dsn.Parse(m)
	if err != nil {
		t.Fatal(err)
	}
	if !r.ArrivalDate.Equal(sent) || len(r.Problems) > 0 {
		t.Errorf("got arrival date %v and problems %v", r.ArrivalDate, r.Problems)
	}
	wantReturned(t, m.Returned)
	return r
}

func wantReturned(t *testing.T, got report.Header) {
	t.Helper()
	want := report.Header{{Name: "Message-ID", Value: "<m1@example.org>"}, {Name: "From", Value: "News <news@example.org>"}, {Name: "To", Value: "you@example.net"},
		{Name: "Subject", Value: "=?utf-8?q?Gr=C3=BC=C3=9Fe?="}, {Name: "X-Campaign", Value: "spring"}}
	trimmed := slices.Clone(got)
	for i := range trimmed {
		trimmed[i].Value = strings.TrimSpace(trimmed[i].Value)
	}
	if diff := cmp.Diff(want, trimmed); diff != "" {
		t.Errorf("returned header (-want +got):\n%s", diff)
	}
}

// line is what a report says about a recipient.
func line(r dsn.Recipient) string {
	return strings.Join([]string{r.Address, string(r.Action), r.Status, r.DiagnosticCode, r.RemoteMTA.String()}, " | ")
}

func TestBouncesOfOneMailAreGatheredIntoOneReport(t *testing.T) {
	answers := respond(t, "bounce+1@simulator.amazonses.com", "jane@example.net", "Bounce+2@simulator.amazonses.com", "bounce+1@simulator.amazonses.com")
	if len(answers) != 1 {
		t.Fatalf("got %d answers, want 1", len(answers))
	}
	r := parseReport(t, answers[0])
	var got []string
	for _, recipient := range r.Recipients {
		got = append(got, line(recipient))
	}
	want := []string{
		"bounce+1@simulator.amazonses.com | failed | 5.1.1 | smtp; 550 5.1.1 user unknown | dns; simulator.amazonses.com",
		"Bounce+2@simulator.amazonses.com | failed | 5.1.1 | smtp; 550 5.1.1 user unknown | dns; simulator.amazonses.com",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if mta := r.ReportingMTA.String(); mta != "dns; simulator.amazonses.com" {
		t.Errorf("got Reporting-MTA %q", mta)
	}
	if from := answers[0].Header.Get("From"); from != "MAILER-DAEMON@simulator.amazonses.com" {
		t.Errorf("got From %q", from)
	}
}

func TestSuccessIsADeliveryReport(t *testing.T) {
	answers := respond(t, "success@simulator.mail.example.org")
	if len(answers) != 1 {
		t.Fatalf("got %d answers, want 1", len(answers))
	}
	r := parseReport(t, answers[0])
	want := "success@simulator.mail.example.org | delivered | 2.0.0 | smtp; 250 2.0.0 OK | dns; simulator.mail.example.org"
	if got := line(r.Recipients[0]); len(r.Recipients) != 1 || got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSuppressionListIsARefusalByAmazon(t *testing.T) {
	answers := respond(t, "suppressionlist@simulator.amazonses.com")
	if len(answers) != 1 {
		t.Fatalf("got %d answers, want 1", len(answers))
	}
	r := parseReport(t, answers[0])
	want := "suppressionlist@simulator.amazonses.com | failed | 5.1.1 | Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address. | "
	if got := line(r.Recipients[0]); len(r.Recipients) != 1 || got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if mta := r.ReportingMTA.String(); mta != "dns; amazonses.com" {
		t.Errorf("got Reporting-MTA %q", mta)
	}
}

func TestUnknownAddressBouncesApartFromTheSimulatedOnes(t *testing.T) {
	answers := respond(t, "bounce@simulator.amazonses.com", "nobody@simulator.amazonses.com")
	if len(answers) != 2 {
		t.Fatalf("got %d answers, want 2", len(answers))
	}
	r := parseReport(t, answers[1])
	want := "nobody@simulator.amazonses.com | failed | 5.1.1 | smtp; 550 5.1.1 user unknown | dns; simulator.amazonses.com"
	if got := line(r.Recipients[0]); len(r.Recipients) != 1 || got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestComplaintComesAfterTheDelivery(t *testing.T) {
	answers := respond(t, "complaint+x@simulator.amazonses.com")
	if len(answers) != 2 {
		t.Fatalf("got %d answers, want 2", len(answers))
	}
	if r := parseReport(t, answers[0]); r.Recipients[0].Action != dsn.Delivered {
		t.Errorf("got action %q, want delivered", r.Recipients[0].Action)
	}
	got, err := arf.Parse(answers[1])
	if err != nil {
		t.Fatal(err)
	}
	wantReturned(t, got.Returned)
	got.Returned = nil
	want := &arf.Report{FeedbackType: arf.Abuse, UserAgent: "Rebound-Mailbox-Simulator/1.0", Version: "1", OriginalMailFrom: "bounces+tag@example.org",
		OriginalRcptTo: []string{"complaint+x@simulator.amazonses.com"}, ArrivalDate: sent, ReportingMTA: "dns; simulator.amazonses.com", Incidents: 1}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOutOfOfficeReplyComesAfterTheDelivery(t *testing.T) {
	answers := respond(t, "OOTO+x@simulator.amazonses.com")
	if len(answers) != 2 {
		t.Fatalf("got %d answers, want 2", len(answers))
	}
	if r := parseReport(t, answers[0]); r.Recipients[0].Action != dsn.Delivered {
		t.Errorf("got action %q, want delivered", r.Recipients[0].Action)
	}
	got, err := autoreply.Parse(answers[1])
	if err != nil {
		t.Fatal(err)
	}
	want := &autoreply.Reply{AutoSubmitted: "auto-replied", From: "OOTO+x@simulator.amazonses.com", InReplyTo: "<m1@example.org>",
		References: []string{"<m1@example.org>"}, Subject: "Auto: Grüße", Reason: got.Reason}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEachScenarioIsAnsweredInOneMailForItsOutcome(t *testing.T) {
	answers := respond(t, "success@simulator.amazonses.com", "bounce@simulator.amazonses.com", "ooto@simulator.amazonses.com", "complaint@simulator.amazonses.com",
		"suppressionlist@simulator.amazonses.com", "success@simulator.mail.example.org")
	var got []string
	for _, m := range answers {
		recipients := m.Header.Text("Subject")
		if r, err := dsn.Parse(m); err == nil {
			recipients = string(r.Recipients[0].Action)
			for _, recipient := range r.Recipients {
				local, _, _ := strings.Cut(recipient.Address, "@")
				recipients += " " + local
			}
		}
		got = append(got, recipients)
	}
	want := []string{"delivered success ooto complaint", "failed bounce", "failed suppressionlist", "delivered success", "Auto: Grüße", "Abuse report"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnswersAreNotAnswered(t *testing.T) {
	answers, err := ours.Respond(bus.Mail{Raw: []byte(original), To: []string{"bounce@simulator.amazonses.com"}}, now)
	if len(answers) != 0 || err != nil {
		t.Errorf("got %d answers and error %v to the null sender, want none", len(answers), err)
	}
	if answers := respond(t, "jane@example.net"); len(answers) != 0 {
		t.Errorf("got %d answers for an ordinary recipient, want none", len(answers))
	}
}

func TestMailWithoutAReadableHeaderIsAnswered(t *testing.T) {
	for _, raw := range []string{"", "\x00\xff", "no header\r\n\r\nat all", strings.Repeat("X-Long: "+strings.Repeat("x", 1000)+"\r\n", 1000), "Subject: gr\xfc\xdfe\r\nMessage-ID: \x01\r\n\r\n"} {
		to := []string{"bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com", "ooto@simulator.amazonses.com"}
		answers, err := ours.Respond(bus.Mail{Raw: []byte(raw), From: "a@example.org", To: to}, now)
		if len(answers) != 4 || err != nil {
			t.Fatalf("%.20q: got %d answers and error %v, want 4", raw, len(answers), err)
		}
		for i, answer := range answers {
			m, err := report.Read(bytes.NewReader(answer.Raw))
			if err != nil {
				t.Fatal(err)
			}
			if len(answer.Raw) > 128<<10 {
				t.Errorf("%.20q: answer %d has %d bytes", raw, i, len(answer.Raw))
			}
			_, dsnErr := dsn.Parse(m)
			_, arfErr := arf.Parse(m)
			_, replyErr := autoreply.Parse(m)
			if dsnErr != nil && arfErr != nil && replyErr != nil {
				t.Errorf("%.20q: answer %d cannot be read: %v, %v, %v", raw, i, dsnErr, arfErr, replyErr)
			}
		}
	}
}
