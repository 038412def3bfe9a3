package processor

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/classify"
)

// read recognizes one of the recorded mails.
func read(t *testing.T, name string) Report {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(testdata, "recordings", name))
	if err != nil {
		t.Fatal(err)
	}
	return Recognize(bytes.NewReader(raw), classify.Default())
}

// only is the single recipient of a recorded report.
func only(t *testing.T, name string) Recipient {
	t.Helper()
	found := read(t, name)
	if len(found.Recipients) != 1 {
		t.Fatalf("%s: got %d recipients, want 1", name, len(found.Recipients))
	}
	return found.Recipients[0]
}

// The same cause gives the same bounce type whatever the MTA makes of it: exim, courier and OpenSMTPD write Status 5.0.0 for everything.
func TestTheSameCauseGivesTheSameTypeWhateverTheMTA(t *testing.T) {
	for cause, want := range map[string]string{
		"nouser": "Permanent/NoEmail", "nocode": "Permanent/NoEmail", "multiline": "Permanent/NoEmail", "plus": "Permanent/NoEmail",
		"quoted": "Permanent/NoEmail", "nomsgid": "Permanent/NoEmail", "longaddr": "Permanent/NoEmail", "nxdomain": "Permanent/NoEmail",
		"disabled": "Permanent/General", "moved": "Permanent/General", "overquota": "Transient/MailboxFull",
		"full": "Transient/MailboxFull", "grey": "Transient/General", "ratelimit": "Transient/General", "relay": "Transient/General",
		"listed": "Transient/General", "policy": "Transient/General", "spam": "Transient/ContentRejected", "toobig": "Transient/MessageTooLarge",
		"refused": "Transient/General", "silent": "Transient/General", "unreach": "Transient/General", "busy": "Transient/General",
		"dsnfull": "Permanent/NoEmail", "dsnhdrs": "Permanent/NoEmail", "rfc2047": "Permanent/NoEmail",
	} {
		files, err := filepath.Glob(filepath.Join(testdata, "recordings", "*", cause+".*.eml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no recordings of %s: %v", cause, err)
		}
		for _, file := range files {
			name := strings.TrimPrefix(filepath.ToSlash(file), testdata+"/recordings/")
			if exceptions[name] != "" || strings.Contains(name, ".delayed") {
				continue
			}
			t.Run(name, func(t *testing.T) {
				for _, recipient := range read(t, name).Recipients {
					if got := recipient.Cause.BounceType + "/" + recipient.Cause.BounceSubType; got != want {
						t.Errorf("got %s (rule %s), want %s", got, recipient.Cause.Rule, want)
					}
				}
			})
		}
	}
}

// exceptions are the mails in which the reporter does not give the reason that the others give.
var exceptions = map[string]string{}

func TestADelayedReportIsNoBounce(t *testing.T) {
	for _, name := range []string{"postfix/full.delayed.eml", "exim4/grey.delayed.eml", "sendmail/busy.delayed.eml", "opensmtpd/grey.delayed.eml"} {
		if got := read(t, name).Kind; got != KindDelay {
			t.Errorf("%s: got %s, want %s", name, got, KindDelay)
		}
	}
}

// OpenSMTPD says delayed, 4.4.7 and "Envelope expired" of what it has given up.
func TestExpiryIsFinalWhateverActionSays(t *testing.T) {
	found := read(t, "opensmtpd/full.delayed.2.eml")
	recipient := found.Recipients[0]
	if found.Kind != KindBounce || recipient.Cause.BounceType != "Transient" || recipient.Action != "delayed" || recipient.Status != "4.4.7" {
		t.Errorf("got %s, %+v", found.Kind, recipient)
	}
}

func TestFailedOverAReplyOf4xxIsTransient(t *testing.T) {
	for _, name := range []string{"postfix/full.failed.eml", "exim4/full.failed.eml", "sendmail/full.failed.eml", "exim4/grey.failed.eml"} {
		if got := only(t, name).Cause.BounceType; got != "Transient" {
			t.Errorf("%s: got %s, want Transient", name, got)
		}
	}
}

func TestTheReportsOwnFieldsStayAsTheyAre(t *testing.T) {
	for name, want := range map[string][3]string{
		"exim4/nouser.failed.eml":      {"failed", "5.0.0", "smtp; 550 5.1.1"},
		"sendmail/relayed.relayed.eml": {"relayed", "2.1.5", "SMTP; 250 2.1.5 Ok"},
		"postfix/nouser.failed.eml":    {"failed", "5.1.1", "smtp; 550 5.1.1"},
		"opensmtpd/nouser.failed.eml":  {"failed", "5.0.0", ""},
		"nullmailer/nouser.failed.eml": {"failed", "5.1.1", "smtp; 550 5.1.1"},
		"postfix/nxdomain.failed.eml":  {"failed", "5.4.4", "X-Postfix;"},
	} {
		r := only(t, name)
		if r.Action != want[0] || r.Status != want[1] || !strings.HasPrefix(strings.ToLower(r.DiagnosticCode), strings.ToLower(want[2])) {
			t.Errorf("%s: got %q %q %q, want %q", name, r.Action, r.Status, r.DiagnosticCode, want)
		}
	}
}

func TestAReportIsLookedForBeforeAnAutoReply(t *testing.T) {
	if got := read(t, "postfix/nouser.failed.eml"); got.Kind != KindBounce || got.Header.Get("Auto-Submitted") != "auto-replied" {
		t.Errorf("got %s", got.Kind)
	}
}

func TestAutoRepliesAreRecognizedWithoutAutoSubmitted(t *testing.T) {
	mails(t, "recordings/autoreply", func(t *testing.T, path string, raw []byte) {
		if got := Recognize(bytes.NewReader(raw), classify.Default()); got.Kind != KindAutoReply {
			t.Errorf("%s: got %s, want %s", path, got.Kind, KindAutoReply)
		}
	})
}

func TestUTF8AddressesAreDecoded(t *testing.T) {
	for _, name := range []string{"postfix/utf8nouser.failed.eml", "exim4/utf8nouser.failed.eml"} {
		if got := only(t, name).Address; !strings.HasPrefix(got, "pélé") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestARecipientThatIsNamedTwiceCountsOnce(t *testing.T) {
	if found := read(t, "postfix/later.relayed.eml"); len(found.Recipients) != 1 || found.Kind != KindDelivery {
		t.Errorf("got %s of %d recipients, want a delivery of 1", found.Kind, len(found.Recipients))
	}
}

// The failed address of a forwarded mail is not the one that we sent to: that one is meant.
func TestAForwardedMailsBounceMeansTheAddressThatWeSentTo(t *testing.T) {
	found := read(t, "postfix/forwarded.failed.eml")
	match := matchRecorded(found, registered(found))
	if len(match.Recipients) != 1 {
		t.Fatalf("got %d recipients, want 1", len(match.Recipients))
	}
	if got := match.Recipients[0]; got.SentTo == got.Address || !strings.HasSuffix(got.SentTo, "@provider.example") {
		t.Errorf("failed address %s, sent to %s", got.Address, got.SentTo)
	}
}

func TestReportsOfChecksAndOfGoodMailAreNoComplaints(t *testing.T) {
	for _, name := range []string{"opendmarc/auth-failure.eml", "pigeonhole/report-not-spam.eml"} {
		found := read(t, name)
		effects, err := decide(found, matchRecorded(found, registered(found)), sender(), received)
		if err != nil {
			t.Fatal(err)
		}
		if len(effects.Listings) != 0 || effects.Counts.Complaints != 0 || len(effects.Notifications) != 1 {
			t.Errorf("%s: got %d listings, %d complaints, %d notifications; want 0, 0, 1", name, len(effects.Listings), effects.Counts.Complaints, len(effects.Notifications))
		}
	}
}

// Sendmail reports an alias that it expanded without naming a recipient in the machine-readable part.
func TestSendmailsExpandedAliasIsADelivery(t *testing.T) {
	found := read(t, "sendmail/expanded.nodsn.eml")
	if found.Kind != KindDelivery || len(found.Recipients) != 1 || found.Recipients[0].Address != "team@sender.example" {
		t.Errorf("got %s, %+v", found.Kind, found.Recipients)
	}
}
