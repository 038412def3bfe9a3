package api_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// fail makes a webhook that refuses what it gets, subscribes it, and lets the engine fail to deliver so many messages to it.
func (s *server) fail(messages int) {
	s.t.Helper()
	webhook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not today", http.StatusBadRequest) }))
	defer webhook.Close()
	s.transact(func(tx *sql.Tx) error {
		ctx := s.t.Context()
		made, err := topic.CreateTopic(ctx, tx, "us-east-1", topic.Topic{Account: "000000000000", Name: "feedback"}, now)
		if err != nil {
			return err
		}
		subscription, err := topic.Subscribe(ctx, tx, topic.Subscription{TopicARN: made.ARN, Protocol: topic.HTTP, Endpoint: webhook.URL}, now)
		if err != nil {
			return err
		}
		if _, err := topic.Confirm(ctx, tx, subscription.Token, false, now); err != nil {
			return err
		}
		for range messages {
			target := delivery.Target{SubscriptionARN: subscription.ARN, Protocol: topic.HTTP, Endpoint: webhook.URL}
			message := delivery.Message{ID: schemas.NewUUID(), TopicARN: made.ARN, Kind: delivery.KindNotification, Body: "{}", Targets: []delivery.Target{target}}
			if err := delivery.Enqueue(ctx, tx, message, now); err != nil {
				return err
			}
		}
		return nil
	})
	signer, err := topic.LoadSigner(s.t.TempDir(), "http://127.0.0.1:8025", time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	s.api.Signer, s.api.PublicURL = signer, "http://127.0.0.1:8025"
	sender, err := delivery.NewHTTPSender(delivery.HTTPOptions{Store: s.api.Store, Signer: signer, PublicURL: "http://127.0.0.1:8025",
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		s.t.Fatal(err)
	}
	tried := make(chan struct{}, messages)
	engine := delivery.New(s.api.Store, map[string]delivery.Sender{topic.HTTP: sender}, slog.New(slog.DiscardHandler))
	engine.OnAttempt = func(string, string, time.Duration) { tried <- struct{}{} }
	ctx, stop := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	for range messages {
		<-tried
	}
	stop()
	if err := <-ended; err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) outbox(query string) []api.OutboxEntry {
	s.t.Helper()
	var answer struct{ Entries []api.OutboxEntry }
	s.do(http.MethodGet, "/v1/outbox"+query, nil, &answer)
	return answer.Entries
}

func TestFailedDeliveriesAreListedRedrivenAndDropped(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.fail(3)
	failed := s.outbox("?state=failed")
	if len(failed) != 3 || len(s.outbox("")) != 3 || len(s.outbox("?state=waiting")) != 0 || len(s.outbox("?limit=2")) != 2 {
		t.Fatalf("got %+v", s.outbox(""))
	}
	if one := failed[0]; one.State != "failed" || one.Attempts != 1 || one.LastStatus != http.StatusBadRequest || one.MessageID == "" || !one.Next.IsZero() {
		t.Errorf("got %+v", one)
	}
	var changed api.OutboxChanged
	s.do(http.MethodPost, "/v1/outbox/redrive", api.OutboxSelection{IDs: []int64{failed[1].ID}}, &changed)
	if waiting := s.outbox("?state=waiting"); changed.Entries != 1 || len(waiting) != 1 || waiting[0].ID != failed[1].ID || waiting[0].Attempts != 0 || s.woken != 1 {
		t.Errorf("redriven %d, waiting %+v, woken %d times", changed.Entries, waiting, s.woken)
	}
	s.do(http.MethodPost, "/v1/outbox/drop", api.OutboxSelection{}, &changed)
	if changed.Entries != 2 || len(s.outbox("")) != 1 {
		t.Errorf("dropped %d, left %+v: what waits is not dropped", changed.Entries, s.outbox(""))
	}
}

func TestADeadLetterIsShownAsAConsumerOfTheQueueReadsIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.fail(1)
	var shown api.OutboxLetter
	s.do(http.MethodGet, "/v1/outbox/1", nil, &shown)
	if len(shown.History) != 1 || shown.History[0].Status != http.StatusBadRequest || shown.History[0].Answer != "not today\n" || shown.Body != "{}" {
		t.Errorf("got %+v", shown)
	}
	var envelope schemas.Envelope
	if shown.DeadLetter == nil {
		t.Fatal("no dead letter")
	}
	if err := json.Unmarshal([]byte(shown.DeadLetter.Body), &envelope); err != nil || envelope.MessageID != shown.MessageID || envelope.Message != "{}" {
		t.Errorf("got %+v, error %v", envelope, err)
	}
	attributes := shown.DeadLetter.Attributes
	if code, message := attributes["ErrorCode"], attributes["ErrorMessage"]; code.Type != "Number" || code.Value != "400" || message.Value != "HTTP 400" ||
		len(attributes["RequestID"].Value) != 36 {
		t.Errorf("got %+v", attributes)
	}
	var answer struct{ Endpoints []api.OutboxEndpoint }
	s.do(http.MethodGet, "/v1/outbox/endpoints", nil, &answer)
	if len(answer.Endpoints) != 1 || answer.Endpoints[0].Failed != 1 || answer.Endpoints[0].Health != "healthy" {
		t.Errorf("got %+v: an endpoint that refuses is well", answer)
	}
}

func TestTheOutboxIsListedAndChangedBySelection(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.fail(3)
	one := s.outbox("")[0]
	for query, want := range map[string]int{
		"?queue=default": 3, "?queue=arn:aws:sqs:us-east-1:000000000000:dead": 0, "?topic=" + one.TopicARN: 3, "?topic=x": 0,
		"?subscription=" + one.SubscriptionARN: 3, "?subscription=x": 0, "?error=NOT+TODAY": 3, "?error=timeout": 0, "?error=%25": 0,
		"?status=400": 3, "?status=500": 0, "?since=2026-01-27T15:00:00Z": 3, "?since=2026-01-27T15:00:01Z": 0,
		"?until=2026-01-27T15:00:00Z": 0, "?after=2": 1, "?endpoint=x": 0,
	} {
		if got := len(s.outbox(query)); got != want {
			t.Errorf("%s: %d entries, want %d", query, got, want)
		}
	}
	var page api.OutboxPage
	if s.do(http.MethodGet, "/v1/outbox?limit=2", nil, &page); page.Next != 2 {
		t.Errorf("next %d, want 2", page.Next)
	}
	for _, step := range []struct {
		wanted api.OutboxSelection
		want   int
	}{{api.OutboxSelection{Error: "timeout"}, 0}, {api.OutboxSelection{Until: now}, 0}, {api.OutboxSelection{Since: now, Status: 400, IDs: []int64{2}}, 1},
		{api.OutboxSelection{SubscriptionARN: one.SubscriptionARN, Queue: "default"}, 2}} {
		var changed api.OutboxChanged
		if s.do(http.MethodPost, "/v1/outbox/redrive", step.wanted, &changed); changed.Entries != step.want {
			t.Errorf("%+v: redrove %d, want %d", step.wanted, changed.Entries, step.want)
		}
	}
	if again := s.outbox("?state=waiting"); len(again) != 3 || again[0].MessageID != one.MessageID {
		t.Errorf("got %+v", again)
	}
}

func TestWrongWishesOfTheOutboxAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.refuses([]refusal{
		{"unknown state", "GET", "/v1/outbox?state=lost", nil, 400, `not "lost"`},
		{"limit out of range", "GET", "/v1/outbox?limit=-1", nil, 400, "1 to 1000"},
		{"no such entry", "GET", "/v1/outbox/7", nil, 404, "no entry 7"},
		{"no id", "GET", "/v1/outbox/x", nil, 400, `"x" is not the id`},
		{"no time", "GET", "/v1/outbox?since=yesterday", nil, 400, `not "yesterday"`},
		{"no status", "GET", "/v1/outbox?status=bad", nil, 400, `not "bad"`},
		{"no place", "GET", "/v1/outbox?after=x", nil, 400, `not "x"`},
		{"no time in a selection", "POST", "/v1/outbox/drop", `{"since":"yesterday"}`, 400, "yesterday"},
		{"unknown key", "POST", "/v1/outbox/drop", `{"id":[1]}`, 400, `unknown field "id"`},
		{"unknown key of a redrive", "POST", "/v1/outbox/redrive", `{"state":"failed"}`, 400, `unknown field "state"`},
		{"too many ids", "POST", "/v1/outbox/drop", api.OutboxSelection{IDs: make([]int64, 1001)}, 400, "at most 1000"},
	})
	if s.woken != 0 {
		t.Error("a refused wish wakes the engine")
	}
	if _, answer := s.ask(http.MethodGet, "/v1/outbox", nil); answer != `{"entries":[]}` {
		t.Errorf("got %s", answer)
	}
}

// What the caller cannot mend is said to be so: 503 for what passes, and no inner words for the rest.
func TestTroubleInsideIsNoFaultOfTheCaller(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if _, err := s.api.Store.Write.ExecContext(t.Context(), "DROP TABLE outbox_entry"); err != nil {
		t.Fatal(err)
	}
	if status, answer := s.ask(http.MethodGet, "/v1/outbox", nil); status != http.StatusInternalServerError || answer != `{"message":"internal error; the server's log says more"}` {
		t.Errorf("got %d %s", status, answer)
	}
	if err := s.api.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, answer := s.ask(http.MethodPut, "/v1/accounts", `{"id":"222222222222"}`); status == http.StatusOK {
		t.Errorf("got %d %s", status, answer)
	}
}
