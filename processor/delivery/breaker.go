package delivery

import "time"

// A breaker opens after so many failures in a row. SNS's schedule makes four attempts for each message, so that an endpoint has to fail
// five messages in a row before its schedule changes.
const breakerThreshold = 20

// The waits between the probes of an open breaker: each one twice as long as the one before.
const (
	firstProbe = 20 * time.Second
	lastProbe  = 5 * time.Minute
)

// breaker is what an endpoint's row says about its health.
type breaker struct {
	failures    int       // in a row
	pausedUntil time.Time // no attempt before
}

// halfOpen tells whether only one attempt may be made at a time, to see whether the endpoint is back.
func (b breaker) halfOpen() bool { return b.failures >= breakerThreshold }

func (b breaker) paused(now time.Time) bool { return now.Before(b.pausedUntil) }

// after returns the breaker as it is after an attempt that ended now. What comes back while the breaker is open was sent before it
// opened: it does not count again. An endpoint that asks for time gets it, for all its entries.
func (b breaker) after(r Result, now time.Time) breaker {
	switch {
	case r.Outcome == Delivered, r.Outcome == Final && r.Status != 0:
		return breaker{}
	case r.Outcome != Retry || b.paused(now):
		return b
	}
	b.failures++
	if b.failures >= breakerThreshold {
		b.pausedUntil = now.Add(probeWait(b.failures))
	}
	if asked := now.Add(r.RetryAfter); asked.After(b.pausedUntil) && r.RetryAfter > 0 {
		b.pausedUntil = asked
	}
	return b
}

func probeWait(failures int) time.Duration {
	wait := firstProbe
	for range failures - breakerThreshold {
		if wait *= 2; wait >= lastProbe {
			return lastProbe
		}
	}
	return wait
}
