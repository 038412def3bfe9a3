package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
)

// sick are five endpoints, each ill in a way of its own.
func sick(t *testing.T, release <-chan struct{}) map[string]*subscriber {
	return map[string]*subscriber{
		"hangs": newSubscriber(t, func(http.ResponseWriter, *http.Request) { <-release }),
		"500":   newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }),
		"asks time": newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusTooManyRequests)
		}),
		"resets": newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.(*net.TCPConn).SetLinger(0) // so that Close resets
			_ = conn.Close()
		}),
		"drips": newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			for {
				if _, err := w.Write([]byte("x")); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
				select {
				case <-release:
					return
				case <-time.After(20 * time.Millisecond): // the pace of the endpoint
				}
			}
		}),
	}
}

// TestFiveSickEndpointsAmongAThousandHoldUpNobody delivers to a thousand subscriptions, each at an address of its own.
func TestFiveSickEndpointsAmongAThousandHoldUpNobody(t *testing.T) {
	f := newFixture(t)
	release := make(chan struct{})
	defer close(release) // before the servers close, which wait for their requests
	well := newSubscriber(t, nil)
	const subscriptions, rounds = 1000, 3
	ill := sick(t, release)
	var subs []topic.Subscription
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		endpoints := make([]string, 0, subscriptions)
		for _, one := range ill {
			endpoints = append(endpoints, one.URL)
		}
		for n := len(endpoints); n < subscriptions; n++ {
			endpoints = append(endpoints, fmt.Sprintf("%s/%d", well.URL, n))
		}
		for _, endpoint := range endpoints {
			s, err := topic.Subscribe(ctx, tx, topic.Subscription{TopicARN: f.topic.ARN, Protocol: topic.HTTP, Endpoint: endpoint}, start)
			if err != nil {
				return err
			}
			if s, err = topic.Confirm(ctx, tx, s.Token, false, start); err != nil {
				return err
			}
			subs = append(subs, s)
		}
		return nil
	})
	w := f.run(f.senders())
	for range rounds {
		f.publish("{}", subs...)
		for range 10 { // more for the sick ones
			f.publish("{}", subs[:len(ill)]...)
		}
		w.Wake()
	}
	healthy := rounds * (subscriptions - len(ill))
	for delivered := 0; delivered < healthy; {
		if w.outcomes(1)["delivered"] == 1 {
			delivered++
		}
	}
	if got := len(well.got); got != healthy {
		t.Errorf("%d healthy notifications came, want %d", got, healthy)
	}
	// The clock stands still: each sick endpoint got its first attempts, and no more than its breaker and the limit at a time let through.
	for name, one := range ill {
		if got, most := len(one.got), breakerThreshold+parallelPerEndpoint; got > most {
			t.Errorf("the endpoint that %s got %d requests, want at most %d", name, got, most)
		}
	}
	waiting := 0
	for _, sub := range subs[:len(ill)] {
		waiting += len(f.list(Filter{State: Waiting, SubscriptionARN: sub.ARN}))
	}
	if want := rounds * 11 * len(ill); waiting != want {
		t.Errorf("%d notifications wait for the sick endpoints, want %d", waiting, want)
	}
}
