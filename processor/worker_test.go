package processor

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

func TestReportHasItsEffectsOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	sent := w.send("<m1@sender.example>", "jane@example.net")
	report := bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}
	to := w.returnPath(sent, "jane@example.net")

	w.publish(report.String(), to)
	report.head = "Received: by another.example; Tue, 27 Jan 2026 15:00:01 +0000\r\n"
	w.publish(report.String(), to) // twice in one batch, by another way
	w.turn(2)
	w.publish(report.String(), to)
	w.turn(1)

	if got := w.arrived(); len(got) != 1 || got[0].Trust != TrustA || got[0].Recipients[0].Address != "jane@example.net" || !got[0].Recipients[0].Listed {
		t.Errorf("noted: %+v", got)
	}
	if got := w.outbox(); len(got) != 1 || got[0].Endpoint != w.endpoint {
		t.Errorf("outbox: %+v", got)
	}
	if want := (statistics.Counts{DeliveryAttempts: 1, Bounces: 1}); w.counts() != want {
		t.Errorf("got %+v, want %+v", w.counts(), want)
	}
	if got := w.lists("jane@example.net"); got != "account global" {
		t.Errorf("listed on %q", got)
	}
	if got := w.counted("rebound_feedback_total", "bounce", "A", "smtp"); got != 1 {
		t.Errorf("counted %v reports, want 1", got)
	}
}

// A crash between the commit and the acknowledgement gives the mail out again.
func TestACommittedMailThatWasNotAcknowledgedChangesNothingWhenItComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	sent := w.send("<m1@sender.example>", "jane@example.net")
	report := bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}
	w.publish(report.String(), w.returnPath(sent, "jane@example.net"))

	batch := w.understand(1)
	w.transact(func(tx *sql.Tx) error { return w.worker.record(t.Context(), tx, batch) })
	before := w.outbox()
	if err := batch[0].received.Nak(0); err != nil {
		t.Fatal(err)
	}
	again := w.fetch(1)
	if again[0].Deliveries != 2 {
		t.Errorf("delivery %d, want 2", again[0].Deliveries)
	}
	if err := w.worker.commit(t.Context(), w.worker.understand(t.Context(), again)); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(before, w.outbox()); diff != "" || len(before) != 1 {
		t.Errorf("the outbox changed:\n%s", diff)
	}
	if got := w.counts().Bounces; got != 1 {
		t.Errorf("got %d bounces, want 1", got)
	}
	if stats, err := w.bus.Stats(t.Context()); err != nil || stats.Waiting != 0 {
		t.Errorf("%d mails wait, %v", stats.Waiting, err)
	}
}

func TestSentMailPublishedBeforeTheBounceIsKnownWhenItArrives(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	for id, body := range map[string]string{"misspelt": `{"messageID": 7}`, "to nobody": `{"source":"a@b.example"}`} {
		if err := w.bus.PublishEvent(t.Context(), "mail.sent", id, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	w.registerOnBus("<m1@sender.example>", "jane@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	w.turn(1)
	if got := w.arrived()[0]; got.Trust != TrustB || got.Account != account.DefaultID {
		t.Errorf("got trust %s, account %q", got.Trust, got.Account)
	}
	if got := w.lists("jane@example.net"); got != "account" {
		t.Errorf("listed on %q", got)
	}
	if stats, err := w.bus.Stats(t.Context()); err != nil || stats.EventsWaiting != 0 {
		t.Errorf("%d events wait, %v", stats.EventsWaiting, err)
	}
}

func TestDeletedTopicFallsBackToForwarding(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "jane@example.net")
	w.transact(func(tx *sql.Tx) error {
		_, err := topic.DeleteTopic(t.Context(), tx, w.topic)
		return err
	})
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	w.turn(1)
	got := w.outboxOf(delivery.KindFeedbackForward)
	if len(got) != 1 || got[0].Endpoint != "news@sender.example" || got[0].FeedbackSeq != w.arrived()[0].Seq {
		t.Errorf("outbox: %+v", got)
	}
}

// A mail that we forwarded ourselves and that comes back must not be forwarded once more.
func TestAForwardedReportThatComesBackIsNotForwardedAgain(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "jane@example.net")
	w.transact(func(tx *sql.Tx) error {
		_, err := topic.DeleteTopic(t.Context(), tx, w.topic)
		return err
	})
	w.publish(bounceMail{id: "r1", head: "X-Rebound-Feedback-Id: 1\r\nAuto-Submitted: auto-generated\r\n", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	w.turn(1)
	if got := w.outboxOf(delivery.KindFeedbackForward); len(got) != 0 {
		t.Errorf("outbox: %+v", got)
	}
}

func (w *workshop) jetstream() jetstream.JetStream {
	w.t.Helper()
	conn, err := nats.Connect(w.bus.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		w.t.Fatal(err)
	}
	return js
}

func TestNotificationsOnTheBusCarryAnIdOfTheirOwnAndComeOnce(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "a@example.net", "b@example.net")
	report := bounceMail{id: "r1", recipients: []string{"a@example.net", "b@example.net"}, original: "<m1@sender.example>"}.String()
	w.publish(report)
	w.publish(report)
	w.turn(2)
	stream, err := w.jetstream().Stream(t.Context(), "NOTIFICATIONS")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for seq := uint64(1); ; seq++ {
		message, err := stream.GetMsg(t.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		ids[message.Header.Get(nats.MsgIdHdr)] = true
		if message.Subject != "notifications."+account.DefaultID+".Bounce" {
			t.Errorf("subject %s", message.Subject)
		}
		if err := schemas.Validate(schemas.NotificationSchema, message.Data); err != nil {
			t.Error(err)
		}
		var body schemas.BounceNotification
		if err := json.Unmarshal(message.Data, &body); err != nil || !strings.HasPrefix(message.Header.Get(nats.MsgIdHdr), body.Bounce.FeedbackID) {
			t.Errorf("id %q of feedback %q, %v", message.Header.Get(nats.MsgIdHdr), body.Bounce.FeedbackID, err)
		}
	}
	if len(ids) != 2 || ids[""] {
		t.Errorf("got the ids %v, want 2", ids)
	}
}

// Run ends when it is told to, and what it has begun is finished by then.
func TestRunFinishesWhatItHasBegun(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "jane@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	woken := make(chan struct{}, 10)
	w.worker.Wake = func() { woken <- struct{}{} }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.worker.Run(ctx) }()
	<-woken
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := w.lists("jane@example.net"); got != "account" {
		t.Errorf("listed on %q", got)
	}
	if stats, err := w.bus.Stats(t.Context()); err != nil || stats.Waiting != 0 || stats.InWork != 0 {
		t.Errorf("%d wait, %d in work, %v", stats.Waiting, stats.InWork, err)
	}
}

func TestTwoWorkersSideBySideDoEverythingOnce(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	const reports = 40
	for i := range reports {
		id := strconv.Itoa(i)
		w.send("<"+id+"@sender.example>", id+"@example.net")
		for range 2 {
			w.publish(bounceMail{id: id, recipients: []string{id + "@example.net"}, original: "<" + id + "@sender.example>"}.String())
		}
	}
	woken := make(chan struct{}, 2*reports)
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for range 2 {
		worker := *w.worker
		worker.Wake = func() { woken <- struct{}{} }
		working.Go(func() {
			if err := worker.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for len(w.arrived()) < reports {
		<-woken
	}
	stop()
	working.Wait()
	if want := (statistics.Counts{DeliveryAttempts: reports, Bounces: reports}); w.counts() != want || len(w.outbox()) != reports || len(w.arrived()) != reports {
		t.Errorf("counted %+v, %d in the outbox, %d arrived; want each report once", w.counts(), len(w.outbox()), len(w.arrived()))
	}
}
