package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
)

// The event destinations of a configuration set hear of simulated mail, from its sending on, and nothing is counted.
func TestSimulatedMailBringsTheEventsOfItsConfigurationSet(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	events := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		var envelope schemas.Envelope
		var event struct{ EventType string }
		if err := json.Unmarshal(body, &envelope); err != nil {
			t.Error(err)
		}
		if envelope.Type == schemas.EnvelopeSubscriptionConfirmation {
			if response, err := http.Get(envelope.SubscribeURL); err == nil {
				response.Body.Close()
			}
			events <- "confirmed"
			return
		}
		if err := json.Unmarshal([]byte(envelope.Message), &event); err != nil {
			t.Error(err)
		}
		events <- event.EventType
	}))
	defer hook.Close()
	arn := r.must("topic", "create", "events", "--setup-messages=false")
	r.must("identity", "set", "sender.example", "--forwarding=true")
	r.must("subscription", "create", arn, hook.URL)
	wait := func() string {
		select {
		case event := <-events:
			return event
		case <-time.After(30 * time.Second):
			t.Fatal("nothing arrives")
			return ""
		}
	}
	if got := wait(); got != "confirmed" {
		t.Fatalf("got %s", got)
	}
	err := r.srv.store.Transact(t.Context(), func(tx *sql.Tx) error { return makeEventSet(t.Context(), tx, arn) })
	if err != nil {
		t.Fatal(err)
	}
	must(t, "simulate", "bounce", "--smtp", r.smtp(), "--from", "news@sender.example", "--configuration-set", "mine")
	got := []string{wait(), wait()}
	slices.Sort(got)
	if !slices.Equal(got, []string{"Bounce", "Send"}) {
		t.Errorf("got %v, want Bounce and Send", got)
	}
	var counted int
	if err := r.srv.store.Read.QueryRow(`SELECT COUNT(*) FROM statistics`).Scan(&counted); err != nil || counted != 0 {
		t.Errorf("%d points of statistics (%v), want none: simulated mail is not counted", counted, err)
	}
}

func makeEventSet(ctx context.Context, tx *sql.Tx, arn string) error {
	if _, err := account.CreateConfigurationSet(ctx, tx, account.ConfigurationSet{Account: account.DefaultID, Name: "mine"}, time.Now()); err != nil {
		return err
	}
	return account.CreateEventDestination(ctx, tx, account.EventDestination{Account: account.DefaultID, ConfigurationSet: "mine", Name: "webhook", Enabled: true,
		MatchingEventTypes: []account.EventType{"SEND", "BOUNCE"}, TopicARN: arn})
}
