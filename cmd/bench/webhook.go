package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxSamples is how many notifications are kept, for the bound that posts the same bodies.
const maxSamples = 2000

// post is a notification as it came.
type post struct {
	header http.Header
	body   []byte
}

// webhook is one or more subscribers, each at an address of its own. They confirm themselves and answer 200 to everything.
type webhook struct {
	addresses []string
	server    *http.Server

	mutex     sync.Mutex
	seen      map[string]bool // endpoint and message id
	last      time.Time       // when the last one that was not seen before came
	confirmed int
	samples   []post
	took      []time.Duration // of the notifications, since they were published
	failed    error
	changed   chan struct{} // takes one word when something came
}

func openWebhook(endpoints int) (*webhook, error) {
	w := &webhook{seen: map[string]bool{}, changed: make(chan struct{}, 1)}
	return w, w.listen(endpoints, w.take)
}

// openHandler is one endpoint that answers as the handler says.
func openHandler(handler http.HandlerFunc) (*webhook, error) {
	w := &webhook{}
	return w, w.listen(1, handler)
}

func (w *webhook) listen(endpoints int, handler http.HandlerFunc) error {
	w.server = &http.Server{Handler: handler, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	for range endpoints {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.close()
			return err
		}
		w.addresses = append(w.addresses, listener.Addr().String())
		go func() { _ = w.server.Serve(listener) }() // ends with close
	}
	return nil
}

func (w *webhook) close() { _ = w.server.Close() }

func (w *webhook) endpoints() []string {
	urls := make([]string, len(w.addresses))
	for i, address := range w.addresses {
		urls[i] = "http://" + address + "/feedback"
	}
	return urls
}

func (w *webhook) take(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		out.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.Header.Get("x-amz-sns-message-type") == "SubscriptionConfirmation" {
		w.note(func() { w.confirmed++ }, confirm(body))
		return
	}
	key := r.Host + " " + r.Header.Get("x-amz-sns-message-id")
	w.note(func() {
		if w.seen[key] {
			return
		}
		w.seen[key], w.last = true, time.Now()
		w.took = append(w.took, w.last.Sub(published(body)))
		if len(w.samples) < maxSamples {
			w.samples = append(w.samples, post{r.Header.Clone(), body})
		}
	}, nil)
}

// note changes what is known of the arrivals and tells whoever waits.
func (w *webhook) note(change func(), err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if err != nil {
		w.failed = err
	} else {
		change()
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// confirm visits the link that ends the subscription's waiting.
func confirm(body []byte) error {
	var envelope struct{ SubscribeURL string }
	if err := json.Unmarshal(body, &envelope); err != nil {
		return fmt.Errorf("reading a confirmation: %w", err)
	}
	response, err := http.Get(envelope.SubscribeURL)
	if err != nil {
		return fmt.Errorf("confirming: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("confirming: %s", response.Status)
	}
	return nil
}

// await waits until so many notifications, or confirmations, have come, and returns when the last one did.
func (w *webhook) await(ctx context.Context, many int, what func() int) (time.Time, error) {
	const patience = 30 * time.Second // without any news
	giveUp := time.NewTimer(patience)
	defer giveUp.Stop()
	for {
		w.mutex.Lock()
		have, last, err := what(), w.last, w.failed
		w.mutex.Unlock()
		if err != nil || have >= many {
			return last, err
		}
		select {
		case <-w.changed:
			giveUp.Reset(patience)
		case <-ctx.Done():
			return last, ctx.Err()
		case <-giveUp.C:
			return last, fmt.Errorf("%d of %d webhooks came, and none in the last %s", have, many, patience)
		}
	}
}

// notifications is how many came, each counted once; for await, which holds the mutex.
func (w *webhook) notifications() int { return len(w.seen) }

// confirmations is how many subscriptions were confirmed; for await, which holds the mutex.
func (w *webhook) confirmations() int { return w.confirmed }

// published is the timestamp of an envelope.
func published(body []byte) time.Time {
	var envelope struct{ Timestamp time.Time }
	_ = json.Unmarshal(body, &envelope) // what is no envelope has the zero time
	return envelope.Timestamp
}

// ages returns, sorted, how long after its publication each notification came, to the millisecond.
func (w *webhook) ages() []time.Duration {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.Sorted(slices.Values(w.took))
}
