package delivery

import (
	"testing"
	"time"
)

func TestAThrottleLetsSoManyThroughInEverySecond(t *testing.T) {
	const perSecond, messages = 5, 200
	limits := &throttles{}
	due := map[int]time.Time{}
	for m := range messages {
		due[m] = start
	}
	held := map[int]bool{}
	var sent []time.Time
	for now := start; len(due) > 0; now = now.Add(7 * time.Millisecond) { // a clock that never comes at the very moment
		for m := range messages {
			if at, waits := due[m]; !waits || at.After(now) {
				continue
			}
			turn, ok := limits.admit("s", perSecond, held[m], now)
			if ok {
				sent = append(sent, now)
				delete(due, m)
				continue
			}
			if !turn.After(now) {
				t.Fatalf("message %d waits until %v at %v", m, turn, now)
			}
			due[m], held[m] = turn, true
		}
	}
	for i := perSecond; i < len(sent); i++ {
		if sent[i].Sub(sent[i-perSecond]) < time.Second {
			t.Fatalf("%d messages within %v", perSecond+1, sent[i].Sub(sent[i-perSecond]))
		}
	}
	if took := sent[messages-1].Sub(start); took > 2*messages/perSecond*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestNewMessagesQueueUpBehindThoseThatWait(t *testing.T) {
	limits := &throttles{}
	if _, ok := limits.admit("s", 1, false, start); !ok {
		t.Fatal("the first one has to wait")
	}
	first, _ := limits.admit("s", 1, false, start)
	second, _ := limits.admit("s", 1, false, start)
	if first != start.Add(time.Second) || second != start.Add(2*time.Second) {
		t.Fatalf("turns %v and %v", first.Sub(start), second.Sub(start))
	}
	third, ok := limits.admit("s", 1, false, first)
	if ok || third != start.Add(3*time.Second) {
		t.Errorf("a new message gets the turn %v, %v", third.Sub(start), ok)
	}
	if _, ok := limits.admit("s", 1, true, first); !ok {
		t.Error("the one whose turn it is has to wait")
	}
	if _, ok := limits.admit("another", 1, false, first); !ok {
		t.Error("one subscription holds up another")
	}
	if _, ok := limits.admit("s", 0, false, start); !ok {
		t.Error("no limit holds something up")
	}
}

func TestThrottlesThatHoldNothingAreForgotten(t *testing.T) {
	limits := &throttles{}
	limits.admit("s", 1, false, start)
	limits.admit("waits", 1, false, start)
	limits.admit("waits", 1, false, start)
	limits.admit("new", 1, false, start.Add(time.Second))
	if _, kept := limits.of["s"]; kept || len(limits.of) != 2 {
		t.Errorf("kept %v", limits.of)
	}
}
