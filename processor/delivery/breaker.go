package delivery

import "time"

// A breaker opens after so many strikes: failures in a row, of each message the first four attempts only. SNS's schedule makes four
// attempts for each message, so that an endpoint has to fail five messages in a row before its schedule changes, and one message is
// tried a hundred times when its policy says so.
const (
	breakerThreshold  = 20
	strikesPerMessage = 4
)

// The waits between the probes of an open breaker: each one twice as long as the one before.
const (
	firstProbe = 20 * time.Second
	lastProbe  = 5 * time.Minute
)

// successStep is how exactly the time of the last success is kept: a busy endpoint's row is not written at every turn.
const successStep = time.Minute

// breaker is what an endpoint's row says about its health.
type breaker struct {
	failures     int       // in a row
	strikes      int       // those of them that count
	pausedUntil  time.Time // no attempt before
	failingSince time.Time // the first of the failures; zero when there are none
	lastSuccess  time.Time // zero when there was none
}

// halfOpen tells whether only one attempt may be made at a time, to see whether the endpoint is back.
func (b breaker) halfOpen() bool { return b.strikes >= breakerThreshold }

func (b breaker) paused(now time.Time) bool { return now.Before(b.pausedUntil) }

// after returns the breaker as it is after an attempt that ended now, at an entry that had so many attempts before. What comes back while
// the breaker is open was sent before it opened: it does not count again. An endpoint that asks for time gets it, for all its entries.
func (b breaker) after(r Result, attempts int, now time.Time) breaker {
	switch {
	case r.Outcome == Delivered:
		if now.Sub(b.lastSuccess) >= successStep || b.failures > 0 {
			b.lastSuccess = now
		}
		return breaker{lastSuccess: b.lastSuccess}
	case r.Outcome == Final && r.Status != 0 && !r.exhausted:
		return breaker{lastSuccess: b.lastSuccess}
	case r.Outcome != Retry && !r.exhausted || b.paused(now):
		return b
	}
	if b.failures++; b.failingSince.IsZero() {
		b.failingSince = now
	}
	if attempts < strikesPerMessage || b.halfOpen() {
		b.strikes++
	}
	if b.halfOpen() {
		b.pausedUntil = now.Add(probeWait(b.strikes))
	}
	if asked := now.Add(r.RetryAfter); asked.After(b.pausedUntil) && r.RetryAfter > 0 {
		b.pausedUntil = asked
	}
	return b
}

func probeWait(strikes int) time.Duration {
	wait := firstProbe
	for range strikes - breakerThreshold {
		if wait *= 2; wait >= lastProbe {
			return lastProbe
		}
	}
	return wait
}
