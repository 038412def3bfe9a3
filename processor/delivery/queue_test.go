package delivery

import (
	"fmt"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
)

func TestAQueueGrowsWithDeliveriesAndShrinksWithFailures(t *testing.T) {
	q := &queue{claim: startClaim}
	if got := q.room(start); got != startClaim {
		t.Errorf("got room for %d, want %d", got, startClaim)
	}
	for range 1000 {
		q.learn(Result{Outcome: Delivered, Status: 200}, 0, start)
	}
	if got := q.room(start); got != maxClaim || q.breaker.failures != 0 {
		t.Errorf("got room for %d, want %d; breaker changed %v", got, maxClaim, q.changed)
	}
	q.entries, q.running = make([]claimed, 10), 2
	q.learn(Result{Outcome: Retry}, 0, start)
	if got := q.room(start); got != 0 || !q.changed {
		t.Errorf("got room for %d after a failure, breaker changed %v", got, q.changed)
	}
	q.entries, q.running, q.breaker = nil, 0, failures(breakerThreshold, breaker{}, start)
	if got := q.room(start); got != 0 {
		t.Errorf("got room for %d while the breaker is open", got)
	}
	if got, parallel := q.room(start.Add(firstProbe)), q.parallel(); got != 1 || parallel != 1 {
		t.Errorf("got room for %d and %d at a time, want one probe", got, parallel)
	}
}

func TestAnEntryWhoseLeaseIsTooShortIsNotSent(t *testing.T) {
	terms := Terms{Timeout: 15 * time.Second}
	q := &queue{entries: []claimed{{id: 1, leased: start.Add(15 * time.Second)}, {id: 2, leased: start.Add(16 * time.Second)}}}
	if c, ok := q.next(start, terms); !ok || c.id != 2 {
		t.Errorf("got %+v, %v, want entry 2", c, ok)
	}
	if c, ok := q.next(start, terms); ok {
		t.Errorf("got %+v from an empty queue", c)
	}
	if got := lease(terms); got < 2*terms.Timeout {
		t.Errorf("a lease of %v is too short for two rounds of attempts", got)
	}
}

func TestTheLimitOfAProtocolIsSharedFairly(t *testing.T) {
	f := newFixture(t)
	g := newGate()
	g.terms.Parallel = 2
	const endpoints, each = 5, 6
	for e := range endpoints {
		sub := f.subscribe(fmt.Sprint("http://a.example/", e))
		for i := range each {
			f.publish(fmt.Sprint(i), sub)
		}
	}
	w := f.run(map[string]Sender{topic.HTTP: g})
	counts := map[string]int{}
	for n := range endpoints * each {
		e := <-g.begun
		counts[e.Endpoint]++
		if got := len(g.begun); got > 1 {
			t.Fatalf("%d attempts at a time, want 2", got+1)
		}
		g.open <- Result{Outcome: Delivered}
		if n == 3*endpoints && len(counts) != endpoints {
			t.Errorf("after %d attempts only %v had a turn", n, counts)
		}
	}
	w.outcomes(endpoints * each)
	w.stop()
	f.wantEmpty()
}

func TestEntriesThatAPauseOvertakesAreGivenBackUntried(t *testing.T) {
	f := newFixture(t)
	g := newGate()
	r := &run{Engine: New(f.store, map[string]Sender{topic.HTTP: g}, f.log), queues: map[int64]*queue{}, routes: map[string]*route{},
		timer: time.NewTimer(time.Hour)}
	r.Now = f.clock.now
	r.queues[7] = &queue{id: 7, protocol: topic.HTTP, changed: true, breaker: breaker{strikes: breakerThreshold, pausedUntil: start.Add(firstProbe)}}
	c := claim{endpoint: endpoint{id: 7, protocol: topic.HTTP}, asked: 2, entries: []claimed{{id: 1, endpoint: 7}, {id: 2, endpoint: 7}}}
	if err := r.take(turned{claims: []claim{c}}); err != nil {
		t.Fatal(err)
	}
	if r.running != 0 || len(r.settled) != 2 || r.settled[0].result.Outcome != NotTried || !r.settled[0].next.Equal(start) {
		t.Errorf("%d attempts, settled %+v", r.running, r.settled)
	}
	if held := r.route(topic.HTTP).held; held != 0 {
		t.Errorf("%d entries are still held", held)
	}
}
