package processor

import (
	"context"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// These tests hold what SES's guides say of suppression lists. Each quotes its sentence.

const (
	jane = "jane@example.net"
	// follower is an account without a list of its own.
	follower = "222222222222"
)

// bounced lets a mail to the address bounce for good.
func (w *workshop) bounced(id, addr string) {
	w.t.Helper()
	sent := w.send("<"+id+"@sender.example>", addr)
	w.publish(bounceMail{id: id, recipients: []string{addr}, original: "<" + id + "@sender.example>"}.String(), w.returnPath(sent, addr))
	w.turn(1)
}

// verdict is what a check says to an account at a time; ownList tells whether it uses a list of its own.
func (w *workshop) verdict(owner string, ownList bool, at time.Time) suppression.Verdict {
	w.t.Helper()
	sender := suppression.Sender{Account: owner}
	if ownList {
		sender.Reasons = suppression.Reasons()
	}
	got, err := suppression.Check(w.t.Context(), w.store.Read, sender, jane, at)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *workshop) remove(list suppression.List) {
	w.t.Helper()
	w.transact(func(tx *sql.Tx) error {
		existed, err := suppression.Delete(w.t.Context(), tx, list, jane, now)
		if !existed {
			w.t.Errorf("%s is not on the %s list", jane, list.Name())
		}
		return err
	})
}

// "The Amazon SES suppression list is a list of recipient email addresses that Amazon SES considers to be invalid because the addresses
// have caused a hard bounce for any Amazon SES customer within the past 14 days." "An email address can remain on the suppression list for
// up to 14 days."
func TestGuideAHardBounceForAnyCustomerListsForFourteenDays(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.bounced("r1", jane)
	for at, want := range map[time.Duration]bool{0: true, 14*24*time.Hour - time.Millisecond: true, 14 * 24 * time.Hour: false} {
		if got := w.verdict(follower, false, now.Add(at)); got.Suppressed != want {
			t.Errorf("after %v: got %+v, want suppressed %v", at, got, want)
		}
	}
}

// "The suppression list is Amazon SES-wide. If a recipient address has generated a hard bounce for any Amazon SES sender, then the address
// is added to the suppression list for all Amazon SES senders."
func TestGuideTheListIsForAllSenders(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.bounced("r1", jane)
	for _, owner := range []string{account.DefaultID, follower, "333333333333"} {
		if got := w.verdict(owner, false, now); !got.Suppressed || got.List != suppression.GlobalList {
			t.Errorf("account %s: got %+v", owner, got)
		}
	}
}

// "Amazon SES treats the email as a hard bounce instead of attempting to send it." "You are notified by the same means as you are notified
// of other hard bounces." "Like any hard bounce, suppression list bounces count towards your sending quota and your bounce rate."
func TestGuideASuppressedMailIsAHardBounceThatNotifiesAndCounts(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.bounced("r1", jane)
	subType := w.verdict(follower, false, now).BounceSubType()
	if subType != "Suppressed" {
		t.Fatalf("got sub type %q, want Suppressed", subType)
	}
	suppressed := Recipient{Address: jane, Outcome: OutcomeFailed, Cause: classify.Result{BounceType: "Permanent", BounceSubType: subType, Scope: classify.ScopeRecipient}}
	effects, listed := decided(t, Report{Kind: KindBounce}, matched(TrustA, suppressed), sender())
	other, _ := decided(t, Report{Kind: KindBounce}, matched(TrustA, hardBounce(jane)), sender())
	if effects.Counts != other.Counts || effects.Counts.Bounces != 1 {
		t.Errorf("counted %+v, want as another hard bounce: %+v", effects.Counts, other.Counts)
	}
	if len(effects.Notifications) != 1 || effects.Notifications[0].Topic != other.Notifications[0].Topic {
		t.Errorf("notified by %+v, want as by another hard bounce", effects.Notifications)
	}
	if listed != nil {
		t.Errorf("listed %v by the word of the list itself", listed)
	}
}

// "If you are sure that an address on the suppression list is valid, you can remove it from the list." "Suppression list removal requests
// are processed immediately." "The address will be removed from the suppression list in all AWS regions regardless of the region you are
// using when you submit the request."
func TestGuideARemovalHoldsAtOnceEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.bounced("r1", jane)
	elsewhere, err := suppression.OpenIndex(t.Context(), w.store.Read, "", slog.New(slog.DiscardHandler)) // of a process that hears of changes later
	if err != nil {
		t.Fatal(err)
	}
	if err := elsewhere.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.remove(suppression.List{})
	for _, owner := range []string{account.DefaultID, follower} {
		if got := w.verdict(owner, false, now); got.Suppressed {
			t.Errorf("account %s: got %+v", owner, got)
		}
		if got, err := elsewhere.Check(t.Context(), suppression.Sender{Account: owner}, jane, now); err != nil || got.Suppressed {
			t.Errorf("account %s in another process: got %+v, error %v", owner, got, err)
		}
	}
}

// "If you remove an address from the suppression list when it is indeed undeliverable, then the next time you or another Amazon SES customer
// sends an email to that address, it will hard bounce and the address will go back on the suppression list."
func TestGuideARemovedAddressGoesBackWithTheNextHardBounce(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.bounced("r1", jane)
	w.remove(suppression.List{})
	w.bounced("r2", jane)
	if got := w.verdict(follower, false, now.Add(13*24*time.Hour)); !got.Suppressed {
		t.Errorf("got %+v", got)
	}
}

// "If you send an email to a mailbox simulator address other than the test addresses listed above, the unlisted address will be placed on
// the suppression list." The test addresses themselves bounce "without putting a valid email address on the suppression list".
func TestGuideOnlyTestAddressesOfTheSimulatorStayOffTheList(t *testing.T) {
	for addr, want := range map[string]int{"nobody@simulator.amazonses.com": 2, "bounce@simulator.amazonses.com": 0, "bounce+label@simulator.amazonses.com": 0} {
		if _, listed := decided(t, Report{Kind: KindBounce}, matched(TrustA, hardBounce(addr)), sender()); len(listed) != want {
			t.Errorf("%s: listed %v, want %d entries", addr, listed, want)
		}
	}
}

// "You can override the global suppression list by making sure the address isn't listed in your account-level suppression list and SES will
// still attempt delivery, but if it bounces, the bounce will affect your own reputation, but no one else will get bounces because they can't
// send to that email address if they aren't using their own account-level suppression list."
func TestGuideTheAccountListOverridesTheGlobalList(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.bounced("r1", jane)
	if got := w.verdict(account.DefaultID, true, now); got.List != suppression.AccountList || got.BounceSubType() != "OnAccountSuppressionList" {
		t.Errorf("while it is on the account's list: got %+v", got)
	}
	w.remove(suppression.List{Account: account.DefaultID})
	if got := w.verdict(account.DefaultID, true, now); got.Suppressed {
		t.Errorf("while it is on the global list alone: got %+v", got)
	}
	if got := w.verdict(follower, false, now); !got.Suppressed {
		t.Errorf("who uses no list of their own: got %+v", got)
	}
	before := w.counts()
	w.bounced("r2", jane)
	if got := w.counts(); got.Bounces != before.Bounces+1 {
		t.Errorf("got %d bounces of the account, want one more than %d", got.Bounces, before.Bounces)
	}
	theirs, err := statistics.Points(t.Context(), w.store.Read, follower, now.Add(-time.Hour))
	if err != nil || len(theirs) != 0 {
		t.Errorf("others have counts %v, error %v", theirs, err)
	}
}

// Every report that led to an entry can be found from the address.
func TestWhyNamesTheReportsThatListedAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.bounced("r1", "Jane@example.net")
	w.bounced("r2", jane)
	w.bounced("r3", "joe@example.net")
	w.publish(bounceMail{id: "r4", recipients: []string{jane}, original: "<unknown@sender.example>"}.String(), "nobody@rebound.example")
	w.turn(1)
	for owner, want := range map[string]struct{ mentions, entries int }{account.DefaultID: {2, 2}, "": {3, 1}, follower: {0, 1}} {
		why, err := AskWhy(t.Context(), w.store.Read, suppression.Sender{Account: owner}, "JANE@Example.net", now)
		if err != nil {
			t.Fatal(err)
		}
		if len(why.Mentions) != want.mentions || len(why.Entries) != want.entries || !why.Verdict.Suppressed || why.Address != "JANE@example.net" {
			t.Errorf("account %q: got %+v, want %+v", owner, why, want)
		}
	}
	why, err := AskWhy(t.Context(), w.store.Read, suppression.Sender{Account: account.DefaultID, Reasons: suppression.Reasons()}, jane, now)
	if err != nil {
		t.Fatal(err)
	}
	newest := why.Mentions[0]
	if newest.ID != why.Verdict.Entry.FeedbackID || newest.MessageID != why.Verdict.Entry.MessageID || newest.MessageID == "" {
		t.Errorf("got report %s about mail %s, want that of the entry %+v", newest.ID, newest.MessageID, why.Verdict.Entry)
	}
	want := ArrivedRecipient{Address: jane, Notification: newest.ID, Outcome: "failed", BounceType: "Permanent", BounceSubType: newest.Recipient.BounceSubType,
		Scope: "recipient", Reason: newest.Recipient.Reason, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 no such user", Listed: true}
	if diff := cmp.Diff(want, newest.Recipient); diff != "" || newest.Seq == 0 || !newest.Received.Equal(now) {
		t.Errorf("seq %d at %v:\n%s", newest.Seq, newest.Received, diff)
	}
	if _, err := AskWhy(t.Context(), w.store.Read, suppression.Sender{}, "nobody", now); err == nil {
		t.Error("no address was explained")
	}
}

// The look for an address reads its rows and no others.
func TestWhyUsesTheIndexOfAddresses(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	var id, parent, unused int
	var plan string
	err := g.store.Read.QueryRow(`EXPLAIN QUERY PLAN SELECT feedback_id FROM feedback_recipient WHERE lower(address) IN ($1, lower($2))`, "a", "b").
		Scan(&id, &parent, &unused, &plan)
	if err != nil || plan != "SEARCH feedback_recipient USING INDEX feedback_recipient_by_address (<expr>=?)" &&
		plan != "SEARCH feedback_recipient USING COVERING INDEX feedback_recipient_by_address (<expr>=?)" {
		t.Errorf("got plan %q, error %v", plan, err)
	}
}

func TestAListChangeIsWrittenAsItsSchemaSays(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	ctx := context.Background()
	own, identity := suppression.List{Account: account.DefaultID}, suppression.List{Account: account.DefaultID, Identity: "sender.example"}
	allowed := suppression.List{Account: account.DefaultID, Allow: true}
	g.transact(func(tx *sql.Tx) error {
		for _, entry := range []suppression.Entry{
			{Address: jane, Reason: suppression.Bounce, FeedbackID: "f1", Expires: now.Add(suppression.GlobalListing)},
			{List: own, Address: jane, Reason: suppression.Manual}, {List: identity, Address: jane, Reason: suppression.Complaint}, {List: allowed, Address: jane},
		} {
			if err := suppression.Put(ctx, tx, entry, now); err != nil {
				return err
			}
		}
		for _, list := range []suppression.List{{}, own, identity, allowed} {
			if _, err := suppression.Delete(ctx, tx, list, jane, now); err != nil {
				return err
			}
		}
		return nil
	})
	changes, _, err := suppression.Changes(ctx, g.store.Read, suppression.ChangeQuery{})
	if err != nil || len(changes) != 8 {
		t.Fatal(len(changes), err)
	}
	checkChanges(t, changes)
}

func checkChanges(t *testing.T, changes []suppression.Change) {
	t.Helper()
	for i, change := range changes {
		body, err := ListChange(change)
		if err != nil {
			t.Fatal(err)
		}
		if err := schemas.Validate(schemas.SuppressionChangeSchema, body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		want := map[int]string{0: `{"notificationType":"SuppressionChange","suppressionChange":{"sequence":1,"action":"put","list":"global",` +
			`"emailAddress":"jane@example.net","reason":"BOUNCE","feedbackId":"f1","expires":"2026-02-10T15:00:00.000Z","timestamp":"2026-01-27T15:00:00.000Z"}}`,
			7: `{"notificationType":"SuppressionChange","suppressionChange":{"sequence":8,"action":"disallow","list":"allow","account":"000000000000",` +
				`"emailAddress":"jane@example.net","timestamp":"2026-01-27T15:00:00.000Z"}}`}[i]
		if want != "" && string(body) != want {
			t.Errorf("got  %s\nwant %s", body, want)
		}
	}
}
