package dsn

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/dsn/status"
)

// message returns a mail with one delivery-status part.
func message(fields string) *report.Message {
	return &report.Message{
		MediaType: "multipart/report",
		Machine:   []report.Part{{MediaType: "message/delivery-status", Groups: report.ParseGroups(fields), Body: fields}},
	}
}

func parseFields(t *testing.T, fields string) *Report {
	t.Helper()
	r, err := Parse(message(fields))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryFieldOfRFC3464IsRead(t *testing.T) {
	got := parseFields(t, `Original-Envelope-Id: QQ314159
Reporting-MTA: dns; mx.example.net
DSN-Gateway: dns; gateway.example.net
Received-From-MTA: dns; app.example.org
Arrival-Date: Sun, 22 Nov 2026 05:29:15 +0000
X-Queue-ID: A1

Original-Recipient: rfc822; jane+news@example.net
Final-Recipient: rfc822; jane@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx2.example.net
Diagnostic-Code: smtp; 550 5.1.1 no such
  user; sorry
Last-Attempt-Date: Sun, 22 Nov 2026 05:30:15 +0000
Final-Log-ID: log 1
Will-Retry-Until: Sun, 29 Nov 2026 05:29:15 +0000
X-Tries: 1
`)
	at := time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC)
	want := &Report{
		OriginalEnvelopeID: "QQ314159",
		ReportingMTA:       TypedName{"dns", "mx.example.net"},
		DSNGateway:         TypedName{"dns", "gateway.example.net"},
		ReceivedFromMTA:    TypedName{"dns", "app.example.org"},
		ArrivalDate:        at,
		Extensions:         []report.Field{{Name: "X-Queue-ID", Value: "A1"}},
		Recipients: []Recipient{{
			OriginalRecipient: TypedAddress{"rfc822", "jane+news@example.net"},
			FinalRecipient:    TypedAddress{"rfc822", "jane@example.net"},
			Address:           "jane@example.net",
			Action:            Failed, ActionText: "failed",
			Status: "5.1.1", Code: status.Code{Class: 5, Subject: 1, Detail: 1},
			RemoteMTA:      TypedName{"dns", "mx2.example.net"},
			DiagnosticCode: "smtp; 550 5.1.1 no such user; sorry",
			DiagnosticType: "smtp", DiagnosticText: "550 5.1.1 no such user; sorry",
			LastAttemptDate: at.Add(time.Minute),
			FinalLogID:      "log 1",
			WillRetryUntil:  at.Add(7 * 24 * time.Hour),
			Extensions:      []report.Field{{Name: "X-Tries", Value: "1"}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRecipientAddressesAreFound(t *testing.T) {
	tests := []struct{ name, fields, want string }{
		{"RFC 3464 section 2.3.2", "Final-Recipient: rfc822; jane@example.net", "jane@example.net"},
		{"no blank behind the type", "Final-Recipient: rfc822;jane@example.net", "jane@example.net"},
		{"type in upper case", "FINAL-RECIPIENT: RFC822; jane@example.net", "jane@example.net"},
		{"no type", "Final-Recipient: jane@example.net", "jane@example.net"},
		{"type twice", "Final-Recipient: rfc822; RFC822;jane@example.net", "jane@example.net"},
		{"brackets", "Final-Recipient: rfc822; <jane@example.net>", "jane@example.net"},
		{"brackets and no type", "Original-Recipient: <jane@example.net>", "jane@example.net"},
		{"source route", "Final-Recipient: rfc822; <@a.example:jane@example.net>", "jane@example.net"},
		{"display name", "Final-Recipient: rfc822; Jane <jane@example.net>", "jane@example.net"},
		{"comment", "Final-Recipient: rfc822; jane@example.net (expanded from: team)", "jane@example.net"},
		{"folded", "Final-Recipient: rfc822;\n jane@example.net", "jane@example.net"},
		{"quoted local part", `Final-Recipient: rfc822; "jane; doe"@example.net`, `"jane; doe"@example.net`},
		{"UTF-8, RFC 6533", "Final-Recipient: utf-8; pélé@example.net", "pélé@example.net"},
		{"escaped UTF-8, RFC 6533 section 3", `Final-Recipient: utf-8; p\x{E9}l\x{e9}@example.net`, "pélé@example.net"},
		{"escaped plus sign", `Final-Recipient: utf-8; jane\x{2B}news@example.net`, "jane+news@example.net"},
		{"bytes in Latin-1", "Final-Recipient: utf-8; p\xe9l\xe9@example.net", "pélé@example.net"},
		{"encoded words", "Final-Recipient: rfc822; =?utf-8?q?p=C3=A9l=C3=A9?=@example.net", "pélé@example.net"},
		{"another type", "Final-Recipient: x400; /G=Jane/\nOriginal-Recipient: rfc822; jane@example.net", "jane@example.net"},
		{"a file", "Final-Recipient: rfc822; /var/mail/jane\nOriginal-Recipient: rfc822; jane@example.net", "jane@example.net"},
		{"a local name", "Final-Recipient: rfc822; jane\nOriginal-Recipient: rfc822; jane@example.net", "jane@example.net"},
		{"the one behind an alias", "Final-Recipient: rfc822; jane\nX-Actual-Recipient: rfc822; jane@example.net", "jane@example.net"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := parseFields(t, "Reporting-MTA: dns; mx.example.net\n\n"+test.fields+"\nAction: failed\nStatus: 5.1.1\n")
			if len(r.Recipients) != 1 || r.Recipients[0].Address != test.want {
				t.Errorf("got %+v, want %q", r.Recipients, test.want)
			}
		})
	}
}

func TestTheOnlyRecipientIsFoundOutsideOfTheFields(t *testing.T) {
	const fields = "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; @mx.example.net\nAction: failed\nStatus: 5.1.2\n"
	m := message(fields)
	m.Header = report.Header{{Name: "X-Failed-Recipients", Value: `p\303\251l\303\251@example.net`}}
	if r, err := Parse(m); err != nil || r.Recipients[0].Address != "pélé@example.net" {
		t.Errorf("X-Failed-Recipients: got %+v, %v", r, err)
	}
	m = message(fields)
	m.Returned = report.Header{{Name: "To", Value: "Jane <jane@example.net>"}}
	if r, err := Parse(m); err != nil || r.Recipients[0].Address != "jane@example.net" {
		t.Errorf("To: got %+v, %v", r, err)
	}
	m.Returned[0].Value = "jane@example.net, joe@example.net"
	if r, err := Parse(m); err != nil || len(r.Recipients) != 0 || !errors.Is(r.Problems[0].Err, ErrNoAddress) {
		t.Errorf("two addresses in To: got %+v, %v", r, err)
	}
}

func TestGroupsAreToldApartWhateverBlankLinesThereAre(t *testing.T) {
	const (
		top  = "Reporting-MTA: dns; mx.example.net\n"
		jane = "Final-Recipient: rfc822; jane@example.net\nOriginal-Recipient: rfc822; j@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 one\nX-Who: jane\n"
		joe  = "Final-Recipient: rfc822; joe@example.net\nOriginal-Recipient: rfc822; jo@example.net\nAction: delayed\nStatus: 4.2.2\nDiagnostic-Code: smtp; 452 two\nX-Who: joe\n"
	)
	tests := []struct{ name, fields string }{
		{"RFC 3464 section 2.1", top + "\n" + jane + "\n" + joe},
		{"no blank lines", top + jane + joe},
		{"none before the first recipient", top + jane + "\n" + joe},
		{"none between recipients", top + "\n" + jane + joe},
		{"original before final", strings.NewReplacer("Final-", "Original-", "Original-", "Final-", "jane@", "j@", "j@", "jane@", "joe@", "jo@", "jo@", "joe@").Replace(top + jane + joe)},
		{"action first", top + "\nAction: failed\nStatus: 5.1.1\n" + strings.NewReplacer("Action: failed\n", "", "Status: 5.1.1\n", "").Replace(jane) + "\n" + joe},
		{"a blank line inside a group", top + "\n" + strings.Replace(jane, "Action", "\nAction", 1) + "\n" + strings.Replace(joe, "Diagnostic", "\nDiagnostic", 1)},
		{"the fields of the message behind", jane + "\n" + joe + "\n" + top},
		{"the fields of the message inside", jane + "\n" + top + joe},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := parseFields(t, test.fields)
			if r.ReportingMTA.Name != "mx.example.net" || len(r.Recipients) != 2 {
				t.Fatalf("got %+v", r)
			}
			for i, want := range []Recipient{
				{Address: "jane@example.net", OriginalRecipient: TypedAddress{"rfc822", "j@example.net"}, Action: Failed, Status: "5.1.1", DiagnosticText: "550 one"},
				{Address: "joe@example.net", OriginalRecipient: TypedAddress{"rfc822", "jo@example.net"}, Action: Delayed, Status: "4.2.2", DiagnosticText: "452 two"},
			} {
				got := r.Recipients[i]
				if got.Address != want.Address || got.OriginalRecipient != want.OriginalRecipient || got.Action != want.Action || got.Status != want.Status || got.DiagnosticText != want.DiagnosticText || len(got.Extensions) != 1 {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

func TestActionAndStatusStayAsTheyWereSent(t *testing.T) {
	tests := []struct {
		name, action, status string
		wantAction           Action
		wantText, wantStatus string
		wantCode             string
	}{
		{"plain", "failed", "5.1.1", Failed, "failed", "5.1.1", "5.1.1"},
		{"case", "Failed", "5.1.1", Failed, "Failed", "5.1.1", "5.1.1"},
		{"comments", "delivered (to mailbox)", "5.0.0 (permanent failure)", Delivered, "delivered", "5.0.0", "5.0.0"},
		{"comment without a blank", "failed(really)", "5.2.2(full)", Failed, "failed", "5.2.2", "5.2.2"},
		{"words behind the code", "failed", "5.1.1 user unknown", Failed, "failed", "5.1.1", "5.1.1"},
		{"they contradict each other", "failed", "2.0.0", Failed, "failed", "2.0.0", "2.0.0"},
		{"delayed for good", "delayed", "4.4.7", Delayed, "delayed", "4.4.7", "4.4.7"},
		{"deliverable", "deliverable", "2.1.5", Delivered, "deliverable", "2.1.5", "2.1.5"},
		{"expired", "expired", "5.4.7", Failed, "expired", "5.4.7", "5.4.7"},
		{"unknown action", "vanished", "5.0.0", "", "vanished", "5.0.0", "5.0.0"},
		{"no status code", "failed", "broken", Failed, "failed", "broken", ""},
		{"an SMTP code", "failed", "550", Failed, "failed", "550", ""},
		{"nothing", "", "", "", "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := parseFields(t, "Final-Recipient: rfc822; jane@example.net\nAction: "+test.action+"\nStatus: "+test.status+"\n").Recipients[0]
			if got.Action != test.wantAction || got.ActionText != test.wantText || got.Status != test.wantStatus || got.Code.String() != test.wantCode {
				t.Errorf("got %q %q %q %v", got.Action, got.ActionText, got.Status, got.Code)
			}
		})
	}
}

func TestDiagnosticsAreSplitAtTheirType(t *testing.T) {
	tests := []struct{ name, in, kind, text string }{
		{"RFC 3464 section 2.3.6", "smtp; 550 no such user", "smtp", "550 no such user"},
		{"no blank", "smtp;550 no such user", "smtp", "550 no such user"},
		{"blank before", "smtp ; 550", "smtp", "550"},
		{"own type", "X-Postfix; unknown user", "X-Postfix", "unknown user"},
		{"no type", "550 no such user", "", "550 no such user"},
		{"a semicolon in the text", "550 no such user; sorry", "", "550 no such user; sorry"},
		{"comments stay", "smtp; 550 (no such user)", "smtp", "550 (no such user)"},
		{"encoded words", "smtp; 550 =?utf-8?q?p=C3=A9l=C3=A9?=", "smtp", "550 pélé"},
		{"control characters", "smtp; 550 a\x00b", "smtp", "550 a b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := parseFields(t, "Final-Recipient: rfc822; jane@example.net\nDiagnostic-Code: "+test.in+"\n").Recipients[0]
			if got.DiagnosticType != test.kind || got.DiagnosticText != test.text {
				t.Errorf("got %q %q, want %q %q", got.DiagnosticType, got.DiagnosticText, test.kind, test.text)
			}
		})
	}
}

func TestNamesOfHosts(t *testing.T) {
	for in, want := range map[string]TypedName{
		"dns; mx.example.net":                {"dns", "mx.example.net"},
		"DNS;mx.example.net":                 {"DNS", "mx.example.net"},
		"dns; mx.example.net [192.0.2.1]":    {"dns", "mx.example.net [192.0.2.1]"},
		"dns; mx.example.net (TCP|192.0.2.1": {"dns", "mx.example.net"},
		"mx.example.net":                     {"", "mx.example.net"},
		"192.0.2.1":                          {"", "192.0.2.1"},
		"":                                   {},
	} {
		r := parseFields(t, "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; jane@example.net\nRemote-MTA: "+in+"\n")
		if got := r.Recipients[0].RemoteMTA; got != want {
			t.Errorf("%q: got %+v, want %+v", in, got, want)
		}
	}
	if got := (TypedName{Name: "mx"}).String(); got != "mx" {
		t.Errorf("got %q", got)
	}
}

func TestAnOddFieldNeverCostsTheReport(t *testing.T) {
	r := parseFields(t, "Reporting-MTA: dns; mx.example.net\nArrival-Date: yesterday\n\nFinal-Recipient: rfc822; jane@example.net\nLast-Attempt-Date: Sun, 99 Nov 2026\nAction: failed\n\nFinal-Recipient: nobody\nAction: failed\n")
	if len(r.Recipients) != 1 || !r.ArrivalDate.IsZero() {
		t.Errorf("got %+v", r)
	}
	want := []report.Problem{
		{Field: "Arrival-Date", Value: "yesterday", Err: report.ErrDate},
		{Field: "Last-Attempt-Date", Value: "Sun, 99 Nov 2026", Err: report.ErrDate},
		{Field: "Final-Recipient", Value: "nobody", Err: ErrNoAddress},
	}
	if len(r.Problems) != len(want) {
		t.Fatalf("got %v", r.Problems)
	}
	for i := range want {
		if r.Problems[i] != want[i] {
			t.Errorf("got %v, want %v", r.Problems[i], want[i])
		}
	}
}

func TestWhatIsNoReport(t *testing.T) {
	for name, m := range map[string]*report.Message{
		"nothing":                 {},
		"text":                    {MediaType: "text/plain", Text: "Final-Recipient: rfc822; jane@example.net"},
		"a disposition notice":    {Machine: []report.Part{{MediaType: "message/disposition-notification", Groups: report.ParseGroups("Final-Recipient: rfc822; jane@example.net")}}},
		"an empty part":           message(""),
		"only unknown fields":     message("X-A: b\n\nX-C: d\n"),
		"no recipient, no host":   message("Arrival-Date: Sun, 22 Nov 2026 05:29:15 +0000\n"),
		"an address that is none": message("Final-Recipient: rfc822; jane\nAction: failed\n\nFinal-Recipient: rfc822; joe\n"),
	} {
		if r, err := Parse(m); !errors.Is(err, ErrNotReport) {
			t.Errorf("%s: got %+v, %v, want ErrNotReport", name, r, err)
		}
	}
}

func TestRepetitionsAreMergedAndOutcomesAreNot(t *testing.T) {
	group := func(fields ...string) string {
		return "Final-Recipient: rfc822; jane@example.net\n" + strings.Join(fields, "\n") + "\n\n"
	}
	tests := []struct {
		name, fields string
		want         []string
	}{
		{"the same twice", group("Action: failed", "Status: 5.1.1") + group("Action: failed", "Status: 5.1.1"), []string{"failed 5.1.1"}},
		{"the same in another spelling", group("Action: failed", "Status: 5.1.1") + strings.Replace(group("Action: failed", "Status: 5.1.1"), "jane@example.net", "<Jane@EXAMPLE.net>", 1), []string{"failed 5.1.1"}},
		{"delayed, then delivered", group("Action: delayed", "Status: 4.2.0", "Diagnostic-Code: smtp; 452 later") + group("Action: delivered", "Status: 2.0.0"), []string{"delivered 2.0.0"}},
		{"failed, then delayed", group("Action: failed", "Status: 5.4.7") + group("Action: delayed", "Status: 4.4.7"), []string{"failed 5.4.7"}},
		{"two outcomes", group("Action: failed", "Status: 5.1.1") + group("Action: delivered", "Status: 2.0.0"), []string{"failed 5.1.1", "delivered 2.0.0"}},
		{"two failures", group("Action: failed", "Status: 5.1.1") + group("Action: failed", "Status: 5.2.2"), []string{"failed 5.1.1", "failed 5.2.2"}},
		{"two original recipients", group("Action: failed", "Original-Recipient: rfc822; a@example.net") + group("Action: failed", "Original-Recipient: rfc822; b@example.net"), []string{"failed ", "failed "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, r := range parseFields(t, test.fields).Recipients {
				got = append(got, r.ActionText+" "+r.Status)
				if r.Action == Delivered && r.DiagnosticCode != "" {
					t.Errorf("the diagnostic %q is that of another outcome", r.DiagnosticCode)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	r := parseFields(t, group("Action: failed")+group("Action: failed", "Remote-MTA: dns; mx", "Diagnostic-Code: smtp; 550 a", "Last-Attempt-Date: Sun, 22 Nov 2026 05:29:15 +0000")).Recipients[0]
	if r.RemoteMTA.Name != "mx" || r.DiagnosticText != "550 a" || r.LastAttemptDate.IsZero() {
		t.Errorf("the second group completes the first: got %+v", r)
	}
}

func TestSeveralPartsAreOneReport(t *testing.T) {
	m := message("Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; jane@example.net\nAction: failed\n")
	m.Machine = append(m.Machine, message("Reporting-MTA: dns; mx2.example.net\n\nFinal-Recipient: rfc822; joe@example.net\nAction: failed\n").Machine...)
	r, err := Parse(m)
	if err != nil || len(r.Recipients) != 2 || r.ReportingMTA.Name != "mx.example.net" {
		t.Errorf("got %+v, %v", r, err)
	}
}
