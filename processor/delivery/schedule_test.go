package delivery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
)

// logbook is a sender that fails for ever and notes when it was asked, by endpoint.
type logbook struct {
	clock *clock
	mutex sync.Mutex
	times map[string][]time.Time
}

func (l *logbook) Terms() Terms {
	return Terms{Policy: DefaultPolicy, Timeout: time.Hour, Parallel: 1000, Limit: retryLimit}
}

func (l *logbook) Send(_ context.Context, e Entry) Result {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.times[e.Endpoint] = append(l.times[e.Endpoint], l.clock.now())
	return Result{Outcome: Retry, Status: 503, Err: errors.New("HTTP 503")}
}

// documented is the delay before a retry as SNS's guide describes the phases, in seconds; written apart from the code under test.
func documented(retry, noDelay, minDelay, maxDelay, all int, least, most float64, function string) float64 {
	switch {
	case retry <= noDelay:
		return 0
	case retry <= noDelay+minDelay:
		return least
	case retry > all-maxDelay:
		return most
	}
	i, n := float64(retry-noDelay-minDelay-1), float64(all-noDelay-minDelay-maxDelay)
	if n == 1 {
		return least
	}
	switch function {
	case "arithmetic":
		return least + (most-least)*i*(i+1)/(n*(n-1))
	case "geometric":
		return least * math.Pow(most/least, i/(n-1))
	case "exponential":
		return least + (most-least)*(math.Pow(2, i)-1)/(math.Pow(2, n-1)-1)
	}
	return least + (most-least)*i/(n-1)
}

// schedules are policies over all functions and mixtures of phases.
var schedules = []struct {
	all, noDelay, minDelay, maxDelay int
	least, most                      float64
	function                         string
}{
	{3, 0, 0, 0, 20, 20, "linear"}, // SNS's default
	{0, 0, 0, 0, 20, 20, "linear"},
	{10, 0, 0, 0, 1, 60, "linear"},
	{10, 0, 0, 0, 1, 60, "arithmetic"},
	{10, 0, 0, 0, 1, 60, "geometric"},
	{10, 0, 0, 0, 1, 60, "exponential"},
	{20, 3, 4, 5, 2, 120, "linear"},
	{20, 3, 4, 5, 2, 120, "arithmetic"},
	{20, 3, 4, 5, 2, 120, "geometric"},
	{20, 3, 4, 5, 2, 120, "exponential"},
	{50, 10, 10, 10, 5, 100, "exponential"},
	{100, 0, 0, 0, 36, 36, "geometric"}, // the whole hour
	{30, 30, 0, 0, 1, 1, "linear"},
	{30, 0, 30, 0, 7, 600, "arithmetic"},
	{5, 0, 0, 5, 1, 720, "exponential"},
	{8, 1, 5, 1, 3, 300, "exponential"}, // one step of growth
	{2, 0, 0, 0, 100, 3500, "geometric"},
}

// TestEveryPhaseOfEveryPolicyComesAtItsTime drives all policies at once through the engine, on a clock that jumps to the next attempt.
func TestEveryPhaseOfEveryPolicyComesAtItsTime(t *testing.T) {
	f := newFixture(t)
	log := &logbook{clock: f.clock, times: map[string][]time.Time{}}
	for n, s := range schedules {
		sub := f.subscribe(fmt.Sprintf("http://a.example/%d", n))
		sub.DeliveryPolicy = fmt.Sprintf(`{"healthyRetryPolicy":{"numRetries":%d,"numNoDelayRetries":%d,"numMinDelayRetries":%d,"numMaxDelayRetries":%d,`+
			`"minDelayTarget":%v,"maxDelayTarget":%v,"backoffFunction":%q}}`, s.all, s.noDelay, s.minDelay, s.maxDelay, s.least, s.most, s.function)
		if _, err := ParsePolicy(sub.DeliveryPolicy, false); err != nil {
			t.Fatal(err)
		}
		f.transact(func(ctx context.Context, tx *sql.Tx) error { return topic.UpdateSubscription(ctx, tx, sub) })
		f.publish("{}", sub)
	}
	f.drive(map[string]Sender{topic.HTTP: log})
	for n, s := range schedules {
		got, at := log.times[fmt.Sprintf("http://a.example/%d", n)], start
		if len(got) != s.all+1 {
			t.Errorf("%+v: %d attempts", s, len(got))
			continue
		}
		for retry := range got {
			if retry > 0 {
				at = got[retry-1].Add(time.Duration(documented(retry, s.noDelay, s.minDelay, s.maxDelay, s.all, s.least, s.most, s.function) * float64(time.Second)))
			}
			if off := got[retry].Sub(at).Abs(); off > time.Millisecond { // times are kept in milliseconds
				t.Errorf("%+v: attempt %d came after %v, want %v", s, retry+1, got[retry].Sub(start), at.Sub(start))
			}
		}
	}
	f.wantDepth(0, len(schedules))
}

// drive has engines work until nothing waits any more, one after the other: each stops when what is due now was attempted, and the clock
// jumps to what is due next.
func (f *fixture) drive(senders map[string]Sender) {
	f.t.Helper()
	for {
		waiting := f.list(Filter{State: Waiting})
		if len(waiting) == 0 {
			return
		}
		next, due := waiting[0].Next, 0
		for _, e := range waiting {
			if e.Next.Before(next) {
				next = e.Next
			}
		}
		if f.clock.advance(max(0, next.Sub(f.clock.now()))); next.Sub(start) > 14*24*time.Hour {
			f.t.Fatalf("%d entries wait for ever", len(waiting))
		}
		for _, e := range waiting {
			if !e.Next.After(f.clock.now()) {
				due++
			}
		}
		w := f.run(senders)
		w.outcomes(due)
		w.stop()
	}
}

func TestJitterAddsATenthAtMostAndTakesNothingAway(t *testing.T) {
	for _, jitter := range []float64{0, 0.5, 1} {
		for made, delay := range map[int]time.Duration{0: 20 * time.Second, 1: 20 * time.Second} {
			one := finished{claimed: claimed{attempts: made}, result: failed, ended: start}
			one.settle(Terms{Policy: DefaultPolicy, Limit: retryLimit}, jitter)
			if got := one.next.Sub(start); got != delay+time.Duration(jitter*float64(delay)/10) {
				t.Errorf("jitter %v: a delay of %v, want %v and a tenth of it at most", jitter, got, delay)
			}
			if one.waited != delay {
				t.Errorf("jitter counts for the hour: %v", one.waited)
			}
		}
	}
	at := finished{claimed: claimed{}, result: failed, ended: start}
	if at.settle(Terms{Policy: RetryPolicy{NumRetries: 1, NumNoDelayRetries: 1}}, 1); at.next != start {
		t.Errorf("a retry without a delay waits %v", at.next.Sub(start))
	}
}

func TestARetryAfterIsTakenAsFarAsTheOtherRetriesFitIntoTheHour(t *testing.T) {
	terms := Terms{Policy: DefaultPolicy, Limit: retryLimit}
	tests := []struct {
		name       string
		attempts   int
		waited     time.Duration
		retryAfter time.Duration
		want       time.Duration // 0: given up
	}{
		{"less than the policy", 0, 0, time.Second, 20 * time.Second},
		{"more", 0, 0, time.Minute, time.Minute},
		{"an hour, with two retries to come", 0, 0, time.Hour, time.Hour - 40*time.Second},
		{"an hour again", 1, time.Hour - 40*time.Second, time.Hour, 20 * time.Second},
		{"and again", 2, time.Hour - 20*time.Second, time.Hour, 20 * time.Second},
		{"a policy that became longer meanwhile", 1, time.Hour - 10*time.Second, 0, 0},
		{"no retry left", 3, time.Hour, time.Hour, 0},
	}
	for _, test := range tests {
		f := finished{claimed: claimed{attempts: test.attempts, waited: test.waited}, ended: start,
			result: Result{Outcome: Retry, Status: 429, RetryAfter: test.retryAfter, Err: errors.New("HTTP 429")}}
		f.settle(terms, 0)
		if test.want == 0 {
			if f.result.Outcome != Final || !errors.Is(f.result.Err, errExhausted) || !strings.Contains(f.result.Err.Error(), "HTTP 429") {
				t.Errorf("%s: got %+v", test.name, f.result)
			}
			continue
		}
		if f.result.Outcome != Retry || f.next.Sub(start) != test.want || f.waited != test.waited+test.want {
			t.Errorf("%s: got %v, waited %v, want %v", test.name, f.next.Sub(start), f.waited, test.want)
		}
	}
}
