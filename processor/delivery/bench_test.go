package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// BenchmarkDelivery measures from the beginning of the transaction that enqueues to the acknowledgement of the webhook, over loopback.
func BenchmarkDelivery(b *testing.B) {
	for _, batch := range []int{1, 100} {
		for _, raw := range []bool{false, true} {
			b.Run(fmt.Sprintf("batch=%d/raw=%v", batch, raw), func(b *testing.B) { benchmarkDelivery(b, batch, raw) })
		}
	}
}

func benchmarkDelivery(b *testing.B, batch int, raw bool) {
	f := newFixture(b)
	s := newSubscriber(b, nil)
	go func() {
		for range s.got {
		}
	}()
	sub := f.subscribe(s.URL)
	sub.Raw = raw
	f.transact(func(ctx context.Context, tx *sql.Tx) error { return topic.UpdateSubscription(ctx, tx, sub) })
	w := f.run(f.senders())
	body := string(make([]byte, 2000))
	enqueue := func(n int) {
		f.transact(func(ctx context.Context, tx *sql.Tx) error {
			for range n {
				m := Message{ID: schemas.NewUUID(), TopicARN: f.topic.ARN, Kind: KindNotification, Body: body, Targets: []Target{target(sub)}}
				if err := Enqueue(ctx, tx, m, f.clock.now()); err != nil {
					return err
				}
			}
			return nil
		})
		w.Wake()
	}
	waiting := 0
	for b.Loop() {
		if waiting == 0 {
			enqueue(batch)
			waiting = batch
		}
		if outcome := <-w.attempts; outcome != "delivered" {
			b.Fatal(outcome)
		}
		waiting--
	}
	b.StopTimer()
	for ; waiting > 0; waiting-- {
		<-w.attempts
	}
}

// BenchmarkLook measures the look for due entries, which every turn begins with.
func BenchmarkLook(b *testing.B) {
	for _, shape := range []struct{ endpoints, entries int }{{1, 1}, {10, 20_000}, {1000, 100}} {
		b.Run(fmt.Sprintf("endpoints=%d/entries=%d", shape.endpoints, shape.entries), func(b *testing.B) {
			f := newFixture(b)
			f.transact(func(ctx context.Context, tx *sql.Tx) error {
				for i := range shape.entries {
					m := Message{ID: fmt.Sprint(i), Kind: KindNotification}
					for e := range shape.endpoints {
						m.Targets = append(m.Targets, Target{Protocol: topic.HTTP, Endpoint: fmt.Sprint("http://a.example/", e)})
					}
					if err := Enqueue(ctx, tx, m, start.Add(time.Hour)); err != nil {
						return err
					}
				}
				return nil
			})
			e := New(f.store, f.senders(), f.log)
			for b.Loop() {
				if list, err := e.endpoints(b.Context()); err != nil || len(list) != shape.endpoints {
					b.Fatal(len(list), err)
				}
			}
		})
	}
}
