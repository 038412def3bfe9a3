package processor

import (
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/sentmail"
)

func TestInsightsAreWhatTheWorkerNotedOfAMail(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	sent := w.send("<m1@sender.example>", "jane@example.net", "joe@provider.example")
	other := w.send("<m2@sender.example>", "jane@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	w.publish(complaintMail("<m1@sender.example>", "Original-Rcpt-To: joe@provider.example", ""))
	w.publish(bounceMail{id: "r2", recipients: []string{"jane@example.net"}, original: "<unknown@sender.example>"}.String())
	w.turn(3)
	got, err := Insights(t.Context(), w.store.Read, []sentmail.Mail{sent, other})
	if err != nil {
		t.Fatal(err)
	}
	send := InsightEvent{Type: account.EventSend}
	want := map[int64][]Insight{
		sent.ID: {
			{"jane@example.net", []InsightEvent{send, {Type: account.EventBounce, BounceType: "Permanent", BounceSubType: "NoEmail"}}},
			{"joe@provider.example", []InsightEvent{send, {Type: account.EventComplaint, FeedbackType: "abuse"}}},
		},
		other.ID: {{"jane@example.net", []InsightEvent{send}}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(InsightEvent{}, "At", "DiagnosticCode")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var plan string
	var unused int
	row := w.store.Read.QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN SELECT 1 FROM feedback f WHERE f.message_id IN ('a', 'b') AND f.message_id <> ''`)
	if err := row.Scan(&unused, &unused, &unused, &plan); err != nil || plan != "SEARCH f USING COVERING INDEX feedback_by_message (message_id=?)" {
		t.Errorf("the reports of a mail are found by %q, %v", plan, err)
	}
}

func TestAMailThatChoosesNoSetHasThatOfItsIdentity(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	events := w.listen("events", "")
	w.publishEvents(events, account.EventSend)
	w.transact(func(tx *sql.Tx) error {
		return account.ChangeIdentity(t.Context(), tx, account.DefaultID, "sender.example", func(i *account.Identity) error {
			i.ConfigurationSet = "news"
			return nil
		})
	})
	mail, err := sentmail.Registration{Source: "news@sender.example", Destination: []string{"jane@example.net"}}.Mail(now)
	if err != nil {
		t.Fatal(err)
	}
	w.transact(func(tx *sql.Tx) error {
		return Registrar{DB: w.store.Read, Region: "us-east-1"}.Record(t.Context(), tx, &mail, now)
	})
	if got := w.published(events); mail.ConfigurationSet != "news" || len(got) != 1 {
		t.Errorf("set %q, %d events", mail.ConfigurationSet, len(got))
	}
}
