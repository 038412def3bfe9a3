package dsn

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/dsn/report"
)

const recordingsDir = "../testdata/recordings"

// parseRecording reads the recorded mail "postfix/nouser.failed".
func parseRecording(t testing.TB, name string) *Report {
	t.Helper()
	mail, err := os.ReadFile(filepath.Join(recordingsDir, name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(mail))
}

func parse(t testing.TB, mail string) *Report {
	t.Helper()
	m, err := report.Read(strings.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse(m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recordings returns every recorded mail by its name.
func recordings(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(recordingsDir + "/*/*.eml")
	if err != nil || len(files) < 150 {
		t.Fatalf("got %d recordings, %v", len(files), err)
	}
	mails := make(map[string][]byte, len(files))
	for _, file := range files {
		mail, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(recordingsDir, file)
		mails[strings.TrimSuffix(name, ".eml")] = mail
	}
	return mails
}

// The recordings are named after what the report says: "nouser.failed".
func TestEveryRecordedReportIsRead(t *testing.T) {
	reports := 0
	for name, mail := range recordings(t) {
		m, err := report.Read(bytes.NewReader(mail))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Parse(m)
		reporter, file, _ := strings.Cut(name, "/")
		words := strings.Split(file, ".")
		switch reporter {
		case "autoreply", "pigeonhole", "opendmarc", "dma":
			if !errors.Is(err, ErrNotReport) {
				t.Errorf("%s: got %v, want ErrNotReport", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		reports++
		if len(r.Problems) > 0 {
			t.Errorf("%s: got the problems %v", name, r.Problems)
		}
		if r.ReportingMTA.Name != "mta.sender.example" && r.ReportingMTA.Name != "mx.provider.example" {
			t.Errorf("%s: got Reporting-MTA %q", name, r.ReportingMTA)
		}
		if (len(r.Recipients) == 0) != (words[1] == "nodsn") || len(r.Recipients) > 1 && words[0] != "many" {
			t.Errorf("%s: got %d recipients", name, len(r.Recipients))
		}
		for _, recipient := range r.Recipients {
			if string(recipient.Action) != words[1] {
				t.Errorf("%s: got Action %q", name, recipient.Action)
			}
			if recipient.Code.String() != recipient.Status || recipient.Code.IsZero() {
				t.Errorf("%s: got Status %q, %v", name, recipient.Status, recipient.Code)
			}
			if !strings.Contains(recipient.Address, "@") || recipient.Address != recipient.FinalRecipient.Address {
				t.Errorf("%s: got Address %q", name, recipient.Address)
			}
		}
	}
	if reports < 130 {
		t.Errorf("got only %d reports", reports)
	}
}

func TestLineEndsMakeNoDifference(t *testing.T) {
	for name, mail := range recordings(t) {
		m, err := report.Read(bytes.NewReader(mail))
		if err != nil {
			t.Fatal(err)
		}
		want, wantErr := Parse(m)
		for _, ends := range []string{"\n", "\r"} {
			m, err := report.Read(strings.NewReader(strings.ReplaceAll(string(mail), "\r\n", ends)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(m)
			if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, wantErr) {
				t.Errorf("%s with %q: %v\n%s", name, ends, err, diff)
			}
		}
	}
}

// Lessons 1, 2 and 4: what the same cause looks like from each reporter. Status
// and Action stay as they are, however little they say.
func TestTheSameCauseIsReadAsEachReporterTellsIt(t *testing.T) {
	tests := []struct{ name, action, status, diagnosticType, diagnosticText string }{
		{"postfix/nouser.failed", "failed", "5.1.1", "smtp", "550 5.1.1 <nouser@remote.example>: Recipient address rejected: User unknown in virtual mailbox table"},
		{"sendmail/nouser.failed", "failed", "5.1.1", "SMTP", "550 5.1.1 <nouser@remote.example>: Recipient address rejected: User unknown in virtual mailbox table"},
		{"exim4/nouser.failed", "failed", "5.0.0", "smtp", "550 5.1.1 <nouser@remote.example>: Recipient address rejected: User unknown in virtual mailbox table"},
		{"opensmtpd/nouser.failed", "failed", "5.0.0", "", ""},
		{"nullmailer/nouser.failed", "failed", "5.1.1", "SMTP", "550 5.1.1 <nouser@remote.example>: Recipient address rejected: User unknown in virtual mailbox table"},
		{"postfix/full.failed", "failed", "4.2.2", "smtp", "452 4.2.2 The email account that you tried to reach is over quota."},
		{"sendmail/full.failed", "failed", "4.4.7", "SMTP", "452 4.2.2 The email account that you tried to reach is over quota."},
		{"exim4/full.failed", "failed", "5.0.0", "smtp", "452 4.2.2 The email account that you tried to reach is over quota.: retry timeout exceeded"},
		{"opensmtpd/full.delayed.2", "delayed", "4.4.7", "", ""},
		{"exim4/nxdomain.failed", "failed", "5.0.0", "", ""},
		{"sendmail/nxdomain.failed", "failed", "5.1.2", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := parseRecording(t, test.name).Recipients[0]
			if got.ActionText != test.action || got.Status != test.status {
				t.Errorf("got %q %q, want %q %q", got.ActionText, got.Status, test.action, test.status)
			}
			if got.DiagnosticType != test.diagnosticType || got.DiagnosticText != test.diagnosticText {
				t.Errorf("got %q %q,\nwant %q %q", got.DiagnosticType, got.DiagnosticText, test.diagnosticType, test.diagnosticText)
			}
		})
	}
}

// Lesson 3.
func TestOpenSMTPDReportsInMultipartMixed(t *testing.T) {
	r := parseRecording(t, "opensmtpd/many.failed.2")
	if len(r.Recipients) != 3 {
		t.Errorf("got %+v", r.Recipients)
	}
}

// Lesson 5.
func TestNullmailerNamesAnOwnTypeOfHost(t *testing.T) {
	r := parseRecording(t, "nullmailer/multiline.failed")
	if got := r.ReportingMTA.String(); got != "x-local-hostname; mta.sender.example" {
		t.Errorf("got %q", got)
	}
	if got := r.Recipients[0].DiagnosticText; !strings.HasSuffix(got, "go to 550 5.1.1 https://support.remote.example/?p=NoSuchUser 6a1803df08f44-7 - smtp") {
		t.Errorf("got %q", got)
	}
}

// Lesson 6: Courier's From has no address, and its boundary is always the same.
func TestCourierReportsUnderABrokenFrom(t *testing.T) {
	r := parse(t, "From: \"Courier mail server at mta.sender.example\" <@>\nTo: shop@sender.example\nContent-Type: multipart/report; report-type=delivery-status;\n    boundary=\"=_courier_0\"\n\n"+
		"--=_courier_0\nContent-Transfer-Encoding: 7bit\n\nThis is a delivery status notification.\n--=_courier_0\nContent-Type: message/delivery-status\n\n"+
		"Reporting-MTA: dns; mta.sender.example\nArrival-Date: Sun, 22 Nov 2026 05:29:15 +0000\nReceived-From-MTA: dns; app.sender.example (app [192.0.2.3])\n\n"+
		"Final-Recipient: rfc822; nouser@remote.example\nAction: failed\nStatus: 5.0.0\nRemote-MTA: dns; mx1.remote.example [198.51.100.25]\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n"+
		"--=_courier_0\nContent-Type: text/rfc822-headers\n\nSubject: Hello\n--=_courier_0--\n")
	got := r.Recipients[0]
	if got.Address != "nouser@remote.example" || got.RemoteMTA.Name != "mx1.remote.example [198.51.100.25]" || r.ReceivedFromMTA.Name != "app.sender.example" {
		t.Errorf("got %+v", r)
	}
}

// Lesson 7.
func TestActionsCarryCommentsAndDiagnosticsManyTypes(t *testing.T) {
	if got := parseRecording(t, "sendmail/relayed.relayed").Recipients[0]; got.Action != Relayed || got.ActionText != "relayed" {
		t.Errorf("got %q, %q", got.Action, got.ActionText)
	}
	if got := parseRecording(t, "sendmail/success.delivered").Recipients[0]; got.Action != Delivered || got.Address != "carol@sender.example" || got.FinalRecipient.Type != "RFC822" {
		t.Errorf("got %+v", got)
	}
	for name, want := range map[string]string{"postfix/nxdomain.failed": "X-Postfix", "postfix/pipe.failed": "x-unix", "sendmail/pipe.failed": "X-Unix"} {
		if got := parseRecording(t, name).Recipients[0].DiagnosticType; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// Lesson 8: who decodes the xtext of ENVID and ORCPT, and who does not.
func TestXtextIsDecodedWhoeverSendsIt(t *testing.T) {
	for _, name := range []string{"postfix/dsnfull.failed", "sendmail/dsnfull.failed", "exim4/dsnfull.failed"} {
		r := parseRecording(t, name)
		if r.OriginalEnvelopeID != "QQ314159+7" {
			t.Errorf("%s: got Original-Envelope-Id %q", name, r.OriginalEnvelopeID)
		}
		if got := r.Recipients[0].OriginalRecipient.Address; got != "No+User@remote.example" {
			t.Errorf("%s: got Original-Recipient %q", name, got)
		}
	}
}

// Lesson 10: internationalized addresses (RFC 6531, RFC 6533) in three spellings.
func TestInternationalizedAddressesAreRead(t *testing.T) {
	r := parseRecording(t, "postfix/utf8rcpt.failed").Recipients[0]
	if r.Address != "pélé@remote.example" || r.FinalRecipient.Type != "utf-8" || r.OriginalRecipient.String() != "rfc822; pélé@remote.example" {
		t.Errorf("got %+v", r)
	}
	r = parseRecording(t, "exim4/utf8nouser.failed").Recipients[0]
	if r.Address != "pélé@dsn.example" || !strings.Contains(r.DiagnosticCode, `p\303\251l\303\251`) {
		t.Errorf("got %+v", r)
	}
}

// Lesson 11.
func TestARecipientThatIsNamedTwiceIsOne(t *testing.T) {
	r := parseRecording(t, "postfix/later.relayed")
	if len(r.Recipients) != 1 || r.Recipients[0].DiagnosticCode == "" {
		t.Errorf("got %+v", r.Recipients)
	}
}

// Lesson 13: the address that failed, and in the returned mail the one we sent to.
func TestAForwardedMailFailsAtAnAddressWeNeverSentTo(t *testing.T) {
	mail, err := os.ReadFile(recordingsDir + "/postfix/forwarded.failed.eml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := report.Read(bytes.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse(m)
	if err != nil || r.Recipients[0].Address != "nouser@remote.example" || m.Returned.Get("To") != "<karl@provider.example>" {
		t.Errorf("got %+v, %v, %q", r, err, m.Returned.Get("To"))
	}
}

func TestWhatIsComposedIsParsedBackEqual(t *testing.T) {
	mail := report.Mail{
		From: "MAILER-DAEMON@mx.example.net", To: "shop@example.org", Subject: "Undelivered", MessageID: "<1@mx.example.net>",
		Date: time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC), Text: "Sorry.", Returned: report.Header{{Name: "Subject", Value: "Hello"}},
	}
	for name, recorded := range recordings(t) {
		m, err := report.Read(bytes.NewReader(recorded))
		if err != nil {
			t.Fatal(err)
		}
		want, err := Parse(m)
		if err != nil || len(want.Recipients) == 0 {
			continue
		}
		var b bytes.Buffer
		if err := want.Compose(&b, mail); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, parse(t, b.String())); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}
