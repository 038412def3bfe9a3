package delivery

import (
	"testing"
	"time"
)

var (
	start  = time.Date(2026, 1, 27, 14, 59, 38, 0, time.UTC)
	failed = Result{Outcome: Retry}
)

func failures(n int, b breaker, now time.Time) breaker {
	for range n {
		b = b.after(failed, 0, now)
	}
	return b
}

func TestTheBreakerOpensAfterTwentyFailuresInARow(t *testing.T) {
	b := failures(19, breaker{}, start)
	if b.halfOpen() || b.paused(start) {
		t.Fatalf("open after 19: %+v", b)
	}
	b = failures(1, b, start)
	if !b.halfOpen() || b.pausedUntil != start.Add(20*time.Second) {
		t.Fatalf("not open after 20: %+v", b)
	}
	if late := b.after(failed, 0, start.Add(19*time.Second)); late != b {
		t.Errorf("a late failure counted: %+v", late)
	}
	if got := b.after(Result{Outcome: Delivered, Status: 200}, 0, start); got != (breaker{lastSuccess: start}) {
		t.Errorf("a delivery left %+v", got)
	}
}

func TestProbesGoOnAtGrowingIntervals(t *testing.T) {
	b, now := failures(20, breaker{}, start), start
	for _, want := range []time.Duration{20, 40, 80, 160, 300, 300, 300} {
		if wait := b.pausedUntil.Sub(now); wait != want*time.Second {
			t.Errorf("got a wait of %v, want %vs", wait, int(want))
		}
		now = b.pausedUntil
		b = b.after(failed, 0, now)
	}
	if wait := probeWait(1 << 40); wait != lastProbe {
		t.Errorf("got %v after many failures", wait)
	}
}

func TestOnlyFailuresOfTheEndpointCount(t *testing.T) {
	b := failures(5, breaker{}, start)
	for name, test := range map[string]struct {
		result Result
		want   breaker
	}{
		"a refusal is an answer":       {Result{Outcome: Final, Status: 404}, breaker{}},
		"an entry that was not sent":   {Result{Outcome: Final}, b},
		"an attempt that was not made": {Result{Outcome: NotTried}, b},
		"the last retry of a message": {Result{Outcome: Final, Status: 503, exhausted: true},
			breaker{failures: 6, strikes: 6, failingSince: start}},
		"an endpoint that asks for time": {Result{Outcome: Retry, Status: 429, RetryAfter: time.Minute}, breaker{failures: 6, strikes: 6, pausedUntil: start.Add(time.Minute), failingSince: start}},
	} {
		if got := b.after(test.result, 0, start); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
	open := failures(19, breaker{}, start).after(Result{Outcome: Retry, RetryAfter: 3 * time.Second}, 0, start)
	if open.pausedUntil != start.Add(firstProbe) {
		t.Errorf("a short Retry-After shortened the pause to %v", open.pausedUntil.Sub(start))
	}
}

func TestOneMessageWithManyRetriesOpensNoBreaker(t *testing.T) {
	b := breaker{}
	for attempts := range 101 {
		b = b.after(failed, attempts, start)
	}
	if b.halfOpen() || b.failures != 101 || b.health(start) != Failing {
		t.Errorf("got %+v", b)
	}
	if b = failures(breakerThreshold, b, start); !b.halfOpen() || b.health(start) != Paused || b.health(b.pausedUntil) != Probing {
		t.Errorf("got %+v", b)
	}
	probed := b.after(failed, 50, b.pausedUntil)
	if wait := probed.pausedUntil.Sub(b.pausedUntil); wait != 2*firstProbe {
		t.Errorf("after a probe with an old message the next one comes after %v", wait)
	}
}
