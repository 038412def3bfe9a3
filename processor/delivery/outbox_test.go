package delivery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/topic"
)

// change runs one of Redrive and Drop.
func (f *fixture) change(do func(ctx context.Context, tx *sql.Tx) (int, error)) (n int, err error) {
	f.t.Helper()
	err = f.store.Transact(f.t.Context(), func(tx *sql.Tx) (err error) {
		n, err = do(f.t.Context(), tx)
		return err
	})
	return n, err
}

func (f *fixture) redrive(filter Filter) (int, error) {
	return f.change(func(ctx context.Context, tx *sql.Tx) (int, error) { return Redrive(ctx, tx, filter, f.clock.now()) })
}

func (f *fixture) drop(filter Filter) (int, error) {
	return f.change(func(ctx context.Context, tx *sql.Tx) (int, error) { return Drop(ctx, tx, filter) })
}

func (f *fixture) purge(before time.Time, limit int) int {
	f.t.Helper()
	n, err := f.change(func(ctx context.Context, tx *sql.Tx) (int, error) { return Purge(ctx, tx, before, limit) })
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

func TestEnqueueRefusesWhatCannotBeDelivered(t *testing.T) {
	f := newFixture(t)
	good := Message{ID: "m", Kind: KindNotification, Body: "{}", Targets: []Target{{Protocol: "http", Endpoint: "http://a.example/"}}}
	tests := map[string]struct {
		change func(*Message)
		want   error
	}{
		"nothing wrong":     {func(*Message) {}, nil},
		"the largest body":  {func(m *Message) { m.Body = strings.Repeat("x", MaxMessage) }, nil},
		"no id":             {func(m *Message) { m.ID = "" }, ErrMessage},
		"no kind":           {func(m *Message) { m.Kind = "" }, ErrMessage},
		"no protocol":       {func(m *Message) { m.Targets = []Target{{Endpoint: "http://a.example/"}} }, ErrMessage},
		"no endpoint":       {func(m *Message) { m.Targets = []Target{{Protocol: "http"}} }, ErrMessage},
		"a body too large":  {func(m *Message) { m.Body = strings.Repeat("x", MaxMessage+1) }, ErrTooLarge},
		"too large in all":  {func(m *Message) { m.Body, m.Subject = strings.Repeat("x", MaxMessage), "s" }, ErrTooLarge},
		"nobody to send to": {func(m *Message) { m.Targets = nil }, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := good
			test.change(&m)
			err := f.store.Transact(t.Context(), func(tx *sql.Tx) error { return Enqueue(t.Context(), tx, m, start) })
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	f.wantDepth(2, 0)
	if _, err := f.drop(Filter{}); err != nil {
		t.Fatal(err)
	}
	f.wantEmpty()
}

func TestABodyIsStoredOnce(t *testing.T) {
	f := newFixture(t)
	m := Message{ID: "m", Kind: KindNotification, Subject: "s", Body: "{}", FeedbackID: "f", FeedbackSeq: 1 << 63}
	for i := range 3 {
		m.Targets = append(m.Targets, Target{SubscriptionARN: fmt.Sprint("arn", i), Protocol: "http", Endpoint: fmt.Sprint("http://a.example/", i%2)})
	}
	f.enqueue(m)
	var messages, endpoints int
	err := f.store.Read.QueryRow(`SELECT (SELECT COUNT(*) FROM outbox_message), (SELECT COUNT(*) FROM outbox_endpoint)`).Scan(&messages, &endpoints)
	if err != nil || messages != 1 || endpoints != 2 {
		t.Errorf("got %d messages and %d endpoints, error %v", messages, endpoints, err)
	}
	entries := f.list(Filter{})
	want := Entry{ID: entries[0].ID, MessageID: "m", Kind: KindNotification, FeedbackID: "f", FeedbackSeq: 1 << 63, Published: start,
		SubscriptionARN: "arn0", Protocol: "http", Endpoint: "http://a.example/0", State: Waiting, Next: start}
	if diff := cmp.Diff(want, entries[0]); diff != "" {
		t.Error(diff)
	}
}

// fail has every entry fail for good.
func (f *fixture) fail(n int) {
	f.t.Helper()
	g := newGate()
	w := f.run(map[string]Sender{topic.HTTP: g, SMTP: g})
	for range n {
		g.open <- Result{Outcome: Final, Status: 410, Answer: "gone", Err: errors.New("HTTP 410")}
	}
	w.stop()
}

func TestListFiltersAndPages(t *testing.T) {
	f := newFixture(t)
	one, two := f.subscribe("http://one.example/"), f.subscribe("http://two.example/")
	f.publish("1", one, two)
	f.fail(2)
	f.publish("2", one)
	f.enqueue(Message{ID: "mail", Kind: KindFeedbackForward, Targets: []Target{{Protocol: SMTP, Endpoint: "news@example.org"}}})
	ids := func(filter Filter) (list []int64) {
		t.Helper()
		for _, e := range f.list(filter) {
			list = append(list, e.ID)
		}
		return list
	}
	tests := []struct {
		name   string
		filter Filter
		want   []int64
	}{
		{"all", Filter{}, []int64{1, 2, 3, 4}},
		{"failed", Filter{State: Failed}, []int64{1, 2}},
		{"waiting", Filter{State: Waiting}, []int64{3, 4}},
		{"ids", Filter{IDs: []int64{2, 3, 99}}, []int64{2, 3}},
		{"topic", Filter{TopicARN: f.topic.ARN}, []int64{1, 2, 3}},
		{"subscription", Filter{SubscriptionARN: one.ARN}, []int64{1, 3}},
		{"endpoint", Filter{Endpoint: "news@example.org"}, []int64{4}},
		{"all together", Filter{IDs: []int64{1, 2, 3}, State: Failed, TopicARN: f.topic.ARN, SubscriptionARN: one.ARN, Endpoint: one.Endpoint}, []int64{1}},
		{"none", Filter{TopicARN: "x"}, nil},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, ids(test.filter)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	page, err := List(t.Context(), f.store.Read, Filter{}, 1, 2)
	if err != nil || len(page) != 2 || page[0].ID != 2 || page[1].ID != 3 {
		t.Errorf("got %+v, error %v", page, err)
	}
	for name, filter := range map[string]Filter{"state": {State: "lost"}, "ids": {IDs: make([]int64, 1001)}} {
		if _, err := List(t.Context(), f.store.Read, filter, 0, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := f.redrive(filter); err == nil {
			t.Errorf("%s: no error from redrive", name)
		}
		if _, err := f.drop(filter); err == nil {
			t.Errorf("%s: no error from drop", name)
		}
	}
}

func TestRedriveStartsAgainAndEndsThePause(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	sub := f.subscribe(s.URL)
	first := f.publish("1", sub)
	f.publish("2", sub)
	f.fail(2)
	f.wantDepth(0, 2)
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE outbox_endpoint SET failures = 30, paused_until = $1`, start.Add(time.Hour).UnixMilli())
		return err
	})
	f.clock.advance(time.Minute)
	if n, err := f.redrive(Filter{IDs: []int64{1}, State: Failed}); n != 1 || err != nil {
		t.Fatalf("got %d, error %v", n, err)
	}
	f.wantDepth(1, 1)
	want := f.list(Filter{State: Waiting})[0]
	if want.Attempts != 0 || want.Next != start.Add(time.Minute) || want.LastStatus != 410 || !want.FailedAt.IsZero() {
		t.Errorf("got %+v", want)
	}
	w := f.run(f.senders())
	if diff := cmp.Diff(map[string]int{"delivered": 1}, w.outcomes(1)); diff != "" {
		t.Error(diff)
	}
	if got := s.next(t).Header.Get("x-amz-sns-message-id"); got != first {
		t.Errorf("got message %s, want the first one's id %s", got, first)
	}
	w.stop()
	f.wantDepth(0, 1)
}

func TestChangesSpareWhatIsBeingSentAndAreBounded(t *testing.T) {
	f := newFixture(t)
	sub := f.subscribe("http://a.example/")
	f.publish("{}", slices.Repeat([]topic.Subscription{sub}, MaxChange+1)...)
	g := newGate()
	w := f.run(map[string]Sender{topic.HTTP: g})
	for range parallelPerEndpoint {
		<-g.begun
	}
	if n, err := f.redrive(Filter{IDs: []int64{1, 2, 3}}); n != 0 || err != nil {
		t.Errorf("%d entries that are being sent were redriven, error %v", n, err)
	}
	if n, err := f.drop(Filter{}); n != MaxChange+1-startClaim || err != nil {
		t.Errorf("got %d, error %v, want all but the %d in hand", n, err, startClaim)
	}
	go func() {
		for range startClaim {
			g.open <- Result{Outcome: Final, Status: 400}
		}
	}()
	w.outcomes(startClaim)
	w.stop()
	f.wantDepth(0, startClaim)
	f.publish("{}", slices.Repeat([]topic.Subscription{sub}, MaxChange)...)
	if n, err := f.drop(Filter{}); n != MaxChange || err != nil {
		t.Errorf("got %d, error %v, want %d at a time", n, err, MaxChange)
	}
	if n, err := f.drop(Filter{}); n != startClaim || err != nil {
		t.Errorf("got %d, error %v, want the last %d", n, err, startClaim)
	}
	f.wantEmpty()
}

func TestPurgeDeletesOldMessagesInWhateverState(t *testing.T) {
	f := newFixture(t)
	one, two := f.subscribe("http://one.example/"), f.subscribe("http://two.example/")
	f.publish("1", one, two)
	f.fail(2)
	f.publish("2", one)
	f.clock.advance(time.Hour)
	f.publish("3", two)
	for _, step := range []struct {
		before time.Time
		limit  int
		want   int
	}{{start, 10, 0}, {start.Add(time.Millisecond), 1, 1}, {start.Add(time.Hour), 10, 1}, {start.Add(time.Hour), 10, 0}} {
		if n := f.purge(step.before, step.limit); n != step.want {
			t.Errorf("got %d, want %d", n, step.want)
		}
	}
	if e := f.one(); e.SubscriptionARN != two.ARN || e.State != Waiting {
		t.Errorf("got %+v", e)
	}
	endpoints, err := Endpoints(t.Context(), f.store.Read, f.clock.now())
	if err != nil || len(endpoints) != 1 {
		t.Errorf("got %v, error %v", endpoints, err)
	}
	var rows int
	if err := f.store.Read.QueryRow(`SELECT COUNT(*) FROM outbox_endpoint`).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d endpoints are kept, error %v, want the one that is in use", rows, err)
	}
	f.purge(f.clock.now().Add(time.Hour), 10)
	f.wantEmpty()
}
