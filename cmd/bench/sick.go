package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// sickAmongHealthy measures how long healthy notifications take, alone and with five sick endpoints on the same topic.
func (b *bench) sickAmongHealthy(ctx context.Context) (section, error) {
	s := section{Key: "sick", Title: "Healthy deliveries, from commit to webhook", Columns: []column{{"p50Seconds", "p50", seconds}, {"p99Seconds", "p99", seconds},
		{"p99Ratio", "p99 ratio", times}}}
	var p99 []float64
	for _, ill := range []bool{false, true} {
		b.say("the time of healthy deliveries, sick endpoints beside them: %v", ill)
		took, err := b.crowd(ctx, ill)
		if err != nil {
			return s, err
		}
		p99 = append(p99, quantile(took, 0.99))
		name, ratio := fmt.Sprintf("%d healthy endpoints", healthyEndpoints), none
		if ill {
			name, ratio = "with five sick: hang, 500, 429, reset, drip", p99[1]/p99[0]
		}
		s.Rows = append(s.Rows, row{Name: name, Values: []float64{quantile(took, 0.5), p99[len(p99)-1], ratio}})
	}
	return s, nil
}

// sickPaths are the ways in which an endpoint can be ill.
var sickPaths = []string{"/hang", "/500", "/429", "/reset", "/drip"}

// beIll answers as the path says, until over ends.
func beIll(over context.Context, w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/hang":
		<-over.Done()
	case "/500":
		w.WriteHeader(http.StatusInternalServerError)
	case "/429":
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusTooManyRequests)
	case "/reset":
		panic(http.ErrAbortHandler)
	case "/drip":
		w.WriteHeader(http.StatusBadGateway)
		for over.Err() == nil && r.Context().Err() == nil {
			if _, err := w.Write([]byte("x")); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
}

// healthyEndpoints make a thousand subscriptions with the sick ones.
const healthyEndpoints = 995

// crowd publishes a message every two seconds to 995 healthy endpoints, and to five sick ones when told so, and returns the sorted times from the
// commit to each healthy webhook.
func (b *bench) crowd(ctx context.Context, ill bool) ([]time.Duration, error) {
	const every = 2 * time.Second
	o, err := b.openOutbox(ctx)
	if err != nil {
		return nil, err
	}
	over, end := context.WithCancel(ctx)
	defer end()
	hook, err := openWebhook(healthyEndpoints)
	if err != nil {
		return nil, err
	}
	defer hook.close()
	bad, err := openHandler(func(w http.ResponseWriter, r *http.Request) { beIll(over, w, r) })
	if err != nil {
		return nil, err
	}
	defer bad.close()
	endpoints := hook.endpoints()
	if ill {
		for _, path := range sickPaths {
			endpoints = append(endpoints, "http://"+bad.addresses[0]+path)
		}
	}
	targets, err := o.subscribe(ctx, endpoints)
	if err != nil {
		return nil, err
	}
	rounds := b.count(10)
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for range rounds {
		if err := o.publish(ctx, 1, targets); err != nil {
			return nil, err
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if _, err := hook.await(ctx, rounds*healthyEndpoints, hook.notifications); err != nil {
		return nil, err
	}
	end()
	return hook.ages(), o.stop()
}
