package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	postsOfShape = 4_000     // webhooks of each shape
	heldEntries  = 1_000_000 // retries that wait
	notification = 1_500     // bytes of a body
)

// outboxes measures the delivery engine by itself.
func (b *bench) outboxes(ctx context.Context) ([]section, error) {
	var sections []section
	for _, measure := range []func(context.Context) (section, error){b.notifications, b.sickAmongHealthy, b.held} {
		s, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		sections = append(sections, s)
	}
	return sections, nil
}

// outbox is an engine at work in this process, over a database of its own, with one topic.
type outbox struct {
	store  *store.Store
	topic  topic.Topic
	engine *delivery.Engine
	stop   func() error
}

func (b *bench) openOutbox(ctx context.Context) (*outbox, error) {
	dir, err := b.temp("outbox")
	if err != nil {
		return nil, err
	}
	o := &outbox{}
	if o.store, err = store.Open(ctx, filepath.Join(dir, "rebound.db")); err != nil {
		return nil, err
	}
	signer, err := topic.LoadSigner(filepath.Join(dir, "signing"), "http://127.0.0.1", time.Now())
	if err != nil {
		return nil, err
	}
	sender, err := delivery.NewHTTPSender(delivery.HTTPOptions{Store: o.store, Signer: signer, PublicURL: "http://127.0.0.1",
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		return nil, err
	}
	err = o.store.Transact(ctx, func(tx *sql.Tx) (err error) {
		o.topic, err = topic.CreateTopic(ctx, tx, "us-east-1", topic.Topic{Account: "000000000000", Name: "bench"}, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	o.engine = delivery.New(o.store, map[string]delivery.Sender{topic.HTTP: sender}, slog.New(slog.DiscardHandler))
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- o.engine.Run(running) }()
	o.stop = func() error {
		cancel()
		if err := <-ended; err != nil {
			return err
		}
		return o.store.Close()
	}
	return o, nil
}

// subscribe makes confirmed subscriptions.
func (o *outbox) subscribe(ctx context.Context, endpoints []string) (targets []delivery.Target, err error) {
	now := time.Now()
	err = o.store.Transact(ctx, func(tx *sql.Tx) error {
		for _, endpoint := range endpoints {
			s, err := topic.Subscribe(ctx, tx, topic.Subscription{TopicARN: o.topic.ARN, Protocol: topic.HTTP, Endpoint: endpoint}, now)
			if err == nil {
				s, err = topic.Confirm(ctx, tx, s.Token, false, now)
			}
			if err != nil {
				return err
			}
			targets = append(targets, delivery.Target{SubscriptionARN: s.ARN, Protocol: s.Protocol, Endpoint: s.Endpoint})
		}
		return nil
	})
	return targets, err
}

// publish commits messages for the targets, in transactions of 500 entries.
func (o *outbox) publish(ctx context.Context, messages int, targets []delivery.Target) error {
	for left := messages; left > 0; {
		chunk := min(left, max(1, 500/len(targets)))
		left -= chunk
		err := o.store.Transact(ctx, func(tx *sql.Tx) error {
			for range chunk {
				m := delivery.Message{ID: schemas.NewUUID(), TopicARN: o.topic.ARN, Kind: delivery.KindNotification, Body: strings.Repeat("x", notification), Targets: targets}
				if err := delivery.Enqueue(ctx, tx, m, time.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		o.engine.Wake()
	}
	return nil
}

// notifications measures from the first commit to the last acknowledged webhook, and a bare client that posts the same.
func (b *bench) notifications(ctx context.Context) (section, error) {
	s := section{Key: "notifications", Title: "Notifications, from commit to acknowledged webhook", Columns: []column{
		{"webhooksPerSecond", "webhooks/s", whole}, {"ofBound", "of bound", percent}, {"cpuSeconds", "CPU", seconds}}}
	for _, endpoints := range []int{1, 10, 100} {
		b.say("notifications a second to %d endpoint(s)", endpoints)
		done, hook, err := b.notify(ctx, endpoints, max(1, b.count(postsOfShape)/endpoints))
		if err != nil {
			return s, err
		}
		bare, err := b.postBare(ctx, hook, endpoints)
		if err != nil {
			return s, err
		}
		s.Rows = append(s.Rows, row{Name: fmt.Sprintf("%s, each message to all", plural(endpoints)), Values: []float64{done.rate, done.rate / bare.rate, done.cpu}},
			row{Name: "a bare Go client: the same requests, and answers", Values: []float64{bare.rate, none, bare.cpu}, Bound: true})
	}
	return s, nil
}

// notify publishes messages to all endpoints and waits for the webhooks.
func (b *bench) notify(ctx context.Context, endpoints, messages int) (done part, samples []post, err error) {
	o, err := b.openOutbox(ctx)
	if err != nil {
		return done, nil, err
	}
	hook, err := openWebhook(endpoints)
	if err != nil {
		return done, nil, err
	}
	defer hook.close()
	targets, err := o.subscribe(ctx, hook.endpoints())
	if err != nil {
		return done, nil, err
	}
	used, err := processorTime()
	if err != nil {
		return done, nil, err
	}
	started := time.Now()
	if err := o.publish(ctx, messages, targets); err != nil {
		return done, nil, err
	}
	last, err := hook.await(ctx, messages*endpoints, hook.notifications)
	if err != nil {
		return done, nil, err
	}
	usedThen, err := processorTime()
	if err != nil {
		return done, nil, err
	}
	n := float64(messages * endpoints)
	return part{n / last.Sub(started).Seconds(), (usedThen - used).Seconds() / n}, hook.samples, o.stop()
}

// postBare posts the requests that the engine made to as many endpoints, four at a time to each.
func (b *bench) postBare(ctx context.Context, samples []post, endpoints int) (part, error) {
	bound, err := b.httpAlone(ctx, delivered{endpoints: endpoints, samples: samples})
	n := float64(endpoints)
	return part{bound.rate * n, bound.cpu / n}, err
}

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
		name, ratio := "20 healthy endpoints", none
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

// crowd publishes a message every 25 ms to 20 healthy endpoints, and to five sick ones when told so, and returns the sorted times from the
// commit to each healthy webhook.
func (b *bench) crowd(ctx context.Context, ill bool) ([]time.Duration, error) {
	const healthy, every = 20, 25 * time.Millisecond
	o, err := b.openOutbox(ctx)
	if err != nil {
		return nil, err
	}
	over, end := context.WithCancel(ctx)
	defer end()
	hook, err := openWebhook(healthy)
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
	rounds := b.count(200)
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
	if _, err := hook.await(ctx, rounds*healthy, hook.notifications); err != nil {
		return nil, err
	}
	end()
	return hook.ages(), o.stop()
}

// held measures a server that starts over a million retries which wait.
func (b *bench) held(ctx context.Context) (section, error) {
	entries := b.count(heldEntries)
	s := section{Key: "held", Title: "Retries that wait", Columns: []column{{"readySeconds", "ready after", seconds}, {"residentBytes", "memory", megabytes},
		{"diskBytes", "database", megabytes}}}
	binary, err := b.build(ctx)
	if err != nil {
		return s, err
	}
	data, err := b.temp("held")
	if err != nil {
		return s, err
	}
	b.say("writing %s retries that wait", whole(float64(entries)))
	size, err := fillOutbox(ctx, databaseIn(data), entries)
	if err != nil {
		return s, err
	}
	started := time.Now()
	server, err := startChild(ctx, binary, data)
	if err != nil {
		return s, err
	}
	ready := time.Since(started)
	var memory float64
	for range 5 { // some looks of the engine at what is due
		metrics, err := server.metrics()
		if err != nil {
			return s, server.fail(err)
		}
		memory = max(memory, metrics["process_resident_memory_bytes"])
		select {
		case <-time.After(b.time(500 * time.Millisecond)):
		case <-ctx.Done():
			return s, server.fail(ctx.Err())
		}
	}
	s.Rows = append(s.Rows, row{Name: whole(float64(entries)) + " entries for 1,000 endpoints", Values: []float64{ready.Seconds(), memory, size}})
	return s, server.stop()
}

// fillOutbox writes entries that are due in an hour, in the form that the engine leaves them in after a failed attempt.
func fillOutbox(ctx context.Context, path string, entries int) (size float64, err error) {
	opened, err := store.Open(ctx, path)
	if err != nil {
		return 0, err
	}
	due := time.Now().Add(time.Hour).UnixMilli()
	for _, statement := range []struct {
		query string
		args  []any
	}{
		{`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
			INSERT INTO outbox_endpoint (id, protocol, endpoint, failures) SELECT i, 'http', 'http://127.0.0.1:1/' || i, 1 FROM n`, nil},
		{`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO outbox_message (seq, id, topic_arn, kind, subject, body, feedback_id, feedback_seq, created)
			SELECT i, 'message-' || i, 'arn:aws:sns:us-east-1:000000000000:bench', 'Notification', '', $2, 'feedback-' || i, i, $3 FROM n`,
			[]any{entries, strings.Repeat("x", 300), time.Now().UnixMilli()}},
		{`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO outbox_entry (id, message, endpoint, subscription_arn, due, attempts, last_attempt, last_status, last_error)
			SELECT i, i, 1 + i % 1000, 'arn:aws:sns:us-east-1:000000000000:bench:' || i % 1000, $2 + i, 1, $2, 503, 'HTTP 503' FROM n`, []any{entries, due}},
	} {
		err := opened.Transact(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement.query, statement.args...)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	if err := opened.Read.QueryRowContext(ctx, `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&size); err != nil {
		return 0, err
	}
	return size, opened.Close()
}

func megabytes(v float64) string { return whole(v/1e6) + " MB" }
