package arf

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/dsn/report"
)

// attached is a mail with the header, the text and a reported mail attached.
func attached(header, text, returned string) string {
	return header + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n" + text +
		"\n--b\nContent-Type: message/rfc822\n\n" + returned + "\n\nHello\n\n--b--\n"
}

const reported = "From: orders@sender.example\nTo: jane@one.example\nSubject: Hi"

func TestComplaintsOfLoopsThatLostTheirReport(t *testing.T) {
	for _, test := range []struct {
		name, mail string
		want       []string // nil: it is none
	}{
		{"Microsoft without its field", attached("From: staff@mailhost.example\nSubject: complaint about message from 192.0.2.10\n", "", reported), []string{"jane@one.example"}},
		{"an answer to it", attached("From: joe@one.example\nIn-Reply-To: <a@b>\nSubject: complaint about message from 192.0.2.10\n", "", reported), nil},
		{"a subject of a loop", attached("From: feedbackloop@one.example\nSubject: [x] complaint (Hi)\n", "", reported), []string{"jane@one.example"}},
		{"a person who complains", attached("From: joe@one.example\nSubject: complaint\n", "", reported), nil},
		{"the example text of RFC 5965", attached("From: a@one.example\nSubject: FW: Hi\n", "This is an email abuse report for an email message received from IP 192.0.2.10 on\nSunday", reported), []string{"jane@one.example"}},
		{"the fields as text", attached("From: a@one.example\nSubject: FW: Hi\n", "A report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: joe@one.example\n", reported), []string{"joe@one.example"}},
		{"the fields as text, quoted", attached("From: a@one.example\nSubject: FW: Hi\n", "> Feedback-Type: abuse\n> User-Agent: x/1\n> Version: 1\n", reported), nil},
		{"the fields as text of a mailing list", attached("From: a@one.example\nList-Id: <x.y>\n", "Look:\n\nFeedback-Type: abuse\nUser-Agent: x/1\n", reported), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := Parse(readMail(t, test.mail))
			if test.want == nil {
				if !errors.Is(err, ErrNotReport) {
					t.Errorf("got %+v, %v", r, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.FeedbackType != Abuse || !cmp.Equal(r.Recipients(), test.want) {
				t.Errorf("got %s of %v, want abuse of %v", r.FeedbackType, r.Recipients(), test.want)
			}
		})
	}
}

func TestASourceAddressInTheTextIsTaken(t *testing.T) {
	r, err := Parse(readMail(t, attached("From: a@one.example\n", "This is an email abuse report for an email message received from IP 192.0.2.10 on Sunday", reported)))
	if err != nil || r.SourceIP.String() != "192.0.2.10" {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestAMailWithAnAttachedOneIsAComplaintOnlyWhenAsked(t *testing.T) {
	mail := attached("From: Jane <jane@one.example>\nDate: Sun, 22 Nov 2026 06:00:00 +0000\n", "Stop it.", "From: orders@sender.example\nReturn-Path: <b@sender.example>\nTo: undisclosed-recipients:;")
	if r, err := Parse(readMail(t, mail)); !errors.Is(err, ErrNotReport) {
		t.Errorf("got %+v, %v", r, err)
	}
	r, err := ParseAttached(readMail(t, mail))
	if err != nil {
		t.Fatal(err)
	}
	if r.FeedbackType != Abuse || !cmp.Equal(r.Recipients(), []string{"jane@one.example"}) || r.OriginalMailFrom != "b@sender.example" || r.ArrivalDate.IsZero() {
		t.Errorf("got %+v", r)
	}
	for name, mail := range map[string]string{
		"nothing attached": "From: jane@one.example\n\nStop it.\n",
		"an answer":        attached("From: jane@one.example\nIn-Reply-To: <a@b>\n", "", reported),
		"nobody":           attached("Subject: x\n", "", reported),
		"a bounce":         "From: jane@one.example\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n" + reported + "\n\n--b--\n",
	} {
		if r, err := ParseAttached(readMail(t, mail)); !errors.Is(err, ErrNotReport) {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}

// xarfMail is a mail with the JSON in an attachment.
func xarfMail(json string) string {
	return "From: abuse@one.example\nX-XARF: PLAIN\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nA report.\n\n--b\nContent-Type: application/json\n\n" + json + "\n\n--b--\n"
}

func TestXARFIsReadInItsVersions(t *testing.T) {
	payload := base64.StdEncoding.EncodeToString([]byte(reported + "\n\nHello\n"))
	for _, test := range []struct {
		name, json string
		want       *Report
	}{
		{"version 4", `{"xarf_version":"4.0.0","category":"messaging","type":"spam","timestamp":"2026-11-22T06:00:00Z","reporter":{"org":"One"},"source_identifier":"192.0.2.10","source_port":4000,"smtp_from":"orders@sender.example","smtp_to":"jane@one.example","evidence":[{"content_type":"message/rfc822","payload":"` + payload + `"}]}`,
			&Report{FeedbackType: Abuse, Version: "4.0.0", UserAgent: "One", Incidents: 1, OriginalMailFrom: "orders@sender.example", OriginalRcptTo: []string{"jane@one.example"}, SourcePort: 4000}},
		{"version 3", `{"Version":"3","ReporterInfo":{"ReporterOrg":"One"},"Report":{"ReportClass":"Messaging","ReportType":"Phishing","SmtpRcptToAddress":"jane@one.example"}}`,
			&Report{FeedbackType: Fraud, Version: "3", UserAgent: "One", Incidents: 1, OriginalRcptTo: []string{"jane@one.example"}}},
		{"cut off", `{"xarf_version":"4.0.0","category":"messaging","type":"malware","smtp_to":"jane@one.example","evidence":[{"payload":"aaaa`,
			&Report{FeedbackType: Virus, Version: "4.0.0", Incidents: 1, OriginalRcptTo: []string{"jane@one.example"}}},
		{"about something else", `{"xarf_version":"4.0.0","category":"connection","type":"ddos"}`, nil},
		{"other JSON", `{"category":"messaging","smtp_to":"jane@one.example"}`, nil},
		{"no JSON", `xarf_version`, nil},
		{"deep", `{"xarf_version":` + strings.Repeat(`[`, 20000), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := Parse(readMail(t, xarfMail(test.json)))
			if test.want == nil {
				if !errors.Is(err, ErrNotReport) {
					t.Errorf("got %+v, %v", r, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.name == "version 4" && (r.SourceIP.String() != "192.0.2.10" || r.ArrivalDate.IsZero() || r.Returned.Get("Subject") != "Hi") {
				t.Errorf("got %+v", r)
			}
			r.ArrivalDate, r.Returned = test.want.ArrivalDate, nil
			if diff := cmp.Diff(test.want, r, cmp.Comparer(func(a, b netip.Addr) bool { return true })); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestUnreadableRecipientsAreFoundInTheSendersOwnMarks(t *testing.T) {
	for _, test := range []struct{ name, returned, want string }{
		{"return path", "Return-Path: <news-bounces+jane=one.example@sender.example>", "jane@one.example"},
		{"field", "X-Subscriber: jane@one.example", "jane@one.example"},
		{"mailto", "List-Unsubscribe: <mailto:off-jane=one.example@sender.example>", "jane@one.example"},
		{"mailto with a subject", "List-Unsubscribe: <mailto:off@sender.example?subject=unsubscribe%20jane%40one.example>", "jane@one.example"},
		{"query", "List-Unsubscribe: <https://sender.example/off?f=orders@sender.example&e=jane%40one.example>", "jane@one.example"},
		{"path", "List-Unsubscribe: <https://sender.example/off/jane%40one.example/7>", "jane@one.example"},
		{"base64", "List-Unsubscribe: <https://sender.example/off?e=amFuZUBvbmUuZXhhbXBsZQ>", "jane@one.example"},
		{"several links with one", "List-Unsubscribe: <mailto:off@sender.example>, <https://sender.example/off?e=jane@one.example>", "jane@one.example"},
		{"two in the links", "List-Unsubscribe: <https://sender.example/off?e=jane@one.example&g=joe@one.example>", "redacted@one.example"},
		{"a number", "List-Unsubscribe: <https://sender.example/off?id=1234567890>", "redacted@one.example"},
		{"no link", "List-Unsubscribe: <%zz>, nothing", "redacted@one.example"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := message("Feedback-Type: abuse\nOriginal-Rcpt-To: redacted@one.example")
			m.Returned = report.ParseHeader("From: orders@sender.example\nTo: redacted@one.example\n" + test.returned)
			r, err := Parse(m)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{test.want}, r.Recipients()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
