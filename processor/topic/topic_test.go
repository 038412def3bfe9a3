package topic_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

const account = "123456789012"

var now = time.Date(2026, 1, 27, 14, 59, 38, 0, time.UTC)

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// write runs f in a transaction and returns what it returned.
func write[T any](t *testing.T, s *store.Store, f func(context.Context, *sql.Tx) (T, error)) (T, error) {
	t.Helper()
	var result T
	err := s.Transact(t.Context(), func(tx *sql.Tx) (err error) {
		result, err = f(t.Context(), tx)
		return err
	})
	return result, err
}

func create(t *testing.T, s *store.Store, asked topic.Topic) (topic.Topic, error) {
	t.Helper()
	return write(t, s, func(ctx context.Context, tx *sql.Tx) (topic.Topic, error) {
		return topic.CreateTopic(ctx, tx, "us-east-1", asked, now)
	})
}

func mustCreate(t *testing.T, s *store.Store, name string) topic.Topic {
	t.Helper()
	created, err := create(t, s, topic.Topic{Account: account, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func TestCreateTopicIsIdempotent(t *testing.T) {
	s := open(t)
	first := mustCreate(t, s, "bounces")
	want := topic.Topic{ARN: "arn:aws:sns:us-east-1:123456789012:bounces", Account: account, Name: "bounces", SignatureVersion: "1", Created: now}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first, mustCreate(t, s, "bounces")); diff != "" {
		t.Error(diff)
	}
	got, err := topic.GetTopic(t.Context(), s.Read, first.ARN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, got); diff != "" {
		t.Error(diff)
	}
}

func TestCreateTopicRefusesWhatATopicCannotHave(t *testing.T) {
	s := open(t)
	if _, err := create(t, s, topic.Topic{Account: account, Name: "there", DisplayName: "A"}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		asked topic.Topic
		want  error
	}{
		{"no name", topic.Topic{}, topic.ErrName},
		{"a blank in the name", topic.Topic{Name: "a b"}, topic.ErrName},
		{"a colon in the name", topic.Topic{Name: "a:b"}, topic.ErrName},
		{"a long name", topic.Topic{Name: strings.Repeat("a", 257)}, topic.ErrName},
		{"a long display name", topic.Topic{Name: "a", DisplayName: strings.Repeat("a", 101)}, topic.ErrAttribute},
		{"an unknown signature version", topic.Topic{Name: "a", SignatureVersion: "3"}, topic.ErrAttribute},
		{"another display name", topic.Topic{Name: "there", DisplayName: "B"}, topic.ErrDifferent},
		{"another signature version", topic.Topic{Name: "there", SignatureVersion: "2"}, topic.ErrDifferent},
		{"another attribute", topic.Topic{Name: "there", Attributes: map[string]string{"Policy": "{}"}}, topic.ErrDifferent},
		{"another tag", topic.Topic{Name: "there", Tags: map[string]string{"team": "mail"}}, topic.ErrTags},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.asked.Account = account
			if _, err := create(t, s, test.asked); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestUpdateTopicChangesItsAttributes(t *testing.T) {
	s := open(t)
	changed := mustCreate(t, s, "bounces")
	changed.DisplayName, changed.SignatureVersion = "Bounces", "2"
	update := func(asked topic.Topic) error {
		return s.Transact(t.Context(), func(tx *sql.Tx) error { return topic.UpdateTopic(t.Context(), tx, asked) })
	}
	if err := update(changed); err != nil {
		t.Fatal(err)
	}
	got, err := topic.GetTopic(t.Context(), s.Read, changed.ARN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changed, got); diff != "" {
		t.Error(diff)
	}
	changed.ARN += "x"
	if err := update(changed); !errors.Is(err, topic.ErrTopicNotFound) {
		t.Errorf("got %v, want ErrTopicNotFound", err)
	}
	changed.SignatureVersion = ""
	if err := update(changed); !errors.Is(err, topic.ErrAttribute) {
		t.Errorf("got %v, want ErrAttribute", err)
	}
}

func TestListTopicsPages(t *testing.T) {
	s := open(t)
	for _, name := range []string{"c", "a", "b"} {
		mustCreate(t, s, name)
	}
	if _, err := create(t, s, topic.Topic{Account: "999999999999", Name: "d"}); err != nil {
		t.Fatal(err)
	}
	names := func(account, after string, limit int) (names []string, next string) {
		topics, next, err := topic.ListTopics(t.Context(), s.Read, account, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range topics {
			names = append(names, each.Name)
		}
		return names, next
	}
	got, next := names(account, "", 2)
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || next == "" {
		t.Errorf("next %q %s", next, diff)
	}
	got, next = names(account, next, 2)
	if diff := cmp.Diff([]string{"c"}, got); diff != "" || next != "" {
		t.Errorf("next %q %s", next, diff)
	}
	if got, _ := names("", "", 100); len(got) != 4 {
		t.Errorf("got %v, want the topics of all accounts", got)
	}
}

func TestDeleteTopicTakesItsSubscriptionsAlong(t *testing.T) {
	s := open(t)
	gone, kept := mustCreate(t, s, "gone"), mustCreate(t, s, "kept")
	subscribe(t, s, topic.Subscription{TopicARN: gone.ARN, Protocol: "http", Endpoint: "http://a.example/"})
	other := subscribe(t, s, topic.Subscription{TopicARN: kept.ARN, Protocol: "http", Endpoint: "http://a.example/"})
	for _, want := range []bool{true, false} {
		existed, err := write(t, s, func(ctx context.Context, tx *sql.Tx) (bool, error) { return topic.DeleteTopic(ctx, tx, gone.ARN) })
		if err != nil || existed != want {
			t.Errorf("got %v, error %v, want %v", existed, err, want)
		}
	}
	if _, err := topic.GetTopic(t.Context(), s.Read, gone.ARN); !errors.Is(err, topic.ErrTopicNotFound) {
		t.Errorf("got %v, want ErrTopicNotFound", err)
	}
	left, _, err := topic.ListSubscriptions(t.Context(), s.Read, "", "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]topic.Subscription{other}, left); diff != "" {
		t.Error(diff)
	}
}
