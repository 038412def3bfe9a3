package delivery

import "time"

const (
	// startClaim is how many entries of an endpoint are claimed at first, and always of one that fails: a lease is three timeouts long,
	// enough for twice the four attempts that run at a time. Each delivery adds one, up to maxClaim, so that a fast endpoint is kept busy.
	startClaim = 8
	maxClaim   = 256
)

// lease is how long an engine may have an entry in hand before others take it.
func lease(t Terms) time.Duration { return 3*t.Timeout + 15*time.Second }

// claimed is an entry that this engine has in hand.
type claimed struct {
	id           int64
	message      int64
	endpoint     int64
	address      string // of the endpoint
	subscription string // its ARN; "" for none
	recipients   *addressees
	attempts     int           // before this one
	waited       time.Duration // for its retries
	held         time.Time     // since when a throttle holds it; zero for not
	tried        bool          // there were attempts, maybe before it was redriven
	leased       time.Time     // until then it is ours, and nobody drops or redrives it
}

// finished is an entry that is no longer in hand, whatever became of it.
type finished struct {
	claimed
	entry  Entry // whole when it was loaded
	result Result
	made   int    // attempts: 1, or 0 when what became of the entry was decided without one
	queue  string // the dead-letter queue that a failed one goes to
	began  time.Time
	ended  time.Time // of the attempt
	next   time.Time // when it is due again; zero for soon
}

// queue is what the engine knows of one endpoint.
type queue struct {
	id       int64
	protocol string
	entries  []claimed // not begun, oldest first
	running  int
	claim    int // how many entries to have in hand at most
	more     bool
	breaker  breaker
	changed  bool // the breaker is not written yet
	waiting  bool // in the route's line
}

// parallel is how many attempts may run at a time.
func (q *queue) parallel() int {
	if q.breaker.halfOpen() {
		return 1
	}
	return parallelPerEndpoint
}

// room is how many entries may be claimed in addition.
func (q *queue) room(now time.Time) int {
	if q.breaker.paused(now) {
		return 0
	}
	limit := q.claim
	if q.breaker.halfOpen() {
		limit = 1
	}
	return max(0, limit-len(q.entries)-q.running)
}

// learn adapts the queue to the result of an attempt, at an entry that had so many before.
func (q *queue) learn(r Result, attempts int, now time.Time) {
	switch r.Outcome {
	case Delivered, Held:
		q.claim = min(q.claim+1, maxClaim)
	case Retry:
		q.claim = startClaim
	}
	if b := q.breaker.after(r, attempts, now); b != q.breaker {
		q.breaker, q.changed = b, true
	}
}

// next takes the oldest entry whose lease leaves time for an attempt. Entries with less are left to be claimed again.
func (q *queue) next(now time.Time, t Terms) (c claimed, ok bool) {
	for len(q.entries) > 0 {
		c, q.entries = q.entries[0], q.entries[1:]
		if now.Add(t.Timeout).Before(c.leased) {
			return c, true
		}
	}
	return claimed{}, false
}

// idle tells whether nothing about the queue needs to be remembered.
func (q *queue) idle() bool { return len(q.entries) == 0 && q.running == 0 && !q.changed && !q.more }

// route is what all endpoints of a protocol share: a sender, and its limit.
type route struct {
	sender  Sender
	terms   Terms
	running int
	held    int      // entries in hand
	line    []*queue // those that could not begin an attempt because of the limit, first come first served
}

// join puts a queue into the line, once.
func (r *route) join(q *queue) {
	if !q.waiting {
		q.waiting = true
		r.line = append(r.line, q)
	}
}

// first takes the first queue from the line, which must not be empty.
func (r *route) first() *queue {
	q := r.line[0]
	r.line = r.line[1:]
	q.waiting = false
	return q
}
