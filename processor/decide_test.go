package processor

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

var now = time.Date(2026, 1, 27, 15, 0, 0, 0, time.UTC)

func hardBounce(addr string) Recipient {
	return Recipient{Address: addr, Action: "failed", Status: "5.1.1", DiagnosticCode: "smtp; 550 5.1.1 no such user", Outcome: OutcomeFailed,
		Cause: classify.Result{BounceType: "Permanent", BounceSubType: "NoEmail", Scope: classify.ScopeRecipient}}
}

func matched(trust Trust, recipients ...Recipient) Match {
	match := Match{Trust: trust, Mail: sentmail.Mail{MessageID: schemas.HashedID(now, make([]byte, 16)), Account: "123456789012", Source: "news@sender.example", Sent: now.Add(-time.Minute)}}
	for _, recipient := range recipients {
		match.Mail.Destination = append(match.Mail.Destination, recipient.Address)
		match.Recipients = append(match.Recipients, MatchedRecipient{Recipient: recipient, SentTo: recipient.Address, Trust: trust})
	}
	return match
}

// decided runs decide and returns what the listings are, as "list address reason".
func decided(t *testing.T, found Report, match Match, settings Settings) (Effects, []string) {
	t.Helper()
	found.Date, found.digest = now, make([]byte, 32)
	for _, recipient := range match.Recipients {
		found.Recipients = append(found.Recipients, recipient.Recipient)
	}
	effects, err := decide(found, match, settings, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, notification := range effects.Notifications {
		if err := schemas.Validate(schemas.NotificationSchema, notification.Body); err != nil {
			t.Error(err)
		}
	}
	var listings []string
	for _, entry := range effects.Listings {
		list := "account"
		if entry.Account == "" {
			list = "global"
			if !entry.Expires.Equal(now.Add(14 * 24 * time.Hour)) {
				t.Errorf("%s is listed until %s, want 14 days", entry.Address, entry.Expires)
			}
		} else if want := settings.Account.SuppressedUntil(entry.Reason, now); !entry.Expires.Equal(want) {
			t.Errorf("%s is on the account's list until %s, want %s", entry.Address, entry.Expires, want)
		}
		listings = append(listings, list+" "+entry.Address+" "+string(entry.Reason))
	}
	return effects, listings
}

func TestTrustDecidesWhichListsAHardBounceReaches(t *testing.T) {
	for trust, want := range map[Trust][]string{
		TrustA: {"account jane@example.net BOUNCE", "global jane@example.net BOUNCE"},
		TrustB: {"account jane@example.net BOUNCE"},
		TrustC: nil,
	} {
		effects, got := decided(t, Report{Kind: KindBounce, Format: "rfc3464"}, matched(trust, hardBounce("jane@example.net")), sender())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("trust %s: -want +got:\n%s", trust, diff)
		}
		if wantNotified := trust != TrustC; (len(effects.Notifications) == 1) != wantNotified {
			t.Errorf("trust %s: got %d notifications", trust, len(effects.Notifications))
		}
	}
}

func TestOnlyAFaultOfTheRecipientSuppresses(t *testing.T) {
	for _, scope := range []classify.Scope{classify.ScopeContent, classify.ScopeSender, classify.ScopeNetwork, classify.ScopeSystem, ""} {
		bounce := hardBounce("jane@example.net")
		bounce.Cause.Scope = scope
		if _, got := decided(t, Report{Kind: KindBounce}, matched(TrustA, bounce), sender()); got != nil {
			t.Errorf("scope %q lists %s", scope, got)
		}
	}
}

func TestATransientOrUndeterminedBounceNotifiesAndNeitherListsNorCounts(t *testing.T) {
	for _, pair := range [][2]string{{"Transient", "General"}, {"Transient", "MailboxFull"}, {"Transient", "MessageTooLarge"}, {"Transient", "ContentRejected"},
		{"Transient", "AttachmentRejected"}, {"Undetermined", "Undetermined"}} {
		bounce := hardBounce("jane@example.net")
		bounce.Cause.BounceType, bounce.Cause.BounceSubType = pair[0], pair[1]
		effects, got := decided(t, Report{Kind: KindBounce}, matched(TrustA, bounce), sender())
		if got != nil || effects.Counts != (statistics.Counts{}) || len(effects.Notifications) != 1 {
			t.Errorf("%s: listed %s, counted %+v, %d notifications", pair, got, effects.Counts, len(effects.Notifications))
		}
	}
}

func TestTheWordOfAnotherSuppressionListIsABounceAndNoNewListing(t *testing.T) {
	for _, subType := range []string{"Suppressed", "OnAccountSuppressionList"} {
		bounce := hardBounce("jane@example.net")
		bounce.Cause.BounceSubType = subType
		effects, got := decided(t, Report{Kind: KindBounce}, matched(TrustA, bounce), sender())
		if got != nil || effects.Counts.Bounces != 1 {
			t.Errorf("%s: listed %s, counted %+v", subType, got, effects.Counts)
		}
	}
}

func TestAnAccountThatDoesNotListBouncesKeepsThemOffItsList(t *testing.T) {
	settings := sender()
	settings.Account.SuppressedReasons = []suppression.Reason{suppression.Complaint}
	_, got := decided(t, Report{Kind: KindBounce}, matched(TrustA, hardBounce("jane@example.net")), settings)
	if diff := cmp.Diff([]string{"global jane@example.net BOUNCE"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAnEntryStaysAsLongAsItsAccountChose(t *testing.T) {
	settings := sender()
	settings.Account.SuppressionTTL = map[suppression.Reason]time.Duration{suppression.Bounce: 90 * 24 * time.Hour}
	effects, _ := decided(t, Report{Kind: KindBounce}, matched(TrustA, hardBounce("jane@example.net")), settings)
	complaint := Report{Kind: KindComplaint, Format: "rfc5965", Complaint: &Complaint{FeedbackType: "abuse"}}
	complained, _ := decided(t, complaint, matched(TrustA, Recipient{Address: "jane@example.net"}), settings)
	var got []time.Duration
	for _, entry := range append(effects.Listings, complained.Listings...) {
		if entry.Expires.IsZero() {
			got = append(got, 0)
			continue
		}
		got = append(got, entry.Expires.Sub(now))
	}
	if diff := cmp.Diff([]time.Duration{90 * 24 * time.Hour, suppression.GlobalListing, 0}, got); diff != "" {
		t.Errorf("account's bounce, global bounce, account's complaint: -want +got:\n%s", diff)
	}
}

func TestAnAccountMayListForTheIdentityAlone(t *testing.T) {
	settings := sender()
	settings.Account.SuppressionScope = account.ScopeIdentity
	settings.Identity.Identity = "sender.example"
	effects, _ := decided(t, Report{Kind: KindBounce}, matched(TrustB, hardBounce("jane@example.net")), settings)
	want := suppression.List{Account: settings.Account.ID, Identity: "sender.example"}
	if len(effects.Listings) != 1 || effects.Listings[0].List != want {
		t.Errorf("got %+v, want one entry of %+v", effects.Listings, want)
	}
}

func TestADelayedRecipientIsNoBounce(t *testing.T) {
	late := hardBounce("jane@example.net")
	late.Outcome = OutcomeDelayed
	effects, got := decided(t, Report{Kind: KindDelay}, matched(TrustA, late), sender())
	if got != nil || len(effects.Notifications) != 0 || effects.Counts != (statistics.Counts{}) {
		t.Errorf("listed %s, %d notifications, counted %+v", got, len(effects.Notifications), effects.Counts)
	}
}

func TestAnAutoReplyGoesTheWayOfBouncesAndIsNotCounted(t *testing.T) {
	reply := Recipient{Address: "jane@example.net", Outcome: OutcomeDelivered, Cause: classify.Result{BounceType: "Transient", BounceSubType: "General", Reason: reasonAutoReply}}
	effects, got := decided(t, Report{Kind: KindAutoReply, Format: "rfc3834"}, matched(TrustA, reply), sender())
	if got != nil || effects.Counts != (statistics.Counts{}) {
		t.Errorf("listed %s, counted %+v", got, effects.Counts)
	}
	var notification struct{ Bounce schemas.Bounce }
	if err := json.Unmarshal(effects.Notifications[0].Body, &notification); err != nil {
		t.Fatal(err)
	}
	want := []schemas.BouncedRecipient{{EmailAddress: "jane@example.net"}}
	if diff := cmp.Diff(want, notification.Bounce.BouncedRecipients); diff != "" || notification.Bounce.BounceSubType != "General" || notification.Bounce.BounceType != "Transient" {
		t.Errorf("got %+v\n%s", notification.Bounce, diff)
	}
}

func TestAComplaintListsOnTheAccountsListOnly(t *testing.T) {
	complaint := Report{Kind: KindComplaint, Format: "rfc5965", Complaint: &Complaint{FeedbackType: "abuse"}}
	effects, got := decided(t, complaint, matched(TrustA, Recipient{Address: "jane@example.net"}), sender())
	if diff := cmp.Diff([]string{"account jane@example.net COMPLAINT"}, got); diff != "" || effects.Counts.Complaints != 1 {
		t.Errorf("counted %+v, -want +got:\n%s", effects.Counts, diff)
	}
}

func TestARedactedComplaintNamesAllWhoMayHaveComplainedAndListsNone(t *testing.T) {
	found := Report{Kind: KindComplaint, Format: "rfc5965", Date: now, digest: make([]byte, 32), Complaint: &Complaint{FeedbackType: "abuse", ReporterDomain: "provider.example"}}
	sent := sentmail.Mail{MessageID: schemas.HashedID(now, make([]byte, 16)), Account: "123456789012", Source: "news@sender.example", Sent: now,
		Destination: []string{"a@provider.example", "Bea <b@provider.example>", "c@elsewhere.example"}}
	match := matchRecorded(found, sent)
	effects, err := decide(found, match, sender(), now)
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, recipient := range effects.Recipients {
		named = append(named, recipient.SentTo)
	}
	if diff := cmp.Diff([]string{"a@provider.example", "b@provider.example"}, named); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(effects.Listings) != 0 || effects.Counts.Complaints != 1 || len(effects.Notifications) != 2 {
		t.Errorf("got %d listings, %d complaints, %d notifications; want 0, 1, 2", len(effects.Listings), effects.Counts.Complaints, len(effects.Notifications))
	}
}

func TestTheSimulatorChangesNeitherListsNorStatistics(t *testing.T) {
	for _, addr := range []string{"bounce@simulator.amazonses.com", "Bounce+x@Simulator.AmazonSES.com"} {
		effects, got := decided(t, Report{Kind: KindBounce, Format: "rfc3464"}, matched(TrustA, hardBounce(addr)), sender())
		if got != nil || effects.Counts != (statistics.Counts{}) || len(effects.Notifications) != 1 {
			t.Errorf("%s: listed %s, counted %+v, %d notifications", addr, got, effects.Counts, len(effects.Notifications))
		}
	}
}

func TestSimulatorBouncesOfOneSendShareANotification(t *testing.T) {
	effects, _ := decided(t, Report{Kind: KindBounce, Format: "rfc3464"},
		matched(TrustB, hardBounce("bounce+1@simulator.amazonses.com"), hardBounce("bounce+2@simulator.amazonses.com")), sender())
	if len(effects.Notifications) != 1 {
		t.Errorf("got %d notifications, want 1", len(effects.Notifications))
	}
}

func TestAnUnknownSimulatorAddressIsListed(t *testing.T) {
	_, got := decided(t, Report{Kind: KindBounce}, matched(TrustB, hardBounce("nobody@simulator.amazonses.com")), sender())
	if len(got) != 1 {
		t.Errorf("got %s", got)
	}
}

func TestEachRecipientGetsItsOwnNotificationWithItselfFirst(t *testing.T) {
	match := matched(TrustB, hardBounce("a@example.net"), hardBounce("b@example.net"))
	effects, _ := decided(t, Report{Kind: KindBounce, Format: "rfc3464"}, match, sender())
	if len(effects.Notifications) != 2 {
		t.Fatalf("got %d notifications, want 2", len(effects.Notifications))
	}
	ids := map[string]bool{}
	for i, want := range []string{"a@example.net", "b@example.net"} {
		var notification schemas.BounceNotification
		if err := json.Unmarshal(effects.Notifications[i].Body, &notification); err != nil {
			t.Fatal(err)
		}
		if got := notification.Mail.Destination; got[0] != want || len(got) != 2 {
			t.Errorf("destination %s, want %s first", got, want)
		}
		if got := notification.Bounce.BouncedRecipients; len(got) != 1 || got[0].EmailAddress != want {
			t.Errorf("got %+v, want %s alone", got, want)
		}
		ids[notification.Bounce.FeedbackID] = true
	}
	if len(ids) != 2 {
		t.Error("both notifications have the same feedback id")
	}
}

func TestTheSameReportHasTheSameIds(t *testing.T) {
	first, _ := decided(t, Report{Kind: KindBounce, Format: "rfc3464"}, matched(TrustB, hardBounce("a@example.net"), hardBounce("b@example.net")), sender())
	second, _ := decided(t, Report{Kind: KindBounce, Format: "rfc3464"}, matched(TrustB, hardBounce("a@example.net"), hardBounce("b@example.net")), sender())
	if diff := cmp.Diff(first.Notifications, second.Notifications); diff != "" {
		t.Errorf("-first +second:\n%s", diff)
	}
}

func TestAnIdentityWithoutATopicGetsItsFeedbackForwarded(t *testing.T) {
	settings := sender()
	settings.Identity = account.Identity{Identity: "sender.example", ForwardingEnabled: true}
	effects, _ := decided(t, Report{Kind: KindBounce}, matched(TrustB, hardBounce("a@example.net")), settings)
	if !effects.Forward || effects.Notifications[0].Topic != "" {
		t.Errorf("got forward %t, topic %q", effects.Forward, effects.Notifications[0].Topic)
	}
	delivered := Recipient{Address: "a@example.net", Outcome: OutcomeDelivered}
	if effects, _ = decided(t, Report{Kind: KindDelivery}, matched(TrustB, delivered), settings); effects.Forward {
		t.Error("a delivery is forwarded by mail")
	}
}
