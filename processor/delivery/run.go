package delivery

import (
	"context"
	"time"
)

// claimPerAttempt bounds the entries in hand over all endpoints of a protocol, as a multiple of its attempts at a time.
const claimPerAttempt = 4

// run is an engine at work. Its fields belong to the goroutine of Run; attempts and turns have goroutines of their own, which get what
// they need and send back what came of it.
type run struct {
	*Engine
	attempts  context.Context // of the attempts; outlives the context of Run
	interrupt func()          // ends attempts
	done      chan finished
	turned    chan turned

	queues  map[int64]*queue
	routes  map[string]*route
	settled []finished // to be written
	running int        // attempts

	wanted  bool // a turn is to begin
	turning bool
	ending  bool        // nothing more is claimed
	timer   *time.Timer // to the next turn
}

func (r *run) route(protocol string) *route {
	if known, ok := r.routes[protocol]; ok {
		return known
	}
	sender := r.sender(protocol)
	fresh := &route{sender: sender, terms: sender.Terms()}
	r.routes[protocol] = fresh
	return fresh
}

// begin starts as many attempts of the queue as may run at a time. What a pause has overtaken is given back, so that no attempt is made
// of it.
func (r *run) begin(q *queue) {
	way := r.route(q.protocol)
	now := r.now()
	if q.breaker.paused(now) {
		r.giveBack(q)
	}
	for q.running < q.parallel() && len(q.entries) > 0 {
		if way.running >= way.terms.Parallel {
			way.join(q)
			return
		}
		held := len(q.entries)
		c, ok := q.next(now, way.terms)
		way.held -= held - len(q.entries)
		if !ok {
			return
		}
		way.held++
		way.running++
		q.running++
		r.running++
		go func() { r.done <- r.attempt(r.attempts, way.terms, way.sender, q.protocol, c) }()
	}
}

// finish notes how an attempt went and begins the next one.
func (r *run) finish(f finished) {
	q := r.queues[f.endpoint]
	way := r.route(q.protocol)
	q.running--
	r.running--
	way.running--
	way.held--
	now := r.now()
	if f.result.Outcome == NotTried {
		f.next = now.Add(troubleWait)
		if f.result.Err != nil {
			r.log.Warn("an entry was not tried; it waits", "entry", f.id, "error", f.result.Err)
		}
	}
	q.learn(f.result, f.attempts, now)
	r.settle(f)
	r.beginNext(way, q)
	if q.more && q.room(now) > q.claim/2 {
		r.wanted = true
	}
}

// beginNext uses a place that became free on the route: for those in line first, and then for q.
func (r *run) beginNext(way *route, q *queue) {
	if len(way.line) == 0 {
		r.begin(q)
		return
	}
	if len(q.entries) > 0 {
		way.join(q)
	}
	for n := len(way.line); n > 0 && way.running < way.terms.Parallel; n-- {
		r.begin(way.first())
	}
}

// settle has a result written with the next turn, soon.
func (r *run) settle(f finished) {
	r.settled = append(r.settled, f)
	switch len(r.settled) {
	case 1:
		r.timer.Reset(batchWait)
	case batchSize:
		r.wanted = true
	}
}

// giveBack lets go of the entries that are not begun.
func (r *run) giveBack(q *queue) {
	now := r.now()
	for _, c := range q.entries {
		r.settle(finished{claimed: c, result: Result{Outcome: NotTried}, next: now})
	}
	r.route(q.protocol).held -= len(q.entries)
	q.entries = nil
}

// turn starts a transaction that writes what is settled and claims what is due, unless one is under way.
func (r *run) turn() {
	if !r.wanted || r.turning {
		return
	}
	r.wanted, r.turning = false, true
	o := order{now: r.now(), owner: r.name(), settled: r.settled, queues: make(map[int64]standing, len(r.queues)),
		free: make(map[string]int, len(r.routes)), last: r.ending}
	for id, q := range r.queues {
		o.queues[id] = standing{room: q.room(o.now), breaker: q.breaker, changed: q.changed}
		q.changed = false
	}
	for protocol, way := range r.routes {
		o.free[protocol] = way.terms.Parallel*claimPerAttempt - way.held
	}
	r.settled = nil
	ctx := context.WithoutCancel(r.attempts)
	go func() { r.turned <- r.perform(ctx, o) }()
}

// take puts what a turn claimed into the queues.
func (r *run) take(t turned) error {
	r.turning = false
	if t.err != nil {
		return r.takeTrouble(t)
	}
	for id, q := range r.queues {
		q.more = t.due[id]
	}
	for _, c := range t.claims {
		q := r.queue(c.endpoint)
		q.more = len(c.entries) == c.asked
		if !q.changed {
			q.breaker = c.endpoint.breaker
		}
		q.entries = append(q.entries, c.entries...)
		r.route(q.protocol).held += len(c.entries)
		r.begin(q)
	}
	for id, q := range r.queues {
		if q.idle() {
			delete(r.queues, id)
		}
	}
	if len(r.queues) == 0 {
		r.messages.clear()
	}
	r.sleep(t.next)
	return nil
}

// sleep sets the timer to the next turn.
func (r *run) sleep(next time.Time) {
	wait := pollWait
	if !next.IsZero() {
		wait = min(wait, max(0, next.Sub(r.now())))
	}
	if len(r.settled) > 0 {
		wait = min(wait, batchWait)
	}
	r.timer.Reset(wait)
}

// takeTrouble keeps what could not be written for the next turn.
func (r *run) takeTrouble(t turned) error {
	r.settled = append(t.order.settled, r.settled...)
	for id, s := range t.order.queues {
		r.queues[id].changed = r.queues[id].changed || s.changed
	}
	if isBroken(t.err) {
		return t.err
	}
	r.log.Error("cannot write to the outbox; trying again", "results", len(r.settled), "error", t.err)
	r.wanted = false
	r.timer.Reset(troubleWait)
	return nil
}

func (r *run) queue(e endpoint) *queue {
	if known, ok := r.queues[e.id]; ok {
		return known
	}
	fresh := &queue{id: e.id, protocol: e.protocol, claim: startClaim, breaker: e.breaker}
	r.queues[e.id] = fresh
	return fresh
}

// drain ends the run: it begins nothing more, waits for what is under way, and writes what came of it.
func (r *run) drain() error {
	r.ending = true
	for _, q := range r.queues {
		r.giveBack(q)
	}
	patience := time.AfterFunc(drainTime, r.interrupt)
	defer patience.Stop()
	for r.running > 0 || r.turning {
		select {
		case f := <-r.done:
			r.finish(f)
		case t := <-r.turned:
			if err := r.takeLast(t); isBroken(err) {
				return r.abandon(err)
			}
		}
	}
	if len(r.settled) == 0 {
		return nil
	}
	r.wanted = true
	r.turn()
	return r.takeLast(<-r.turned)
}

// abandon ends a run that can write nothing any more. What is under way is sent again by the next engine.
func (r *run) abandon(cause error) error {
	r.interrupt()
	for ; r.running > 0; r.running-- {
		<-r.done
	}
	return cause
}

// takeLast takes the end of a turn when nothing more is to begin.
func (r *run) takeLast(t turned) error {
	r.turning = false
	if t.err != nil {
		r.settled = append(t.order.settled, r.settled...)
		return t.err
	}
	for _, c := range t.claims {
		for _, entry := range c.entries {
			r.settle(finished{claimed: entry, result: Result{Outcome: NotTried}, next: r.now()})
		}
	}
	return nil
}
