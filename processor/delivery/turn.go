package delivery

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"
)

// order is what a turn is to do. The run does not touch it until the turn is over.
type order struct {
	now     time.Time
	owner   string
	settled []finished
	queues  map[int64]standing // by endpoint
	free    map[string]int     // how many entries may be claimed, by protocol; absent: as many as its terms allow
	last    bool               // claim nothing
}

// standing is what the run knows of an endpoint when a turn begins.
type standing struct {
	room    int
	breaker breaker
	changed bool // the breaker is to be written
}

// turned is what a turn did.
type turned struct {
	order  order
	claims []claim
	due    map[int64]bool // endpoints with entries that are due, claimed or not
	next   time.Time      // when the next entry is due; zero when none is
	err    error          // nothing was changed
}

// claim is what was claimed of one endpoint.
type claim struct {
	endpoint endpoint
	asked    int
	leased   time.Time
	entries  []claimed
}

// endpoint is a row of outbox_endpoint, with the time when its first entry is due.
type endpoint struct {
	id       int64
	protocol string
	address  string
	breaker  breaker
	due      time.Time
}

// perform carries out a turn: a look at what is due, and, when there is something to write, one transaction for all of it.
func (e *Engine) perform(ctx context.Context, o order) turned {
	t := turned{order: o, due: map[int64]bool{}}
	if !o.last {
		endpoints, err := e.endpoints(ctx)
		if err != nil {
			t.err = err
			return t
		}
		e.plan(&t, endpoints)
	}
	for _, f := range o.settled {
		switch f.result.Outcome {
		case Retry, NotTried, Held:
			t.soon(f.next)
		}
	}
	if len(o.settled) == 0 && len(t.claims) == 0 && !o.changed() {
		return t
	}
	t.err = e.store.Transact(ctx, func(tx *sql.Tx) error {
		if err := writeSettled(ctx, tx, o); err != nil {
			return err
		}
		if alarmed, err := e.watch(ctx, tx, o); err != nil {
			return err
		} else if alarmed {
			t.soon(o.now)
		}
		for i := range t.claims {
			if err := t.claims[i].take(ctx, tx, o); err != nil {
				return err
			}
		}
		return nil
	})
	return t
}

func (o order) changed() bool {
	for _, s := range o.queues {
		if s.changed {
			return true
		}
	}
	return false
}

// soon notes that an entry is due at that time.
func (t *turned) soon(at time.Time) {
	if t.next.IsZero() || at.Before(t.next) {
		t.next = at
	}
}

// endpoints lists the endpoints that have waiting entries, the one that waits longest first.
func (e *Engine) endpoints(ctx context.Context) (list []endpoint, err error) {
	rows, err := e.store.Read.QueryContext(ctx, selectDue, int64(never))
	if err != nil {
		return nil, fmt.Errorf("delivery: look for due entries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var each endpoint
		var paused, failing, success, due int64
		b := &each.breaker
		if err := rows.Scan(&each.id, &each.protocol, &each.address, &b.failures, &b.strikes, &paused, &failing, &success, &due); err != nil {
			return nil, fmt.Errorf("delivery: look for due entries: %w", err)
		}
		b.pausedUntil, b.failingSince, b.lastSuccess = fromMillisOrZero(paused), fromMillisOrZero(failing), fromMillisOrZero(success)
		each.due = fromMillis(due)
		list = append(list, each)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("delivery: look for due entries: %w", err)
	}
	return list, nil
}

// plan decides how many entries to claim of each endpoint, and when to look again.
func (e *Engine) plan(t *turned, endpoints []endpoint) {
	var ready []claim
	count := map[string]int{} // of the endpoints in ready, by protocol
	for _, each := range endpoints {
		room := t.order.standing(&each)
		switch now := t.order.now; {
		case each.due.After(now):
			t.soon(each.due)
		case each.breaker.paused(now):
			t.soon(each.breaker.pausedUntil)
		default:
			t.due[each.id] = true
			if room > 0 {
				ready = append(ready, claim{endpoint: each, asked: room})
				count[each.protocol]++
			}
		}
	}
	free := map[string]int{}
	for protocol := range count {
		free[protocol] = e.freeOf(t.order, protocol)
	}
	share := maps.Clone(free)
	for _, c := range ready {
		protocol := c.endpoint.protocol
		c.asked = min(c.asked, free[protocol], max(1, share[protocol]/count[protocol]))
		if c.asked > 0 {
			free[protocol] -= c.asked
			c.leased = t.order.now.Add(lease(e.sender(protocol).Terms()))
			t.claims = append(t.claims, c)
		}
	}
}

// standing returns how many entries of the endpoint may be claimed, and gives it the breaker that the run knows when that is newer.
func (o order) standing(e *endpoint) (room int) {
	known, ok := o.queues[e.id]
	if !ok {
		fresh := queue{claim: startClaim, breaker: e.breaker}
		return fresh.room(o.now)
	}
	if known.changed {
		e.breaker = known.breaker
	}
	return known.room
}

// freeOf returns how many entries may be claimed for the protocol.
func (e *Engine) freeOf(o order, protocol string) int {
	if free, ok := o.free[protocol]; ok {
		return max(0, free)
	}
	return e.sender(protocol).Terms().Parallel * claimPerAttempt
}

// take claims the entries.
func (c *claim) take(ctx context.Context, tx *sql.Tx, o order) error {
	rows, err := tx.QueryContext(ctx, claimEntries, c.leased.UnixMilli(), o.owner, c.endpoint.id, o.now.UnixMilli(), c.asked)
	if err != nil {
		return fmt.Errorf("delivery: claim: %w", err)
	}
	defer rows.Close()
	recipients := &addressees{}
	for rows.Next() {
		entry := claimed{endpoint: c.endpoint.id, address: c.endpoint.address, leased: c.leased, recipients: recipients}
		var waited, held int64
		if err := rows.Scan(&entry.id, &entry.message, &entry.subscription, &entry.attempts, &waited, &held, &entry.tried); err != nil {
			return fmt.Errorf("delivery: claim: %w", err)
		}
		entry.waited, entry.held = time.Duration(waited)*time.Millisecond, fromMillisOrZero(held)
		c.entries = append(c.entries, entry)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("delivery: claim: %w", err)
	}
	slices.SortFunc(c.entries, func(a, b claimed) int { return cmp.Compare(a.id, b.id) })
	return nil
}

// writeSettled writes what became of the entries that are no longer in hand, and of their endpoints.
func writeSettled(ctx context.Context, tx *sql.Tx, o order) error {
	var delivered []int64 // messages
	for _, f := range o.settled {
		if err := f.write(ctx, tx); err != nil {
			return fmt.Errorf("delivery: write the result of entry %d: %w", f.id, err)
		}
		if f.result.Outcome == Delivered {
			delivered = append(delivered, f.message)
		}
	}
	slices.Sort(delivered)
	for _, message := range slices.Compact(delivered) {
		if _, err := tx.ExecContext(ctx, deleteMessage, message); err != nil {
			return fmt.Errorf("delivery: delete message %d: %w", message, err)
		}
	}
	for id, s := range o.queues {
		if !s.changed {
			continue
		}
		_, err := tx.ExecContext(ctx, updateEndpoint, s.breaker.failures, s.breaker.strikes, millisOrZero(s.breaker.pausedUntil),
			millisOrZero(s.breaker.failingSince), millisOrZero(s.breaker.lastSuccess), id)
		if err != nil {
			return fmt.Errorf("delivery: write the state of an endpoint: %w", err)
		}
	}
	return nil
}

func (f finished) write(ctx context.Context, tx *sql.Tx) error {
	switch f.result.Outcome {
	case Delivered:
		if _, err := tx.ExecContext(ctx, settleDelivered, f.id, f.leased.UnixMilli()); err != nil {
			return err
		}
		if !f.tried {
			return nil
		}
		_, err := tx.ExecContext(ctx, deleteAttempts, f.id)
		return err
	case NotTried, Held:
		_, err := tx.ExecContext(ctx, settleReleased, f.next.UnixMilli(), millisOrZero(f.held), f.id, f.leased.UnixMilli())
		return err
	}
	due, failed := f.next.UnixMilli(), int64(0)
	if f.result.Outcome == Final {
		due, failed = never, f.ended.UnixMilli()
	}
	ours, err := affected(tx.ExecContext(ctx, settleAttempted, due, f.attempts+f.made, failed, f.ended.UnixMilli(), f.result.Status,
		clip(f.result.Err.Error()), clip(f.result.Answer), f.queue, f.waited.Milliseconds(), f.id, f.leased.UnixMilli()))
	if err != nil || ours == 0 {
		return err
	}
	return f.record(ctx, tx)
}

// reclaim takes back what an engine of this name had in hand when it ended without a word.
func (e *Engine) reclaim(ctx context.Context) error {
	err := e.store.Transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, releaseOwned, e.now().UnixMilli(), e.name())
		return err
	})
	if err != nil {
		return fmt.Errorf("delivery: take back the entries in hand: %w", err)
	}
	return nil
}
