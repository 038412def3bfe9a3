package delivery

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// A message that was read comes whole from memory, and one that is gone from both is no message.
func TestAMessageIsReadOnceForAllItsEndpoints(t *testing.T) {
	f := newFixture(t)
	m := Message{ID: schemas.NewUUID(), TopicARN: f.topic.ARN, Kind: KindNotification, Subject: "s", Body: "b", FeedbackID: "f", FeedbackSeq: 7,
		Attributes: map[string]schemas.MessageAttribute{"n": {Type: "String", Value: "v"}}, Targets: []Target{{Protocol: topic.HTTP, Endpoint: "http://a.example/"}}}
	f.transact(func(ctx context.Context, tx *sql.Tx) error { return Enqueue(ctx, tx, m, start) })
	want := Entry{MessageID: m.ID, TopicARN: m.TopicARN, Kind: m.Kind, Subject: "s", Body: "b", Attributes: m.Attributes, FeedbackID: "f", FeedbackSeq: 7,
		Published: start, State: Waiting}
	var known messages
	load := func() (Entry, bool) {
		e, ok, err := known.load(t.Context(), f.store.Read, 1)
		if err != nil {
			t.Fatal(err)
		}
		return e, ok
	}
	if got, ok := load(); !ok || cmp.Diff(want, got) != "" {
		t.Errorf("read: %v, -want +got:\n%s", ok, cmp.Diff(want, got))
	}
	if _, err := f.change(func(ctx context.Context, tx *sql.Tx) (int, error) { return Drop(ctx, tx, Filter{}) }); err != nil {
		t.Fatal(err)
	}
	if got, ok := load(); !ok || cmp.Diff(want, got) != "" {
		t.Errorf("from memory: %v, -want +got:\n%s", ok, cmp.Diff(want, got))
	}
	known = messages{}
	if _, ok := load(); ok {
		t.Error("what was dropped was found")
	}
}

func TestNoMoreMessagesAreKeptThanThereIsRoomFor(t *testing.T) {
	const size = 1 << 20
	var known messages
	for seq := range int64(100) {
		known.keep(seq, Entry{Body: strings.Repeat("x", size)})
		known.keep(seq, Entry{Body: strings.Repeat("x", size)}) // two read it at a time
	}
	if n := maxKept / (size + keptBeside); len(known.kept) != n || len(known.order) != n || known.bytes != n*(size+keptBeside) {
		t.Errorf("got %d messages, %d in order, %d bytes; want %d", len(known.kept), len(known.order), known.bytes, n)
	}
	if _, ok := known.kept[99]; !ok {
		t.Error("the last one was forgotten")
	}
}

func TestAnAddresseeIsLookedUpAnewAfterASecondAndNobodyIsNotRemembered(t *testing.T) {
	f := newFixture(t)
	sub := f.subscribe("http://a.example/")
	e := Entry{TopicARN: f.topic.ARN, SubscriptionARN: sub.ARN, Kind: KindNotification}
	var known addressees
	find := func() (Addressee, error) { return known.find(t.Context(), f.store.Read, e) }
	if to, err := find(); err != nil || to.Subscription.Raw {
		t.Fatalf("got %+v, %v", to, err)
	}
	sub.Raw = true
	f.transact(func(ctx context.Context, tx *sql.Tx) error { return topic.UpdateSubscription(ctx, tx, sub) })
	for who, one := range known.found {
		one.at = one.at.Add(-addresseeAge)
		known.found[who] = one
	}
	if to, err := find(); err != nil || !to.Subscription.Raw {
		t.Fatalf("got %+v, %v", to, err)
	}
	known = addressees{}
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := topic.DeleteTopic(ctx, tx, f.topic.ARN)
		return err
	})
	for range 2 {
		if _, err := find(); !errors.Is(err, errTopicDeleted) {
			t.Errorf("got %v, want %v", err, errTopicDeleted)
		}
	}
}

// What was claimed and deleted before its attempt, because it is too old or about somebody who is forgotten, is not sent.
func TestAnEntryThatIsDeletedWhileItIsInHandIsNotSent(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	f.publish("body", f.subscribe(s.URL))
	engine := New(f.store, f.senders(), f.log)
	engine.Now = f.clock.now
	claims := engine.perform(t.Context(), order{now: f.clock.now(), owner: engine.name()}).claims
	if len(claims) != 1 || len(claims[0].entries) != 1 {
		t.Fatalf("got %+v", claims)
	}
	one, sender := claims[0].entries[0], engine.sender(topic.HTTP)
	if _, ok, err := engine.load(t.Context(), one.id, one.message); !ok || err != nil {
		t.Fatalf("in hand: got %v, %v", ok, err)
	}
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := Forget(ctx, tx, "%body%", func(string) bool { return true })
		return err
	})
	if got := engine.attempt(t.Context(), sender.Terms(), sender, topic.HTTP, one); got.result.Outcome != NotTried || got.result.Err != nil {
		t.Errorf("got %+v", got.result)
	}
	engine.messages.clear()
	if len(engine.messages.kept)+len(engine.messages.order)+engine.messages.bytes != 0 {
		t.Errorf("kept %+v", engine.messages.order)
	}
}
