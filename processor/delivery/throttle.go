package delivery

import (
	"sync"
	"time"
)

const (
	// maxHold is how long a throttle may hold a message, as in SNS. What is held longer is a dead letter.
	maxHold = time.Hour
	// throttleStep is the time that maxReceivesPerSecond speaks of.
	throttleStep = time.Second
	// maxPerSecond bounds what a throttle remembers: a faster one is none, because no endpoint gets so much.
	maxPerSecond = 10_000
)

// throttles hold back the messages of subscriptions that want only so many in a second. They know what this process sent: each engine of
// several lets that many through.
type throttles struct {
	mutex sync.Mutex
	of    map[string]*throttle // by subscription
}

// throttle remembers when the latest messages were let through, as many as may go in a second.
type throttle struct {
	latest []time.Time // a ring
	next   int         // in the ring: the oldest of them
	tail   time.Time   // the turn of the next message that has to wait
}

// admit lets a message of the subscription through now, or says when its turn is. Held tells that it waits already: new messages queue
// up behind those. No second sees more than perSecond messages.
func (t *throttles) admit(subscription string, perSecond int, held bool, now time.Time) (turn time.Time, ok bool) {
	if perSecond < 1 || perSecond > maxPerSecond {
		return now, true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	one := t.of[subscription]
	if one == nil || len(one.latest) != perSecond {
		t.forget(now)
		one = &throttle{latest: make([]time.Time, perSecond)}
		t.of[subscription] = one
	}
	return one.admit(held, now)
}

func (t *throttle) admit(held bool, now time.Time) (turn time.Time, ok bool) {
	gap := throttleStep / time.Duration(len(t.latest))
	free := t.latest[t.next].Add(throttleStep)
	if !free.After(now) && (held || !t.tail.After(now)) {
		t.latest[t.next] = now
		t.next = (t.next + 1) % len(t.latest)
		return now, true
	}
	if held { // its turn came a little early, or somebody else took it
		return later(free, now.Add(gap)), false
	}
	turn = later(t.tail, later(free, now.Add(gap)))
	t.tail = turn.Add(gap)
	return turn, false
}

// forget drops the throttles that hold back nothing.
func (t *throttles) forget(now time.Time) {
	if t.of == nil {
		t.of = map[string]*throttle{}
	}
	for name, one := range t.of {
		latest := one.latest[(one.next+len(one.latest)-1)%len(one.latest)]
		if !one.tail.After(now) && now.Sub(latest) >= throttleStep {
			delete(t.of, name)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
