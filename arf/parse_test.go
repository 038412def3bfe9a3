package arf

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/report"
)

var compareIP = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func readFile(t testing.TB, path string) *report.Message {
	t.Helper()
	mail, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return readMail(t, string(mail))
}

func readMail(t testing.TB, mail string) *report.Message {
	t.Helper()
	m, err := report.Read(strings.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func parseFile(t testing.TB, path string) *Report {
	t.Helper()
	r, err := Parse(readFile(t, path))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}

// message returns a mail with one feedback-report part.
func message(fields string) *report.Message {
	return &report.Message{Machine: []report.Part{{MediaType: "message/feedback-report", Groups: report.ParseGroups(fields), Body: fields}}}
}

func TestEveryFieldOfRFC5965IsRead(t *testing.T) {
	m := message(`Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>
Original-Rcpt-To: rfc822; other@example.com
Original-Envelope-Id: QQ314159
Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT
Reporting-MTA: dns; mail.example.com
Source-IP: 192.0.2.1
Source-Port: 40125
Incidents: 3
Authentication-Results: mail.example.com;
               spf=fail smtp.mail=somespammer@example.com
Reported-Domain: example.net
Reported-Domain: example.org
Reported-Uri: http://example.net/earn_money.html
Reported-Uri: mailto:user@example.com
Removal-Recipient: user@example.com
`)
	m.Returned = report.Header{{Name: "Subject", Value: "Earn money"}}
	got, err := Parse(m)
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{
		FeedbackType: Abuse, UserAgent: "SomeGenerator/1.0", Version: "1", OriginalEnvelopeID: "QQ314159",
		OriginalMailFrom: "somespammer@example.net", OriginalRcptTo: []string{"user@example.com", "other@example.com"},
		ArrivalDate: time.Date(2005, 3, 8, 18, 0, 0, 0, time.UTC), ReportingMTA: "dns; mail.example.com",
		SourceIP: netip.MustParseAddr("192.0.2.1"), SourcePort: 40125, Incidents: 3,
		AuthenticationResults: []string{"mail.example.com;               spf=fail smtp.mail=somespammer@example.com"},
		ReportedDomain:        []string{"example.net", "example.org"},
		ReportedURI:           []string{"http://example.net/earn_money.html", "mailto:user@example.com"},
		Extensions:            []report.Field{{Name: "Removal-Recipient", Value: "user@example.com"}},
		Returned:              m.Returned,
	}
	if diff := cmp.Diff(want, got, compareIP); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Lesson 15 of the recordings, OpenDKIM: a draft's version, Feedback-Type in the
// middle, Reporting-MTA without a type.
func TestEveryFieldOfRFC6591IsRead(t *testing.T) {
	got := parseFile(t, "testdata/handwritten/opendkim-signature.eml")
	want := &Report{
		FeedbackType: AuthFailure, UserAgent: "OpenDKIM-Filter/2.11.0", Version: "0.1", OriginalEnvelopeID: "1A2B3C",
		ReportingMTA: "mx.provider.example", SourceIP: netip.MustParseAddr("2001:db8::10"), SourcePort: 40125, Incidents: 1,
		AuthFailure: "signature", DeliveryResult: "other", ReportedDomain: []string{"sender.example"},
		DKIM: DKIM{
			Domain: "sender.example", Identity: "@sender.example", Selector: "s1", SelectorDNS: "k=rsa; p=AAAAB3NzaC1yc2E",
			CanonicalizedHeader: "RnJvbTogIkV4YW1wbGUgU2hvcCIg  PG9yZGVyc0BzZW5kZXIuZXhhbXBsZT4=", CanonicalizedBody: "SGVsbG8=",
		},
		SPFDNS: []string{"txt : sender.example : v=spf1 -all"},
	}
	if diff := cmp.Diff(want, got, compareIP, cmpopts.IgnoreFields(Report{}, "Returned")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got.Returned.Get("Message-ID") != "<olga.1042@shop.sender.example>" {
		t.Errorf("got %v", got.Returned)
	}
}

// Lesson 15 of the recordings.
func TestRecordedReportsAreReadAsTheyWereSent(t *testing.T) {
	const recordings = "../testdata/recordings/"
	for name, want := range map[string]FeedbackType{"report-abuse": Abuse, "report-fraud-headers": Fraud, "report-not-spam": NotSpam} {
		r := parseFile(t, recordings+"pigeonhole/"+name+".eml")
		if r.FeedbackType != want || r.SourceIP.IsValid() || !r.ArrivalDate.IsZero() || r.ReportingMTA != "" || len(r.OriginalRcptTo) != 1 || len(r.Extensions) != 1 || len(r.Problems) != 0 {
			t.Errorf("%s: got %+v", name, r)
		}
		if !strings.HasPrefix(r.OriginalMailFrom, "bounces+heidi") || r.Returned.Get("Subject") != "Your order 1042 has shipped" {
			t.Errorf("%s: got %q, %v", name, r.OriginalMailFrom, r.Returned)
		}
	}
	r := parseFile(t, recordings+"opendmarc/auth-failure.eml")
	if r.FeedbackType != AuthFailure || r.AuthFailure != "dmarc" || r.SourceIP.String() != "198.51.100.77" || r.OriginalMailFrom != "bounces+olga@bounce.sender.example" || len(r.Problems) != 0 {
		t.Errorf("got %+v", r)
	}
}

// Lesson 14 of the recordings: a multipart/report that is neither a delivery
// status notification nor a feedback report.
func TestADispositionNotificationIsNoReport(t *testing.T) {
	m := readFile(t, "../testdata/recordings/pigeonhole/reject-mdn.eml")
	if r, err := Parse(m); !errors.Is(err, ErrNotReport) {
		t.Errorf("arf: got %+v, %v", r, err)
	}
	if r, err := dsn.Parse(m); !errors.Is(err, dsn.ErrNotReport) {
		t.Errorf("dsn: got %+v, %v", r, err)
	}
}

func TestNoOtherRecordingIsAFeedbackReport(t *testing.T) {
	files, err := filepath.Glob("../testdata/recordings/*/*.eml")
	if err != nil || len(files) < 150 {
		t.Fatalf("got %d recordings, %v", len(files), err)
	}
	found := 0
	for _, file := range files {
		if _, err := Parse(readFile(t, file)); err == nil {
			found++
		}
	}
	if found != 4 {
		t.Errorf("got %d feedback reports, want 4", found)
	}
}

func TestLineEndsMakeNoDifference(t *testing.T) {
	files, err := filepath.Glob("testdata/handwritten/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../testdata/recordings/pigeonhole/report-abuse.eml", "../testdata/recordings/opendmarc/auth-failure.eml") {
		mail, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := parseFile(t, file)
		for _, ends := range []string{"\n", "\r"} {
			got, err := Parse(readMail(t, strings.ReplaceAll(string(mail), "\r\n", ends)))
			if diff := cmp.Diff(want, got, compareIP); diff != "" || err != nil {
				t.Errorf("%s with %q: %v\n%s", file, ends, err, diff)
			}
		}
	}
}

func TestOddFieldsNeverCostTheReport(t *testing.T) {
	r, err := Parse(message("Feedback-Type: ABUSE (spam)\nUser-Agent: a\nVersion: 1.0 (x)\nSource-IP: nowhere\nSource-Port: 70000\nIncidents: many\nArrival-Date: soon\nOriginal-Mail-From: nobody\nOriginal-Rcpt-To: nobody\nFeedback-Type: fraud\n"))
	if err != nil || r.FeedbackType != Abuse || r.Version != "1.0" || r.Incidents != 1 || r.SourcePort != 0 || r.SourceIP.IsValid() {
		t.Errorf("got %+v, %v", r, err)
	}
	var fields []string
	for _, p := range r.Problems {
		fields = append(fields, p.Field)
		if !errors.Is(p.Err, ErrField) && !errors.Is(p.Err, report.ErrDate) {
			t.Errorf("%s: got %v", p.Field, p.Err)
		}
	}
	if diff := cmp.Diff([]string{"Source-IP", "Source-Port", "Incidents", "Arrival-Date", "Original-Mail-From", "Original-Rcpt-To"}, fields); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFieldsInTheirRarerForms(t *testing.T) {
	tests := []struct {
		name, fields string
		right        func(*Report) bool
	}{
		{"the null return path", "Original-Mail-From: <>", func(r *Report) bool { return r.OriginalMailFrom == "" && len(r.Problems) == 0 }},
		{"Received-Date of the drafts", "Received-Date: Thu, 29 Apr 2009 00:00:00 -0000 (EST)", func(r *Report) bool { return r.ArrivalDate.Day() == 29 }},
		{"Arrival-Date counts before it", "Received-Date: Thu, 29 Apr 2009 00:00:00 GMT\nArrival-Date: Thu, 30 Apr 2009 00:00:00 GMT", func(r *Report) bool { return r.ArrivalDate.Day() == 30 }},
		{"Arrival-Date counts behind it", "Arrival-Date: Thu, 30 Apr 2009 00:00:00 GMT\nReceived-Date: Thu, 29 Apr 2009 00:00:00 GMT", func(r *Report) bool { return r.ArrivalDate.Day() == 30 }},
		{"a list of recipients", "Original-Rcpt-To: a@example.net, \"x, y\" <b@example.net>, A@example.net", func(r *Report) bool { return cmp.Equal(r.OriginalRcptTo, []string{"a@example.net", "b@example.net"}) }},
		{"an IPv4 address in IPv6", "Source-IP: ::ffff:192.0.2.1", func(r *Report) bool { return r.SourceIP.String() == "192.0.2.1" }},
		{"brackets", "Source-IP: [192.0.2.1]", func(r *Report) bool { return r.SourceIP.String() == "192.0.2.1" }},
		{"alignment, RFC 7489", "Identity-Alignment: none", func(r *Report) bool { return r.IdentityAlignment == "none" }},
		{"an unknown type", "Feedback-Type: Miscategorized", func(r *Report) bool { return r.FeedbackType == "miscategorized" }},
		{"encoded words", "User-Agent: =?utf-8?q?caf=C3=A9?=", func(r *Report) bool { return r.UserAgent == "café" }},
		{"fields in two groups", "Version: 1\n\nUser-Agent: a", func(r *Report) bool { return r.UserAgent == "a" }},
		{"DKIM-ADSP-DNS", "DKIM-ADSP-DNS: dkim=all", func(r *Report) bool { return r.DKIM.ADSPDNS == "dkim=all" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Parse(message(test.fields))
			if err != nil || !test.right(r) {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

func TestWhatIsNoReport(t *testing.T) {
	for name, m := range map[string]*report.Message{
		"nothing":             {},
		"text":                {Text: "Feedback-Type: abuse"},
		"an empty part":       message(""),
		"only unknown fields": message("X-A: b"),
		"a delivery status":   {Machine: []report.Part{{MediaType: "message/delivery-status", Groups: report.ParseGroups("Version: 1")}}},
	} {
		if r, err := Parse(m); !errors.Is(err, ErrNotReport) {
			t.Errorf("%s: got %+v, %v, want ErrNotReport", name, r, err)
		}
	}
}

func TestADeliveryStatusThatQuotesAComplaintIsNone(t *testing.T) {
	const mail = "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=%s; boundary=b\n\n" +
		"--b\n\nThis is an email abuse report for a message received from IP 192.0.2.1\n" +
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; jane@example.net\nAction: failed\n" +
		"--b\nContent-Type: message/rfc822\n\nFrom: news@sender.example\nTo: jane@example.net\n--b--\n"
	for kind, complaint := range map[string]bool{"delivery-status": false, "other": true} {
		m, err := report.Read(strings.NewReader(fmt.Sprintf(mail, kind)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(m); (err == nil) != complaint {
			t.Errorf("report-type %s: got %v, want a complaint: %v", kind, err, complaint)
		}
	}
}

func TestRecipientsAreTakenFromWhereTheyAreKnown(t *testing.T) {
	returned := func(fields ...string) report.Header { return report.ParseHeader(strings.Join(fields, "\n")) }
	tests := []struct {
		name     string
		fields   string
		returned report.Header
		want     []string
	}{
		{"Original-Rcpt-To", "Original-Rcpt-To: a@example.net", returned("To: b@example.net"), []string{"a@example.net"}},
		{"a field of the report", "Removal-Recipient: a@example.net", returned("To: b@example.net"), []string{"a@example.net"}},
		{"a field of the recipient's host", "", returned("To: b@example.net", "Delivered-To: a@example.net"), []string{"a@example.net"}},
		{"To", "", returned("To: Jane <a@example.net>, b@example.net"), []string{"a@example.net", "b@example.net"}},
		{"a redacted one gives way", "Original-Rcpt-To: redacted@example.net", returned("X-Original-To: a@example.net"), []string{"a@example.net"}},
		{"a redacted one stays when it is all", "", returned("To: redacted@example.net"), []string{"redacted@example.net"}},
		{"crossed out", "Original-Rcpt-To: xxxx@example.net", returned("To: undisclosed-recipients:;"), []string{"xxxx@example.net"}},
		{"none", "", returned("To: undisclosed"), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := message("Feedback-Type: abuse\n" + test.fields)
			m.Returned = test.returned
			r, err := Parse(m)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, r.Recipients()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestComplaintsInPlaceOfAFeedbackReport(t *testing.T) {
	r := parseFile(t, "testdata/handwritten/microsoft-jmrp.eml")
	if r.FeedbackType != Abuse || !cmp.Equal(r.Recipients(), []string{"jane@mailhost.example"}) || r.SourceIP.String() != "192.0.2.10" || r.OriginalMailFrom != "orders@sender.example" || r.Returned.Get("Message-ID") != "<jane.1042@shop.sender.example>" {
		t.Errorf("Microsoft: got %+v", r)
	}
	r = parseFile(t, "testdata/handwritten/apple-unsubscribe.eml")
	if r.FeedbackType != OptOut || !cmp.Equal(r.Recipients(), []string{"jane@icloud.example"}) || r.ArrivalDate.IsZero() {
		t.Errorf("Apple: got %+v", r)
	}
	for _, mail := range []string{
		"Subject: complaint about message from 192.0.2.10\n\n",
		"Content-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: nobody\n\n",
		"X-Apple-Unsubscribe: true\nFrom: nobody\n\n",
		"X-Apple-Unsubscribe: false\nFrom: jane@icloud.example\n\n",
	} {
		if r, err := Parse(readMail(t, mail)); !errors.Is(err, ErrNotReport) {
			t.Errorf("%q: got %+v, %v", mail, r, err)
		}
	}
}

func TestRecipientsAreBounded(t *testing.T) {
	var b bytes.Buffer
	for i := range 3000 {
		b.WriteString("Original-Rcpt-To: a")
		b.WriteString(strings.Repeat("b", i%300))
		b.WriteString("@example.net\n")
	}
	if r, err := Parse(message(b.String())); err != nil || len(r.OriginalRcptTo) > maxRecipients {
		t.Errorf("got %d recipients, %v", len(r.OriginalRcptTo), err)
	}
}
