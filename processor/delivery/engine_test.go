package delivery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

func TestWhatIsDeliveredLeavesTheOutbox(t *testing.T) {
	f := newFixture(t)
	one, two := newSubscriber(t, nil), newSubscriber(t, nil)
	w := f.run(f.senders())
	id := f.publish(`{"a":1}`, f.subscribe(one.URL), f.subscribe(two.URL))
	w.Wake()
	if diff := cmp.Diff(map[string]int{"delivered": 2}, w.outcomes(2)); diff != "" {
		t.Error(diff)
	}
	for _, s := range []*subscriber{one, two} {
		if got := s.next(t); got.Header.Get("x-amz-sns-message-id") != id {
			t.Errorf("got message %s, want %s", got.Header.Get("x-amz-sns-message-id"), id)
		}
	}
	w.stop()
	f.wantEmpty()
}

func TestAFailingEndpointIsTriedOnSNSsSchedule(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "database\x00down", http.StatusInternalServerError)
	})
	w := f.run(f.senders())
	id := f.publish("{}", f.subscribe(s.URL+"/?secret=1"))
	w.Wake()
	var bodies []string
	for attempt := range 4 {
		outcome := "retry"
		if attempt == 3 {
			outcome = "final"
		}
		if diff := cmp.Diff(map[string]int{outcome: 1}, w.outcomes(1)); diff != "" {
			t.Fatalf("attempt %d: %s", attempt+1, diff)
		}
		bodies = append(bodies, s.next(t).Body)
		f.clock.advance(20*time.Second - time.Millisecond)
		w.Wake()
		f.clock.advance(time.Millisecond)
		w.Wake()
	}
	w.stop()
	if bodies[0] != bodies[1] || bodies[0] != bodies[3] {
		t.Errorf("a retry has other content: %q", bodies)
	}
	want := Entry{ID: 1, MessageID: id, TopicARN: f.topic.ARN, Kind: KindNotification, FeedbackID: "feedback-1", Published: start,
		Protocol: "http", Endpoint: s.URL + "/?secret=1", State: Failed, Attempts: 4, FailedAt: start.Add(time.Minute),
		LastAttempt: start.Add(time.Minute), LastStatus: 500, LastError: "gave up after 4 attempts: HTTP 500", LastAnswer: "databasedown\n"}
	got := f.one()
	got.SubscriptionARN = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(s.got) != 0 {
		t.Errorf("%d more attempts", len(s.got))
	}
}

func TestAnEndpointThatAsksForTimeGetsItForAllItsEntries(t *testing.T) {
	f := newFixture(t)
	var closed atomic.Bool
	closed.Store(true)
	s := newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
		if closed.Load() {
			w.Header().Set("Retry-After", "1800")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	sub := f.subscribe(s.URL)
	w := f.run(f.senders())
	f.publish("{}", sub)
	w.Wake()
	w.outcomes(1)
	w.stop()
	f.publish("{}", sub)
	f.clock.advance(1800*time.Second - time.Millisecond)
	if got := f.look("other"); len(got.claims) != 0 || !got.next.Equal(start.Add(1800*time.Second)) {
		t.Errorf("claimed %v before the time was over, next look %v", got.claims, got.next)
	}
	if got := f.list(Filter{})[0]; got.Attempts != 1 || got.Next != start.Add(1800*time.Second) {
		t.Errorf("got %+v", got)
	}
	closed.Store(false)
	f.clock.advance(time.Millisecond)
	w = f.run(f.senders())
	if diff := cmp.Diff(map[string]int{"delivered": 2}, w.outcomes(2)); diff != "" {
		t.Error(diff)
	}
}

func TestAHangingEndpointHoldsUpNoOther(t *testing.T) {
	f := newFixture(t)
	release := make(chan struct{})
	hanging := newSubscriber(t, func(http.ResponseWriter, *http.Request) { <-release })
	healthy := newSubscriber(t, nil)
	defer close(release)
	sick, well := f.subscribe(hanging.URL), f.subscribe(healthy.URL)
	const n = 300
	for i := range n {
		f.publish(fmt.Sprint(i), sick, well)
	}
	w := f.run(f.senders())
	if diff := cmp.Diff(map[string]int{"delivered": n}, w.outcomes(n)); diff != "" {
		t.Error(diff)
	}
	if got := len(hanging.got); got > parallelPerEndpoint {
		t.Errorf("%d requests at the hanging endpoint, want at most %d", got, parallelPerEndpoint)
	}
}

func TestABreakerLetsEntriesWaitAndProbes(t *testing.T) {
	f := newFixture(t)
	var up atomic.Bool
	s := newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	sub := f.subscribe(s.URL)
	for i := range 100 {
		f.publish(fmt.Sprint(i), sub)
	}
	w := f.run(f.senders())
	w.outcomes(breakerThreshold)
	w.stop()
	attempted := breakerThreshold + len(w.attempts) // those under way when the breaker opened
	if attempted >= breakerThreshold+parallelPerEndpoint {
		t.Errorf("%d attempts, want at most %d", attempted, breakerThreshold+parallelPerEndpoint-1)
	}
	wantAttempts := func(want int) {
		t.Helper()
		burned := 0
		for _, e := range f.list(Filter{}) {
			burned += e.Attempts
		}
		if burned != want {
			t.Errorf("%d attempts were counted, want %d", burned, want)
		}
	}
	wantAttempts(attempted)

	f.clock.advance(firstProbe) // the state of the breaker is in the endpoint's row: another engine goes on with it
	w = f.run(f.senders())
	w.outcomes(1)
	w.stop()
	if got := len(w.attempts); got != 0 {
		t.Errorf("%d attempts beside the probe", got)
	}
	wantAttempts(attempted + 1)
	endpoints, err := Endpoints(t.Context(), f.store.Read, f.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	want := []EndpointDepth{{Protocol: "http", Endpoint: s.URL, Waiting: 100, Health: Paused, Failures: 21, FailingSince: start,
		PausedUntil: start.Add(firstProbe + 2*firstProbe)}}
	if diff := cmp.Diff(want, endpoints); diff != "" {
		t.Error(diff)
	}

	up.Store(true)
	f.clock.advance(2 * firstProbe)
	w = f.run(f.senders())
	if diff := cmp.Diff(map[string]int{"delivered": 100}, w.outcomes(100)); diff != "" {
		t.Error(diff)
	}
	w.stop()
	f.wantEmpty()
}

// gate is a sender whose attempts wait until a test lets them go.
type gate struct {
	begun chan Entry
	open  chan Result
	terms Terms
}

func newGate() *gate {
	return &gate{begun: make(chan Entry, 1000), open: make(chan Result), terms: Terms{Policy: DefaultPolicy, Timeout: time.Hour, Parallel: 1000}}
}

func (g *gate) Terms() Terms { return g.terms }

func (g *gate) Send(ctx context.Context, e Entry) Result {
	g.begun <- e
	select {
	case r := <-g.open:
		return r
	case <-ctx.Done():
		return Result{Outcome: Retry, Err: ctx.Err()}
	}
}

func TestAnEngineFinishesWhatIsUnderWayAndGivesBackTheRest(t *testing.T) {
	f := newFixture(t)
	g := newGate()
	sub := f.subscribe("http://a.example/")
	for i := range 20 {
		f.publish(fmt.Sprint(i), sub)
	}
	w := f.run(map[string]Sender{topic.HTTP: g})
	begun := 0
	for ; begun < parallelPerEndpoint; begun++ {
		<-g.begun
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.stop() }()
	for open := true; open; {
		select {
		case g.open <- Result{Outcome: Delivered}:
		case <-g.begun: // the engine had not seen the end of its context yet
			begun++
		case <-stopped:
			open = false
		}
	}
	f.wantDepth(20-begun, 0)
	for _, e := range f.list(Filter{}) {
		if e.Attempts != 0 || e.Next.After(f.clock.now()) {
			t.Errorf("an entry was not given back: %+v", e)
		}
	}
}

func TestWhatAKilledEngineHadInHandIsDeliveredByTheNext(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	id := f.publish(`{"n":1}`, f.subscribe(s.URL))
	g := newGate()
	killed := f.run(map[string]Sender{topic.HTTP: g}) // hangs in its attempt, as a killed process does for the rest of the world
	<-g.begun

	if got := f.look("another machine"); len(got.claims) != 0 {
		t.Fatalf("claimed %v while the lease held", got.claims)
	}
	next := f.run(f.senders()) // the same machine, after a restart
	if diff := cmp.Diff(map[string]int{"delivered": 1}, next.outcomes(1)); diff != "" {
		t.Error(diff)
	}
	if got := s.next(t); got.Header.Get("x-amz-sns-message-id") != id {
		t.Errorf("got message %s, want %s", got.Header.Get("x-amz-sns-message-id"), id)
	}
	next.stop()
	f.wantEmpty()
	g.open <- Result{Outcome: Retry}
	killed.stop()
	f.wantEmpty()
}

func TestAnotherMachineTakesOverWhenALeaseEnds(t *testing.T) {
	f := newFixture(t)
	f.publish("{}", f.subscribe("http://a.example/"))
	g := newGate()
	killed := f.run(map[string]Sender{topic.HTTP: g})
	<-g.begun
	f.clock.advance(lease(g.terms) - time.Millisecond)
	if got := f.look("another machine"); len(got.claims) != 0 {
		t.Fatalf("claimed %v while the lease held", got.claims)
	}
	f.clock.advance(time.Millisecond)
	got := f.look("another machine")
	if len(got.claims) != 1 || len(got.claims[0].entries) != 1 {
		t.Fatalf("claimed %v after the lease, want the entry", got.claims)
	}
	before := f.one()
	g.open <- Result{Outcome: Final, Status: 404}
	killed.stop()
	if diff := cmp.Diff(before, f.one()); diff != "" {
		t.Errorf("a result that came after the lease changed the entry: %s", diff)
	}
}

// signal is a log that tells when something is written to it.
type signal chan string

// Write sends what is logged.
func (s signal) Write(line []byte) (int, error) {
	s <- string(line)
	return len(line), nil
}

func TestADatabaseThatRefusesForAWhileLosesNoResult(t *testing.T) {
	f := newFixture(t)
	logged := make(signal, 100)
	f.log = slog.New(slog.NewTextHandler(logged, nil))
	s := newSubscriber(t, nil)
	f.publish("{}", f.subscribe(s.URL))
	exec := func(statement string) {
		t.Helper()
		f.transact(func(ctx context.Context, tx *sql.Tx) error { _, err := tx.ExecContext(ctx, statement); return err })
	}
	exec(`CREATE TRIGGER refuse BEFORE DELETE ON outbox_entry BEGIN SELECT RAISE(ABORT, 'no room'); END`)
	w := f.run(f.senders())
	if line := <-logged; !strings.Contains(line, "no room") {
		t.Errorf("got %s", line)
	}
	exec(`DROP TRIGGER refuse`)
	w.stop()
	f.wantEmpty()
	if len(s.got) != 1 {
		t.Errorf("%d requests, want one", len(s.got))
	}
}

func TestABrokenDatabaseEndsTheEngine(t *testing.T) {
	f := newFixture(t)
	r := &run{Engine: New(f.store, nil, f.log)}
	lost := turned{err: fmt.Errorf("write: %w", store.ErrBroken)}
	if err := r.take(lost); !errors.Is(err, store.ErrBroken) {
		t.Errorf("got %v, want ErrBroken", err)
	}
	attempts, interrupt := context.WithCancel(t.Context())
	r.attempts, r.interrupt, r.done, r.running = attempts, interrupt, make(chan finished), 1
	go func() { <-attempts.Done(); r.done <- finished{} }()
	if err := r.abandon(lost.err); !errors.Is(err, store.ErrBroken) || r.running != 0 {
		t.Errorf("got %v with %d attempts left", err, r.running)
	}
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := New(f.store, nil, f.log).Run(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestEntriesOfAProtocolWithoutASenderFail(t *testing.T) {
	f := newFixture(t)
	f.enqueue(Message{ID: "m", Kind: KindFeedbackForward, Targets: []Target{{Protocol: SMTP, Endpoint: "news@example.org"}}})
	w := f.run(f.senders())
	w.outcomes(1)
	w.stop()
	if e := f.one(); e.State != Failed || !strings.Contains(e.LastError, `"smtp"`) {
		t.Errorf("got %+v", e)
	}
}
