package arf

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/dsn/report"
)

var around = report.Mail{
	From: "feedback@provider.example", To: "fbl@sender.example", Subject: "Abuse report", MessageID: "<1@provider.example>",
	Date: time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC), Text: "This is a report.",
}

// full is a report with every field.
func full() *Report {
	return &Report{
		FeedbackType: Abuse, UserAgent: "Rebound/1 (café)", Version: "1", OriginalEnvelopeID: "QQ314159",
		OriginalMailFrom: "bounces+jane=provider.example@sender.example", OriginalRcptTo: []string{"jane@provider.example", "pélé@provider.example"},
		ArrivalDate: around.Date, ReportingMTA: "dns; mx.provider.example", SourceIP: netip.MustParseAddr("2001:db8::1"), SourcePort: 25, Incidents: 7,
		ReportedDomain: []string{"sender.example", "shop.example"}, ReportedURI: []string{"https://shop.example/" + strings.Repeat("a", 300)},
		AuthenticationResults: []string{"mx.provider.example; spf=pass", "mx2.provider.example; dkim=fail"},
		AuthFailure:           "signature", DeliveryResult: "spam", IdentityAlignment: "dkim",
		DKIM:   DKIM{Domain: "sender.example", Identity: "@sender.example", Selector: "s1", CanonicalizedHeader: "RnJvbTo=", CanonicalizedBody: "SGVsbG8=", ADSPDNS: "dkim=all", SelectorDNS: "v=DKIM1"},
		SPFDNS: []string{"txt : sender.example : v=spf1 -all"}, Extensions: []report.Field{{Name: "X-Own", Value: "a; b"}},
		Returned: report.Header{{Name: "Received", Value: "by mx.provider.example"}, {Name: "Subject", Value: "Hello"}},
	}
}

func TestAReportWithEveryFieldIsReadBackEqual(t *testing.T) {
	var b bytes.Buffer
	if err := full().Compose(&b, around); err != nil {
		t.Fatal(err)
	}
	m := readMail(t, b.String())
	got, err := Parse(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full(), got, compareIP); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if m.ReportType != "feedback-report" || m.Header.Get("Auto-Submitted") != "auto-generated" || m.Text != "This is a report." {
		t.Errorf("got %+v", m)
	}
}

func TestRecordedReportsAreReadBackEqual(t *testing.T) {
	for _, file := range []string{
		"../testdata/recordings/pigeonhole/report-abuse.eml", "../testdata/recordings/pigeonhole/report-not-spam.eml",
		"../testdata/recordings/opendmarc/auth-failure.eml", "testdata/handwritten/opendkim-signature.eml",
	} {
		want := parseFile(t, file)
		var b bytes.Buffer
		if err := want.Compose(&b, around); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		got, err := Parse(readMail(t, b.String()))
		if diff := cmp.Diff(want, got, compareIP); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", file, err, diff)
		}
	}
}

func TestAShortReportIsCompletedWhenItIsWritten(t *testing.T) {
	mail := around
	mail.Returned = report.Header{{Name: "Subject", Value: "Hello"}}
	var b bytes.Buffer
	if err := (&Report{FeedbackType: Abuse, UserAgent: "a"}).Compose(&b, mail); err != nil {
		t.Fatal(err)
	}
	r, err := Parse(readMail(t, b.String()))
	if err != nil || r.Version != "1" || r.Incidents != 1 || r.Returned.Get("Subject") != "Hello" {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestAnIncompleteReportIsNotWritten(t *testing.T) {
	for name, spoil := range map[string]func(*Report){
		"Feedback-Type":   func(r *Report) { r.FeedbackType = "" },
		"User-Agent":      func(r *Report) { r.UserAgent = "" },
		"returned header": func(r *Report) { r.Returned = nil },
	} {
		r := full()
		spoil(r)
		var b bytes.Buffer
		if err := r.Compose(&b, around); !errors.Is(err, ErrIncomplete) || b.Len() > 0 || !strings.Contains(err.Error(), name) {
			t.Errorf("no %s: got %v and %d bytes", name, err, b.Len())
		}
	}
	if err := full().Compose(&bytes.Buffer{}, report.Mail{}); !errors.Is(err, report.ErrMail) {
		t.Errorf("without a mail: got %v, want report.ErrMail", err)
	}
}
