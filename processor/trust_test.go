package processor

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/statistics"
)

func TestUnmatchedReportIsKeptAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.publish(bounceMail{id: "r1", recipients: []string{"victim@example.net"}, original: "<nobody-sent@this.example>"}.String())
	w.turn(1)
	got := w.arrived()
	if len(got) != 1 || got[0].Trust != TrustC || got[0].Account != "" || got[0].Subject != "Undelivered" {
		t.Fatalf("noted: %+v", got)
	}
	want := []ArrivedRecipient{{Address: "victim@example.net", Outcome: "failed", BounceType: "Permanent", BounceSubType: "NoEmail", Scope: "recipient",
		Reason: got[0].Recipients[0].Reason, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 no such user"}}
	if diff := cmp.Diff(want, got[0].Recipients); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if w.lists("victim@example.net") != "" || len(w.outbox()) != 0 || w.counts() != (statistics.Counts{}) {
		t.Errorf("listed on %q, %d in the outbox, counted %+v", w.lists("victim@example.net"), len(w.outbox()), w.counts())
	}
	if mail, err := w.bus.Mail(t.Context(), got[0].Seq); err != nil || !strings.Contains(string(mail.Raw), "victim@example.net") {
		t.Errorf("the mail is not kept: %v", err)
	}
}

// A bounce may come in before its mail is known, from an old mailbox for example.
func TestUnmatchedReportCountsWhenItComesAgainAfterItsMailWasRegistered(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	report := bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String()
	w.publish(report)
	w.turn(1)
	w.send("<m1@sender.example>", "jane@example.net")
	for range 2 { // and once only
		w.publish(report)
		w.turn(1)
	}
	got := w.arrived()
	if len(got) != 1 || got[0].Trust != TrustB || len(got[0].Recipients) != 1 || !got[0].Recipients[0].Listed {
		t.Errorf("noted: %+v", got)
	}
	if w.lists("jane@example.net") != "account" || w.counts().Bounces != 1 {
		t.Errorf("listed on %q, counted %+v", w.lists("jane@example.net"), w.counts())
	}
}

// Poisoning: whoever has a return path could name anyone in a report to it.
func TestSignedReturnPathMeansTheBoundAddressWhateverFinalRecipientSays(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	sent := w.send("<m1@sender.example>", "reader@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"victim@example.org", "second@example.org"}, original: "<else@sender.example>"}.String(),
		w.returnPath(sent, "reader@example.net"))
	w.turn(1)
	for addr, want := range map[string]string{"reader@example.net": "account global", "victim@example.org": "", "second@example.org": ""} {
		if got := w.lists(addr); got != want {
			t.Errorf("%s is listed on %q, want %q", addr, got, want)
		}
	}
}

func TestForgedAndExpiredReturnPathsProveNothing(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	sent := w.send("<m1@sender.example>", "jane@example.net")
	good := w.returnPath(sent, "jane@example.net")
	forged := "a" + good[1:]
	if good[0] == 'a' {
		forged = "b" + good[1:]
	}
	expired := w.keys.Make(sent.Account, sent.Recipients[0].ID, now.Add(-returnpath.Lifetime-48*time.Hour)) + "@rebound.example"
	unknown := w.keys.Make(sent.Account, sent.Recipients[0].ID+1, now) + "@rebound.example" // signed, for a mail that was never recorded
	for i, to := range []string{forged, expired, unknown, "bounces@rebound.example"} {
		w.publish(bounceMail{id: string(rune('a' + i)), recipients: []string{"jane@example.net"}, original: "<unknown@sender.example>"}.String(), to)
	}
	w.turn(4)
	for i, got := range w.arrived() {
		if got.Trust != TrustC {
			t.Errorf("report %d has trust %s, want C", i, got.Trust)
		}
	}
	if got := w.lists("jane@example.net"); got != "" || len(w.outbox()) != 0 {
		t.Errorf("listed on %q, %d in the outbox", got, len(w.outbox()))
	}
}

func TestCoRecipientsOfASignedReturnPathReachTheAccountsListOnly(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	sent := w.send("<m1@sender.example>", "a@example.net", "b@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"a@example.net", "b@example.net", "c@example.net"}, original: "<m1@sender.example>"}.String(),
		w.returnPath(sent, "a@example.net"))
	w.turn(1)
	for addr, want := range map[string]string{"a@example.net": "account global", "b@example.net": "account", "c@example.net": ""} {
		if got := w.lists(addr); got != want {
			t.Errorf("%s is listed on %q, want %q", addr, got, want)
		}
	}
	if got := len(w.outbox()); got != 2 {
		t.Errorf("%d notifications, want 2", got)
	}
}
