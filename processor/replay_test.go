package processor

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/suppression"
)

func (w *workshop) replay(seq uint64, notify bool) Replayed {
	w.t.Helper()
	replayed, err := w.worker.Replay(w.t.Context(), seq, notify)
	if err != nil {
		w.t.Fatal(err)
	}
	return replayed
}

func TestAReplayGivesAReportThatMatchedNoMailItsEffects(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.publish(bounceMail{id: "r1", recipients: []string{"a@example.net"}, original: "<m1@sender.example>"}.String())
	w.turn(1)
	if got := w.replay(1, false); got.Before.Trust != TrustC || got.After.Trust != TrustC || got.Listed != nil || got.Notifications != 0 {
		t.Errorf("with nothing changed: %+v", got)
	}
	w.send("<m1@sender.example>", "a@example.net")
	got := w.replay(1, false)
	if got.Before.Trust != TrustC || got.After.Trust != TrustB || len(got.Listed) != 1 || got.Notifications != 1 {
		t.Errorf("got %+v", got)
	}
	if w.lists("a@example.net") != "account" || len(w.published(w.topic)) != 1 || w.counts().Bounces != 1 {
		t.Errorf("on %q, %d notifications, %+v", w.lists("a@example.net"), len(w.published(w.topic)), w.counts())
	}
	w.replay(1, false)
	if len(w.arrived()) != 1 || len(w.published(w.topic)) != 1 || w.counts() != (statistics.Counts{DeliveryAttempts: 1, Bounces: 1}) {
		t.Errorf("the effects came twice: %d records, %d notifications, %+v", len(w.arrived()), len(w.published(w.topic)), w.counts())
	}
	w.replay(1, true)
	if entries := w.outboxOf(delivery.KindNotification); len(entries) != 2 || entries[0].MessageID == entries[1].MessageID || entries[0].FeedbackID != entries[1].FeedbackID {
		t.Errorf("asked to notify: %+v", entries)
	}
}

// Rules that were wrong are mended, and the mails of yesterday run through them.
func TestAReplayTakesOffTheListWhatTodaysRulesWouldNotPutThere(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "a@example.net", "b@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"a@example.net", "b@example.net"}, original: "<m1@sender.example>"}.String())
	w.turn(1)
	w.transact(func(tx *sql.Tx) error { // meanwhile b is there for a cause of its own
		return suppression.Put(t.Context(), tx, suppression.Entry{List: suppression.List{Account: account.DefaultID}, Address: "b@example.net", Reason: suppression.Manual}, now)
	})
	rules, err := classify.New(classify.File{Name: "own.yaml", Content: []byte(`
- name: our-outage
  cause: system
  text: |
    no such user
  example: |
    550 5.1.1 no such user
`)})
	if err != nil {
		t.Fatal(err)
	}
	w.worker.Rules = rules
	got := w.replay(1, false)
	if len(got.Delisted) != 1 || got.Delisted[0] != (ReplayedChange{"a@example.net", "account"}) || got.After.Recipients[0].BounceType != "Transient" || got.After.Recipients[0].Listed {
		t.Errorf("got %+v", got)
	}
	if w.lists("a@example.net") != "" || w.lists("b@example.net") != "account" {
		t.Errorf("a is on %q, b on %q", w.lists("a@example.net"), w.lists("b@example.net"))
	}
	if _, err := w.worker.Replay(t.Context(), 99, false); !errors.Is(err, bus.ErrGone) {
		t.Errorf("a mail that never was: %v", err)
	}
}
