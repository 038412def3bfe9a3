package classify

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/dsn/status"
)

func TestVerdictRestsOnTheMostTellingEvidence(t *testing.T) {
	tests := []struct {
		name   string
		in     Input
		want   string
		status status.Code
		reply  string
	}{
		{"words before the code", Input{Status: "5.7.1", Diagnostic: "smtp; 550 5.7.1 user unknown"}, "Permanent/NoEmail", status.Code{Class: 5, Subject: 7, Detail: 1}, "550"},
		{"the code in the diagnostic before the Status", Input{Status: "5.0.0", Diagnostic: "smtp; 550 5.1.1 sorry"}, "Permanent/NoEmail", status.Code{Class: 5, Subject: 1, Detail: 1}, "550"},
		{"a Status that says something before the reply code", Input{Status: "5.2.2", Diagnostic: "smtp; 550 sorry"}, "Transient/MailboxFull", status.Code{Class: 5, Subject: 2, Detail: 2}, "550"},
		{"the Status before words that say little", Input{Status: "5.1.1", Diagnostic: "smtp; 550 Access denied"}, "Permanent/NoEmail", status.Code{Class: 5, Subject: 1, Detail: 1}, "550"},
		{"the human text when there is nothing else", Input{Status: "5.0.0", Text: "jane@example.net\n  Unrouteable address\n", Address: "jane@example.net"}, "Permanent/NoEmail", status.Code{Class: 5}, ""},
		{"failed over a temporary reply", Input{Action: "failed", Status: "5.0.0", Diagnostic: "smtp; 450 4.1.1 user unknown"}, "Transient/General", status.Code{Class: 4, Subject: 1, Detail: 1}, "450"},
		{"a permanent reply in a temporary Status", Input{Action: "failed", Status: "4.0.0", Diagnostic: "smtp; 550 user unknown"}, "Permanent/NoEmail", status.Code{Class: 4}, "550"},
		{"expiry whatever its class", Input{Action: "failed", Status: "5.4.7"}, "Transient/General", status.Code{Class: 5, Subject: 4, Detail: 7}, ""},
		{"expiry of a mail to an unknown user", Input{Action: "failed", Status: "4.4.7", Diagnostic: "smtp; user unknown"}, "Transient/General", status.Code{Class: 4, Subject: 4, Detail: 7}, ""},
		{"a full mailbox after expiry", Input{Action: "failed", Status: "4.4.7", Diagnostic: "smtp; 452 4.2.2 over quota"}, "Transient/MailboxFull", status.Code{Class: 4, Subject: 2, Detail: 2}, "452"},
		{"a delay is never permanent", Input{Action: "delayed", Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 user unknown"}, "Transient/General", status.Code{Class: 5, Subject: 1, Detail: 1}, "550"},
		{"the failure in a transcript that begins well", Input{Status: "2.1.0", Diagnostic: "250 2.1.0 ok 250 2.1.5 ok 552 5.2.2 no"}, "Transient/MailboxFull", status.Code{Class: 5, Subject: 2, Detail: 2}, "552"},
		{"nothing at all", Input{}, "Undetermined/Undetermined", status.Code{}, ""},
		{"class 4 and nothing else", Input{Status: "4.0.0"}, "Transient/General", status.Code{Class: 4}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Default().Classify(test.in)
			if got := r.BounceType + "/" + r.BounceSubType; got != test.want || r.Status != test.status || r.SMTPReply != test.reply {
				t.Errorf("got %s, status %s, reply %q by %s, want %s, %s, %q", got, r.Status, r.SMTPReply, r.Rule, test.want, test.status, test.reply)
			}
		})
	}
}

// TestAddressesAreNoWords holds that what stands in an address is never taken
// for a reason.
func TestAddressesAreNoWords(t *testing.T) {
	for _, diagnostic := range []string{
		"550 5.7.1 <user.unknown@example.net>: not today",
		"550 5.7.1 mailbox-full@example.net: not today",
		`550 5.7.1 <"mailbox full"@example.net>: not today`,
		"550 5.7.1 (spam-message@example.net) not today",
	} {
		r := Default().Classify(Input{Diagnostic: diagnostic})
		if r.Rule != "code x.7.*" {
			t.Errorf("%q: got %s by %s, want the rule for x.7.*", diagnostic, r.Reason, r.Rule)
		}
	}
}

func TestTextAboutOthersDoesNotCount(t *testing.T) {
	text := "The following addresses failed:\n\njane@example.net: Domain does not exist\njoe@example.net: Mailbox full\n"
	for address, want := range map[string]string{"jane@example.net": "nohost", "joe@example.net": "full", "jim@example.net": "unknown"} {
		if r := Default().Classify(Input{Status: "5.0.0", Text: text, Address: address}); r.Reason != want {
			t.Errorf("%s: got %s by %s, want %s", address, r.Reason, r.Rule, want)
		}
	}
}

func TestPhrasesMatchWhateverTheSpelling(t *testing.T) {
	for _, diagnostic := range []string{
		"550 MAILBOX FULL", "550-mail\n550 box", "552 mailbox\r\n\tfull", "550-mailbox 550 full", "552-5.2.2 mailbox 552 5.2.2 full",
		"550 Bo\u00eete pleine", "550 Bo\xeete pleine", "550 Boite\u00a0pleine", "mailbox\u00ad full",
	} {
		want := "full"
		if strings.Contains(diagnostic, "mail\n") {
			want = "unknown"
		}
		if r := Default().Classify(Input{Diagnostic: diagnostic}); r.Reason != want {
			t.Errorf("%q: got %s, want %s", diagnostic, r.Reason, want)
		}
	}
}

// TestEveryPairOfSESCanBeReached holds that no name of the bounce type table of
// SES is missing from the causes.
func TestEveryPairOfSESCanBeReached(t *testing.T) {
	c := Default()
	reached := map[outcome]bool{}
	for _, r := range c.allRules() {
		reached[r.cause.permanent] = true
		reached[r.cause.temporary] = true
	}
	for _, want := range []outcome{
		{"Undetermined", "Undetermined"}, {"Permanent", "General"}, {"Permanent", "NoEmail"}, {"Permanent", "Suppressed"},
		{"Permanent", "OnAccountSuppressionList"}, {"Transient", "General"}, {"Transient", "MailboxFull"},
		{"Transient", "MessageTooLarge"}, {"Transient", "ContentRejected"}, {"Transient", "AttachmentRejected"},
	} {
		if !reached[want] {
			t.Errorf("nothing leads to %s/%s", want.bounceType, want.subType)
		}
	}
}

// TestOnlyRecipientFaultsArePermanent holds that no verdict that may suppress
// comes from anything but a fault of the address.
func TestOnlyRecipientFaultsArePermanent(t *testing.T) {
	for _, r := range Default().allRules() {
		if r.cause.permanent.bounceType == "Permanent" && r.cause.scope != ScopeRecipient {
			t.Errorf("cause %s is permanent with scope %s", r.cause.name, r.cause.scope)
		}
	}
}

func (c *Classifier) allRules() []*rule {
	all := []*rule{c.unknown}
	for i := range c.rules {
		all = append(all, &c.rules[i])
	}
	for _, r := range c.codes {
		all = append(all, r)
	}
	for _, r := range c.replies {
		all = append(all, r)
	}
	return all
}

func TestTheTextOfAReportSaysTheSameToAllItsRecipients(t *testing.T) {
	c := Default()
	text := "Your mail could not be delivered.\nThe mailbox is full.\n\nuser2@example.net: no such user\n"
	var searched Searched
	for i := range 200 {
		in := Input{Action: "failed", Status: fmt.Sprintf("5.0.%d", i%3), Text: text, Address: fmt.Sprintf("user%d@example.net", i%4)}
		want := c.Classify(in)
		in.Searched = &searched
		if got := c.Classify(in); got != want {
			t.Errorf("recipient %d: got %+v, want %+v", i, got, want)
		}
	}
	if len(searched.found) == 0 {
		t.Error("nothing was kept")
	}
	searched = Searched{}
	met := map[string]bool{}
	for _, e := range []evidence{{}, {inStatus: status.Code{Class: 4, Subject: 3, Detail: 1}}, {}} { // the rule disk-full asks for a code too
		want, _ := c.match("disk full", maxText, e)
		if got, _ := searched.match(c, "disk full", e); got != want {
			t.Errorf("code %v: got %s, want %s", e.inStatus, got.name, want.name)
		}
		met[want.name] = true
	}
	if len(met) != 2 {
		t.Errorf("the code makes no difference: %v", met)
	}
	for i := range 2 * maxSearched { // a report that shows a code a recipient
		c.Classify(Input{Status: fmt.Sprintf("5.0.%d", i), Text: "The mailbox is full.", Searched: &searched})
	}
	if len(searched.found) > maxSearched {
		t.Errorf("the text was searched %d times", len(searched.found))
	}
}
