package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
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
	postsOfShape = 4_000 // webhooks of each shape
	notification = 1_500 // bytes of a body
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
