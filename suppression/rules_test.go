package suppression_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/suppression"
)

var (
	global  = suppression.List{}
	own     = suppression.List{Account: ours}
	allowed = suppression.List{Account: ours, Allow: true}
	news    = suppression.List{Account: ours, Identity: "news@sender.example"}
	newsMay = suppression.List{Account: ours, Identity: "news@sender.example", Allow: true}

	bounces    = []suppression.Reason{suppression.Bounce}
	complaints = []suppression.Reason{suppression.Complaint}
)

// on is an entry of a list as it may stand there.
func on(list suppression.List, reason suppression.Reason) suppression.Entry {
	e := suppression.Entry{List: list, Address: jane, Reason: reason}
	if list == global {
		e.Expires = now.Add(suppression.GlobalListing)
	}
	return e
}

// TestWhichListDecides holds the precedence: the account's own lists where it has reasons for them; else what it allows; else
// the global list.
func TestWhichListDecides(t *testing.T) {
	with := func(reasons []suppression.Reason) suppression.Sender {
		return suppression.Sender{Account: ours, Reasons: reasons}
	}
	fromNews := func(reasons []suppression.Reason) suppression.Sender {
		return suppression.Sender{Account: ours, Identity: "News@Sender.example", Reasons: reasons}
	}
	for _, test := range []struct {
		name       string
		entries    []suppression.Entry
		sender     suppression.Sender
		suppressed bool
		list       string
	}{
		{"nothing", nil, with(nil), false, ""},
		{"global", []suppression.Entry{on(global, suppression.Bounce)}, with(nil), true, "global"},
		{"the own list overrides the global one", []suppression.Entry{on(global, suppression.Bounce)}, with(ownList), false, ""},
		{"own", []suppression.Entry{on(own, suppression.Bounce), on(global, suppression.Bounce)}, with(ownList), true, "account"},
		{"own, for another reason", []suppression.Entry{on(own, suppression.Bounce)}, with(complaints), false, ""},
		{"own, switched off", []suppression.Entry{on(own, suppression.Bounce)}, with(nil), false, ""},
		{"manual counts for every reason", []suppression.Entry{on(own, suppression.Manual)}, with(complaints), true, "account"},
		{"manual, switched off", []suppression.Entry{on(own, suppression.Manual)}, with(nil), false, ""},
		{"allowed", []suppression.Entry{on(allowed, ""), on(global, suppression.Bounce)}, with(nil), false, "allow"},
		{"allowed for another account", []suppression.Entry{on(allowed, ""), on(global, suppression.Bounce)}, suppression.Sender{Account: theirs}, true, "global"},
		{"allowed, and bounced for the account itself", []suppression.Entry{on(allowed, ""), on(own, suppression.Bounce)}, with(bounces), true, "account"},
		{"allowed, and complained", []suppression.Entry{on(own, suppression.Complaint), on(allowed, "")}, with(ownList), true, "account"},
		{"of the identity", []suppression.Entry{on(news, suppression.Complaint)}, fromNews(ownList), true, "account"},
		{"of another identity", []suppression.Entry{on(news, suppression.Complaint)}, suppression.Sender{Account: ours, Identity: "shop@sender.example", Reasons: ownList}, false, ""},
		{"of no identity", []suppression.Entry{on(news, suppression.Complaint)}, with(ownList), false, ""},
		{"of the identity, for another reason", []suppression.Entry{on(news, suppression.Complaint)}, fromNews(bounces), false, ""},
		{"of the whole account, sent with an identity", []suppression.Entry{on(own, suppression.Bounce)}, fromNews(bounces), true, "account"},
		{"own for another reason, identity's for this", []suppression.Entry{on(own, suppression.Complaint), on(news, suppression.Bounce)}, fromNews(bounces), true, "account"},
		{"allowed for the identity", []suppression.Entry{on(newsMay, ""), on(global, suppression.Bounce)}, fromNews(nil), false, "allow"},
		{"allowed for another identity", []suppression.Entry{on(newsMay, ""), on(global, suppression.Bounce)}, with(nil), true, "global"},
		{"no account", []suppression.Entry{on(global, suppression.Bounce)}, suppression.Sender{}, true, "global"},
		{"no account has no list", []suppression.Entry{on(global, suppression.Bounce)}, suppression.Sender{Reasons: ownList}, true, "global"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := open(t)
			for _, e := range test.entries {
				l.put(e, now)
			}
			got, err := suppression.Check(t.Context(), l.Read, test.sender, "JANE@example.net", now)
			if err != nil || got.Suppressed != test.suppressed || got.List != test.list {
				t.Errorf("got %+v, error %v, want suppressed %v by list %q", got, err, test.suppressed, test.list)
			}
		})
	}
}

func TestAllowedStaysUntilItIsRemoved(t *testing.T) {
	l := open(t)
	l.put(on(allowed, suppression.Manual), now)
	for _, at := range []time.Time{now, now.Add(13 * day), now.AddDate(50, 0, 0)} {
		l.bounce(jane, at) // once more for another account
		l.want(false, ours, nil, jane, at)
	}
	l.transact(func(ctx context.Context, tx *sql.Tx) error {
		existed, err := suppression.Delete(ctx, tx, allowed, jane, now)
		if !existed {
			t.Error("the entry was gone")
		}
		return err
	})
	l.want(true, ours, nil, jane, now.AddDate(50, 0, 0))
}

func TestAnEntryWithATimeToLiveGoesByItself(t *testing.T) {
	l := open(t)
	e := on(own, suppression.Bounce)
	e.Expires = now.Add(90 * day)
	l.put(e, now)
	l.want(true, ours, ownList, jane, now.Add(90*day-time.Millisecond))
	l.want(false, ours, ownList, jane, now.Add(90*day))
}

// SES's APIs know two reasons.
func TestManualIsShownAsABounceOnSES(t *testing.T) {
	for reason, want := range map[suppression.Reason]suppression.Reason{suppression.Manual: suppression.Bounce, suppression.Bounce: suppression.Bounce,
		suppression.Complaint: suppression.Complaint} {
		if got := reason.SES(); got != want {
			t.Errorf("%s: got %s, want %s", reason, got, want)
		}
	}
}

func TestIdsComeBackAsTheyWere(t *testing.T) {
	l := open(t)
	for _, id := range []string{"", "m1", "<Any.Id@sender.example>", "0100019bfe3a5c5d-0f9a1b2c-3d4e-4f60-8a7b-9c0d1e2f3a4b-000000",
		"0100019BFE3A5C5D-0f9a1b2c-3d4e-4f60-8a7b-9c0d1e2f3a4b-000000", "0100019bfe3a5c5d-0f9a1b2c-3d4e-4f60-8a7b-9c0d1e2f3a4b-000001",
		"0100019bfe3a5c5d0f9a1b2c3-d4e4-f608-a7b9-c0d1e2f3a4-b-000000", "0100019bfe3a5c5d-0f9a1b2c-3d4e-4f60-8a7b-9c0d1e2f3a4g-000000"} {
		e := on(own, suppression.Bounce)
		e.FeedbackID, e.MessageID = id, id
		l.put(e, now)
		got, _, err := suppression.Get(t.Context(), l.Read, own, jane, now)
		if err != nil || got.FeedbackID != id || got.MessageID != id {
			t.Errorf("got %q and %q, error %v, want %q", got.FeedbackID, got.MessageID, err, id)
		}
	}
}

func TestEverywhereFindsAllListsOfAnAccount(t *testing.T) {
	l := open(t)
	for _, list := range []suppression.List{global, own, news, allowed, newsMay, {Account: theirs}} {
		l.put(on(list, suppression.Bounce), now)
	}
	for account, want := range map[string][]suppression.List{"": {global}, ours: {global, own, news, allowed, newsMay}, theirs: {global, {Account: theirs}}} {
		entries, err := suppression.Everywhere(t.Context(), l.Read, account, "JANE@example.net", now)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[suppression.List]bool{}
		for _, e := range entries {
			seen[e.List] = e.Address == jane
		}
		for _, list := range want {
			if !seen[list] {
				t.Errorf("account %q: %+v is missing", account, list)
			}
		}
		if len(entries) != len(want) {
			t.Errorf("account %q: got %d entries, want %d", account, len(entries), len(want))
		}
	}
}

func TestOfTwoForOneAddressTheLaterCounts(t *testing.T) {
	l := open(t)
	first, second := on(own, suppression.Bounce), on(own, suppression.Complaint)
	second.Address = "JANE@example.net"
	l.transact(func(ctx context.Context, tx *sql.Tx) error {
		return suppression.PutMany(ctx, tx, []suppression.Entry{first, on(global, suppression.Bounce), second}, now)
	})
	got := l.check(ours, ownList, jane, now)
	want := suppression.Entry{List: own, Address: jane, Reason: suppression.Complaint, Created: now, Updated: now}
	if diff := cmp.Diff(want, got.Entry); diff != "" {
		t.Error(diff)
	}
}
