package delivery

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

const deadQueue = "arn:aws:sqs:us-east-1:" + account + ":dead"

// script is a sender that gives the results one after the other, and the last of them for ever.
type script struct {
	results chan Result
	last    Result
}

func newScript(results ...Result) *script {
	s := &script{results: make(chan Result, len(results)), last: results[len(results)-1]}
	for _, r := range results {
		s.results <- r
	}
	return s
}

func (s *script) Terms() Terms {
	return Terms{Policy: DefaultPolicy, Timeout: time.Hour, Parallel: 1000, Limit: retryLimit}
}

func (s *script) Send(context.Context, Entry) Result {
	select {
	case r := <-s.results:
		return r
	default:
		return s.last
	}
}

var (
	gone      = Result{Outcome: Final, Status: 410, Answer: "gone for good", Err: errors.New("HTTP 410")}
	down      = Result{Outcome: Retry, Status: 503, Answer: "down", Err: errors.New("HTTP 503")}
	delivered = Result{Outcome: Delivered, Status: 200}
)

// set changes the attributes of a subscription.
func (f *fixture) set(s topic.Subscription, change func(*topic.Subscription)) topic.Subscription {
	f.t.Helper()
	change(&s)
	f.transact(func(ctx context.Context, tx *sql.Tx) error { return topic.UpdateSubscription(ctx, tx, s) })
	return s
}

func TestARedrivePolicyNamesTheQueueOfTheDeadLetters(t *testing.T) {
	f := newFixture(t)
	with := f.set(f.subscribe("http://a.example/with"), func(s *topic.Subscription) { s.RedrivePolicy = `{"deadLetterTargetArn":"` + deadQueue + `"}` })
	without := f.subscribe("http://a.example/without")
	id := f.publish("{}", with, without)
	f.drive(map[string]Sender{topic.HTTP: newScript(gone)})
	for queue, sub := range map[string]topic.Subscription{deadQueue: with, DefaultQueue: without} {
		found := f.list(Filter{Queue: queue})
		if len(found) != 1 || found[0].SubscriptionARN != sub.ARN || found[0].State != Failed || found[0].MessageID != id || DefaultQueue != queue && found[0].Queue != queue {
			t.Errorf("%s holds %+v", queue, found)
		}
	}
	if n, err := f.redrive(Filter{Queue: deadQueue, State: Failed}); n != 1 || err != nil {
		t.Fatalf("redrove %d, error %v", n, err)
	}
	if again := f.list(Filter{State: Waiting}); len(again) != 1 || again[0].Queue != "" || again[0].MessageID != id {
		t.Errorf("got %+v", again)
	}
}

func TestADeadLetterIsTheEnvelopeWithTheReason(t *testing.T) {
	f := newFixture(t)
	sub := f.subscribe("http://a.example/")
	m := Message{ID: schemas.NewUUID(), TopicARN: f.topic.ARN, Kind: KindNotification, Subject: "s", Body: `{"a":1}`, Targets: []Target{target(sub)},
		Attributes: map[string]schemas.MessageAttribute{"color": {Type: "String", Value: "red"}}}
	f.enqueue(m)
	read := func() (DeadLetter, bool) {
		t.Helper()
		e, err := Get(t.Context(), f.store.Read, f.one().ID)
		if err != nil {
			t.Fatal(err)
		}
		letter, ok, err := DeadLetterOf(t.Context(), f.store.Read, f.signer, "https://api.example.net", e)
		if err != nil {
			t.Fatal(err)
		}
		return letter, ok
	}
	if _, ok := read(); ok {
		t.Error("what waits is a dead letter")
	}
	f.drive(map[string]Sender{topic.HTTP: newScript(gone)})
	letter, ok := read()
	certificate, _ := f.signer.Certificate(strings.TrimPrefix(f.signer.SigningCertURL(), "https://sns.us-east-1.amazonaws.com/"))
	e, err := topic.Verify([]byte(letter.Body), certificate)
	if err != nil || !ok || e.MessageID != m.ID || e.Message != m.Body || e.MessageAttributes["color"].Value != "red" {
		t.Errorf("got %+v, error %v", e, err)
	}
	want := map[string]schemas.MessageAttribute{"RequestID": {Type: "String", Value: requestID(f.one())}, "ErrorCode": {Type: "Number", Value: "410"},
		"ErrorMessage": {Type: "String", Value: "HTTP 410"}}
	if diff := cmp.Diff(want, letter.Attributes); diff != "" {
		t.Error(diff)
	}
	f.set(sub, func(s *topic.Subscription) { s.Raw = true })
	if letter, _ = read(); letter.Body != m.Body || letter.Attributes["color"].Value != "red" || len(letter.Attributes) != 4 {
		t.Errorf("raw: got %+v", letter)
	}
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := topic.DeleteTopic(ctx, tx, f.topic.ARN)
		return err
	})
	if letter, _ = read(); !json.Valid([]byte(letter.Body)) || !strings.Contains(letter.Body, m.ID) {
		t.Errorf("of a deleted topic: got %s", letter.Body)
	}
	if _, err := Get(t.Context(), f.store.Read, 99); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestEveryFailedAttemptIsKeptAndTheLatestTwentyShown(t *testing.T) {
	f := newFixture(t)
	sub := f.set(f.subscribe("http://a.example/"), func(s *topic.Subscription) {
		s.DeliveryPolicy = `{"healthyRetryPolicy":{"numRetries":23,"numNoDelayRetries":23}}`
	})
	f.publish("{}", sub)
	f.drive(map[string]Sender{topic.HTTP: newScript(down)})
	attempts := func() []Attempt {
		t.Helper()
		list, err := Attempts(t.Context(), f.store.Read, f.one().ID)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := attempts()
	if len(list) != keptAttempts || list[0].Number != 5 || list[19].Number != 24 {
		t.Fatalf("got %+v", list)
	}
	if diff := cmp.Diff(Attempt{Number: 5, At: start, Status: 503, Error: "HTTP 503", Answer: "down"}, list[0]); diff != "" {
		t.Error(diff)
	}
	if last := list[19].Error; last != "gave up after 24 attempts: HTTP 503" {
		t.Errorf("the last one says %q", last)
	}
	if _, err := f.redrive(Filter{State: Failed}); err != nil {
		t.Fatal(err)
	}
	f.drive(map[string]Sender{topic.HTTP: newScript(gone)})
	if list = attempts(); list[19].Number != 25 || list[19].Error != "HTTP 410" {
		t.Errorf("after a redrive: got %+v", list[19])
	}
	if _, err := f.redrive(Filter{State: Failed}); err != nil {
		t.Fatal(err)
	}
	f.drive(map[string]Sender{topic.HTTP: newScript(delivered)})
	f.wantNoAttempts()
	for name, remove := range map[string]func(){
		"drop":  func() { _, _ = f.drop(Filter{State: Failed}) },
		"purge": func() { f.purge(start.Add(time.Hour), 10) },
	} {
		t.Run(name, func(t *testing.T) {
			f.publish("{}", sub)
			f.drive(map[string]Sender{topic.HTTP: newScript(gone)})
			remove()
			f.wantNoAttempts()
			f.wantEmpty()
		})
	}
}

func (f *fixture) wantNoAttempts() {
	f.t.Helper()
	var rows int
	if err := f.store.Read.QueryRow(`SELECT COUNT(*) FROM outbox_attempt`).Scan(&rows); err != nil || rows != 0 {
		f.t.Errorf("%d attempts are kept of entries that are gone, error %v", rows, err)
	}
}

func TestAThrottledSubscriptionGetsItsShareAndHoldsUpNoOther(t *testing.T) {
	f := newFixture(t)
	slow := f.set(f.subscribe("http://a.example/"), func(s *topic.Subscription) { s.DeliveryPolicy = `{"throttlePolicy":{"maxReceivesPerSecond":2}}` })
	f.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		f.topic, err = topic.CreateTopic(ctx, tx, "us-east-1", topic.Topic{Account: "123456789012", Name: "complaints"}, start)
		return err
	})
	fast := f.subscribe("http://a.example/") // the same endpoint, and so the same queue
	const n = 21
	for i := range n {
		m := Message{ID: fmt.Sprint("slow", i), TopicARN: slow.TopicARN, Kind: KindNotification, Targets: []Target{target(slow)}}
		f.enqueue(m)
	}
	for i := range n {
		f.publish(fmt.Sprint(i), fast)
	}
	var mutex sync.Mutex
	all := map[string][]time.Time{}
	sender := senderFunc(func(e Entry) Result {
		mutex.Lock()
		defer mutex.Unlock()
		all[e.SubscriptionARN] = append(all[e.SubscriptionARN], f.clock.now())
		return delivered
	})
	w := f.run(map[string]Sender{topic.HTTP: sender})
	w.outcomes(n + 2)
	f.clock.advance(time.Second / 2)
	for range n - 2 { // one each half second from here on
		f.clock.advance(time.Second / 2)
		w.Wake()
		w.outcomes(1)
	}
	w.stop()
	f.wantEmpty()
	for i, at := range all[slow.ARN] {
		if want := start.Add(time.Duration(i/2) * time.Second); at.Before(want) {
			t.Errorf("message %d came after %v, want %v", i, at.Sub(start), want.Sub(start))
		}
	}
	if last := all[fast.ARN][n-1]; last != start {
		t.Errorf("the other subscription waited until %v", last.Sub(start))
	}
}

// senderFunc is a sender that does not fail to answer.
type senderFunc func(Entry) Result

func (s senderFunc) Terms() Terms {
	return Terms{Policy: DefaultPolicy, Timeout: time.Hour, Parallel: 1000, Limit: retryLimit}
}
func (s senderFunc) Send(_ context.Context, e Entry) Result { return s(e) }

func TestWhatAThrottleHoldsForAnHourIsADeadLetter(t *testing.T) {
	f := newFixture(t)
	sub := f.set(f.subscribe("http://a.example/"), func(s *topic.Subscription) { s.DeliveryPolicy = `{"throttlePolicy":{"maxReceivesPerSecond":1}}` })
	for range 3 {
		f.publish("{}", sub)
	}
	senders := map[string]Sender{topic.HTTP: newScript(delivered)}
	w := f.run(senders)
	w.outcomes(1)
	for held := 0; held < 2; { // results that are no attempts are not told
		held = 0
		for _, e := range f.list(Filter{State: Waiting}) {
			if e.Next.After(start) {
				held++
			}
		}
		w.Wake()
	}
	w.stop()
	f.clock.advance(time.Hour)
	w = f.run(senders)
	w.outcomes(1)
	for len(f.list(Filter{State: Failed})) == 0 {
		w.Wake()
	}
	w.stop()
	if e := f.one(); e.Attempts != 0 || !strings.Contains(e.LastError, "held for 1h0m0s") || !strings.Contains(e.LastError, "1 messages a second") {
		t.Errorf("got %+v", e)
	}
}
