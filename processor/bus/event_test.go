package bus_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go"

	"github.com/rebound-mail/rebound/processor/bus"
)

func TestEventsOnMailSentComeOnceForTheirID(t *testing.T) {
	b := openBus(t)
	for _, id := range []string{"1", "2", "1", "a\r\nb ü", "2"} {
		if err := b.PublishEvent(t.Context(), "mail.sent", id, []byte("body of "+id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.PublishEvent(t.Context(), "suppression.changed", "3", nil); err != nil {
		t.Fatal(err)
	}
	events, err := b.FetchEvents(t.Context(), 10, soon)
	if err != nil {
		t.Fatal(err)
	}
	var want []*bus.Event
	for _, id := range []string{"1", "2", "a\r\nb ü"} {
		want = append(want, &bus.Event{Subject: "mail.sent", ID: id, Body: []byte("body of " + id), Deliveries: 1})
	}
	if diff := cmp.Diff(want, events, cmpopts.IgnoreUnexported(bus.Event{}), cmpopts.IgnoreFields(bus.Event{}, "Published")); diff != "" {
		t.Error(diff)
	}
	if err := b.AckEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if more, err := b.FetchEvents(t.Context(), 10, 0); err != nil || len(more) != 0 {
		t.Errorf("got %d events, error %v", len(more), err)
	}
}

func TestEventsOfManyCallersShareBatchesWithRepeatsAmongThem(t *testing.T) {
	b := openBus(t)
	const callers = 200
	var done sync.WaitGroup
	for i := range callers {
		done.Go(func() {
			if err := b.PublishEvent(t.Context(), "mail.sent", fmt.Sprint(i%50), nil); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	ids := map[string]int{}
	for len(ids) < 50 {
		events, err := b.FetchEvents(t.Context(), callers, soon)
		if err != nil || len(events) == 0 {
			t.Fatalf("got %d ids, error %v; want 50", len(ids), err)
		}
		for _, e := range events {
			ids[e.ID]++
		}
	}
	for id, count := range ids {
		if count != 1 {
			t.Errorf("id %s came %d times", id, count)
		}
	}
}

func TestAnEventNeedsASubjectOfItsFamily(t *testing.T) {
	b := openBus(t)
	for _, subject := range []string{"", "mail", "mail.", "mail.a.b", "mail.*", "mail.>", "other.x", "mail.a b", "feedback.raw"} {
		if err := b.PublishEvent(t.Context(), subject, "1", nil); err == nil {
			t.Errorf("%q: got no error", subject)
		}
	}
}

func TestANotificationIsKeptOnceForItsID(t *testing.T) {
	b := openWith(t, bus.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	other, err := nats.Connect(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	heard, err := other.SubscribeSync("notifications.000000000000.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Flush(); err != nil {
		t.Fatal(err)
	}
	const count = 1200
	notifications := make([]bus.Notification, count)
	for i := range notifications {
		notifications[i] = bus.Notification{
			Subject: "000000000000.Bounce", ID: fmt.Sprint("feedback-", i), Body: fmt.Append(nil, "notification ", i),
		}
	}
	// The first come again between the others, as after a crash in the middle; the last twice in one call.
	again := append(append([]bus.Notification{}, notifications...), notifications[count-1])
	for _, group := range [][]bus.Notification{notifications[:3], notifications[:50], again, notifications, nil} {
		if err := b.PublishNotifications(t.Context(), group); err != nil {
			t.Fatal(err)
		}
	}
	js, err := other.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	info, err := js.StreamInfo("NOTIFICATIONS")
	if err != nil {
		t.Fatal(err)
	}
	if info.State.Msgs != count {
		t.Errorf("got %d notifications, want %d", info.State.Msgs, count)
	}
	message, err := js.GetMsg("NOTIFICATIONS", count)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(message.Data), fmt.Sprint("notification ", count-1); got != want || message.Subject != "notifications.000000000000.Bounce" {
		t.Errorf("got %q on %s, want %q", got, message.Subject, want)
	}
	if message, err := heard.NextMsg(soon); err != nil || message.Header.Get("Nats-Msg-Id") != "feedback-0" {
		t.Errorf("a subscriber heard %v, error %v", message, err)
	}
}

func TestANotificationNeedsASubject(t *testing.T) {
	b := openBus(t)
	for _, subject := range []string{"", "a.", ".a", "a..b", "a.*", ">", "a b"} {
		if err := b.PublishNotifications(t.Context(), []bus.Notification{{Subject: subject, ID: "1"}}); err == nil {
			t.Errorf("%q: got no error", subject)
		}
	}
}
