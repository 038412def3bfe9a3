package topic_test

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

func trySubscribe(t *testing.T, s *store.Store, asked topic.Subscription, at time.Time) (topic.Subscription, error) {
	t.Helper()
	return write(t, s, func(ctx context.Context, tx *sql.Tx) (topic.Subscription, error) {
		return topic.Subscribe(ctx, tx, asked, at)
	})
}

func subscribe(t *testing.T, s *store.Store, asked topic.Subscription) topic.Subscription {
	t.Helper()
	sub, err := trySubscribe(t, s, asked, now)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func confirm(t *testing.T, s *store.Store, token string, authenticated bool, at time.Time) (topic.Subscription, error) {
	t.Helper()
	return write(t, s, func(ctx context.Context, tx *sql.Tx) (topic.Subscription, error) {
		return topic.Confirm(ctx, tx, token, authenticated, at)
	})
}

func TestSubscribeWaitsForItsConfirmation(t *testing.T) {
	s := open(t)
	arn := mustCreate(t, s, "bounces").ARN
	sub := subscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: "https", Endpoint: "https://a.example/", Raw: true, DeliveryPolicy: `{}`})
	if !regexp.MustCompile(`^` + arn + `:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(sub.ARN) {
		t.Errorf("got ARN %s", sub.ARN)
	}
	want := topic.Subscription{
		ARN: sub.ARN, TopicARN: arn, Account: account, Protocol: "https", Endpoint: "https://a.example/", Raw: true, DeliveryPolicy: `{}`,
		Token: sub.Token, TokenExpires: now.Add(topic.TokenLife), Created: now,
	}
	got, err := topic.GetSubscription(t.Context(), s.Read, sub.ARN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]topic.Subscription{want, want}, []topic.Subscription{sub, got}); diff != "" {
		t.Error(diff)
	}
	wantConfirmed(t, s, arn, true)
	wantConfirmed(t, s, arn+"x", false)
	if _, err := confirm(t, s, sub.Token, false, now); err != nil {
		t.Fatal(err)
	}
	want.Confirmed = true
	wantConfirmed(t, s, arn, true, want)
}

func wantConfirmed(t *testing.T, s *store.Store, arn string, exists bool, want ...topic.Subscription) {
	t.Helper()
	got, ok, err := topic.Confirmed(t.Context(), s.Read, arn)
	if err != nil || ok != exists {
		t.Errorf("got exists %v, error %v, want %v", ok, err, exists)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSubscribeRefusesWhatCannotBeDelivered(t *testing.T) {
	s := open(t)
	arn := mustCreate(t, s, "bounces").ARN
	subscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: "http", Endpoint: "http://there.example/"})
	tests := []struct {
		name               string
		protocol, endpoint string
		raw                bool
		want               error
	}{
		{"another protocol", "sqs", "arn:aws:sqs:us-east-1:123456789012:q", false, topic.ErrProtocol},
		{"no protocol", "", "http://a.example/", false, topic.ErrProtocol},
		{"http for https", "https", "http://a.example/", false, topic.ErrEndpoint},
		{"https for http", "http", "https://a.example/", false, topic.ErrEndpoint},
		{"a list of addresses", "email", "a@a.example, b@a.example", false, topic.ErrEndpoint},
		{"a name with an address", "email-json", "Ann <a@a.example>", false, topic.ErrEndpoint},
		{"a subject of ours", "nats", "feedback.raw", false, topic.ErrEndpoint},
		{"a wildcard", "nats", "sns.*", false, topic.ErrEndpoint},
		{"an empty token", "nats", "sns.a..b", false, topic.ErrEndpoint},
		{"no host", "http", "http:///hook", false, topic.ErrEndpoint},
		{"no URL", "http", "http://a b/", false, topic.ErrEndpoint},
		{"a line end", "http", "http://a.example/\r\nHost: b", false, topic.ErrEndpoint},
		{"too long", "http", "http://a.example/" + strings.Repeat("a", 2048), false, topic.ErrEndpoint},
		{"the same, but raw", "http", "http://there.example/", true, topic.ErrDifferent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := trySubscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: test.protocol, Endpoint: test.endpoint, Raw: test.raw}, now)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	_, err := trySubscribe(t, s, topic.Subscription{TopicARN: arn + "x", Protocol: "http", Endpoint: "http://a.example/"}, now)
	if !errors.Is(err, topic.ErrTopicNotFound) {
		t.Errorf("got %v, want ErrTopicNotFound", err)
	}
}

func TestErrorsDoNotTellPasswords(t *testing.T) {
	s := open(t)
	arn := mustCreate(t, s, "bounces").ARN
	for _, endpoint := range []string{"http://user:s3cret@a b/", "http://user:s3cret@a.example/", "https://user:s3cret@"} {
		_, err := trySubscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: "https", Endpoint: endpoint}, now)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v", endpoint, err)
		}
	}
}

func TestSubscribingAgainGivesTheSameSubscription(t *testing.T) {
	s := open(t)
	asked := topic.Subscription{TopicARN: mustCreate(t, s, "bounces").ARN, Protocol: "http", Endpoint: "http://a.example/"}
	first := subscribe(t, s, asked)

	later := now.Add(topic.TokenLife - time.Second)
	again, err := trySubscribe(t, s, asked, later)
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.TokenExpires = later.Add(topic.TokenLife)
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("while the token is valid: %s", diff)
	}

	expired := want.TokenExpires
	again, err = trySubscribe(t, s, asked, expired)
	if err != nil || again.ARN != first.ARN || again.Token == first.Token {
		t.Errorf("after the token expired: got %v, error %v, want the same ARN and a new token", again, err)
	}
	if _, err := confirm(t, s, first.Token, false, expired); !errors.Is(err, topic.ErrToken) {
		t.Errorf("got %v for the old token, want ErrToken", err)
	}
	if _, err := confirm(t, s, again.Token, false, expired); err != nil {
		t.Fatal(err)
	}
	again, err = trySubscribe(t, s, asked, expired.Add(100*time.Hour))
	if err != nil || !again.Confirmed || again.ARN != first.ARN {
		t.Errorf("after the confirmation: got %v, error %v, want the confirmed subscription", again, err)
	}
}

func TestATokenConfirmsInTimeAndThenForEver(t *testing.T) {
	s := open(t)
	arn := mustCreate(t, s, "bounces").ARN
	sub := subscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: "http", Endpoint: "http://a.example/"})
	late := subscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: "http", Endpoint: "http://b.example/"})

	for token, want := range map[string]error{
		"": topic.ErrMalformedToken, "abc": topic.ErrMalformedToken, strings.Repeat("g", 256): topic.ErrMalformedToken,
		strings.Repeat("a", 256): topic.ErrToken,
	} {
		if _, err := confirm(t, s, token, false, now); !errors.Is(err, want) {
			t.Errorf("token %.10q: got %v, want %v", token, err, want)
		}
	}
	if _, err := confirm(t, s, late.Token, false, late.TokenExpires); !errors.Is(err, topic.ErrToken) {
		t.Errorf("got %v for an expired token, want ErrToken", err)
	}
	want := sub
	want.Confirmed = true
	for _, at := range []time.Time{now, now.Add(time.Hour), now.Add(1000 * time.Hour)} {
		got, err := confirm(t, s, sub.Token, false, at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAnAuthenticatedConfirmationStaysOne(t *testing.T) {
	s := open(t)
	sub := subscribe(t, s, topic.Subscription{TopicARN: mustCreate(t, s, "bounces").ARN, Protocol: "http", Endpoint: "http://a.example/"})
	for _, authenticated := range []bool{true, false} {
		got, err := confirm(t, s, sub.Token, authenticated, now)
		if err != nil || !got.ConfirmationWasAuthenticated {
			t.Errorf("got %v, error %v", got, err)
		}
	}
}

func TestSubscriptionsNobodyConfirmedAreDeleted(t *testing.T) {
	s := open(t)
	arn := mustCreate(t, s, "bounces").ARN
	confirmed := subscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: "http", Endpoint: "http://a.example/"})
	if _, err := confirm(t, s, confirmed.Token, false, now); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"b", "c", "d"} {
		subscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: "http", Endpoint: "http://" + host + ".example/"})
	}
	wantCounts := func(confirmed, pending int) {
		t.Helper()
		c, p, _, err := topic.CountSubscriptions(t.Context(), s.Read, arn)
		if err != nil || c != confirmed || p != pending {
			t.Errorf("got %d confirmed, %d pending, error %v, want %d and %d", c, p, err, confirmed, pending)
		}
	}
	wantCounts(1, 3)
	for _, step := range []struct {
		at   time.Time
		want int
	}{{now.Add(topic.TokenLife), 0}, {now.Add(topic.TokenLife + time.Millisecond), 2}, {now.Add(topic.TokenLife + time.Millisecond), 1}} {
		n, err := write(t, s, func(ctx context.Context, tx *sql.Tx) (int, error) { return topic.PurgePending(ctx, tx, step.at, 2) })
		if err != nil || n != step.want {
			t.Errorf("got %d, error %v, want %d", n, err, step.want)
		}
	}
	wantCounts(1, 0)
}

func TestUnsubscribeIsIdempotent(t *testing.T) {
	s := open(t)
	sub := subscribe(t, s, topic.Subscription{TopicARN: mustCreate(t, s, "bounces").ARN, Protocol: "http", Endpoint: "http://a.example/"})
	for _, want := range []bool{true, false} {
		existed, err := write(t, s, func(ctx context.Context, tx *sql.Tx) (bool, error) { return topic.Unsubscribe(ctx, tx, sub.ARN) })
		if err != nil || existed != want {
			t.Errorf("got %v, error %v, want %v", existed, err, want)
		}
	}
	if _, err := topic.GetSubscription(t.Context(), s.Read, sub.ARN); !errors.Is(err, topic.ErrSubscriptionNotFound) {
		t.Errorf("got %v, want ErrSubscriptionNotFound", err)
	}
}

func TestUpdateSubscriptionChangesHowItIsDelivered(t *testing.T) {
	s := open(t)
	sub := subscribe(t, s, topic.Subscription{TopicARN: mustCreate(t, s, "bounces").ARN, Protocol: "http", Endpoint: "http://a.example/"})
	sub.Raw, sub.DeliveryPolicy = true, `{"healthyRetryPolicy":null}`
	update := func() error {
		return s.Transact(t.Context(), func(tx *sql.Tx) error { return topic.UpdateSubscription(t.Context(), tx, sub) })
	}
	if err := update(); err != nil {
		t.Fatal(err)
	}
	got, err := topic.GetSubscription(t.Context(), s.Read, sub.ARN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sub, got); diff != "" {
		t.Error(diff)
	}
	sub.ARN += "x"
	if err := update(); !errors.Is(err, topic.ErrSubscriptionNotFound) {
		t.Errorf("got %v, want ErrSubscriptionNotFound", err)
	}
}

func TestListSubscriptionsPagesAndFilters(t *testing.T) {
	s := open(t)
	one, two := mustCreate(t, s, "one").ARN, mustCreate(t, s, "two").ARN
	var want []string
	for _, host := range []string{"a", "b", "c"} {
		want = append(want, subscribe(t, s, topic.Subscription{TopicARN: one, Protocol: "http", Endpoint: "http://" + host + ".example/"}).ARN)
	}
	subscribe(t, s, topic.Subscription{TopicARN: two, Protocol: "http", Endpoint: "http://a.example/"})
	var got []string
	for next := ""; ; {
		page, after, err := topic.ListSubscriptions(t.Context(), s.Read, account, one, next, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, sub := range page {
			got = append(got, sub.ARN)
		}
		if next = after; next == "" {
			break
		}
	}
	sorted := func(list []string) map[string]int {
		set := map[string]int{}
		for _, each := range list {
			set[each]++
		}
		return set
	}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		account, topic string
		want           int
	}{{"", "", 4}, {account, "", 4}, {"999999999999", "", 0}, {"", two, 1}} {
		page, _, err := topic.ListSubscriptions(t.Context(), s.Read, test.account, test.topic, "", 100)
		if err != nil || len(page) != test.want {
			t.Errorf("%v: got %d, error %v", test, len(page), err)
		}
	}
}

func TestMaskEndpointHidesCredentialsOnly(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://user:pass@host/path":      "https://****:****@host/path",
		"https://token@host:8443":          "https://****:****@host:8443",
		"https://user:p@ss@host/":          "https://****:****@host/",
		"https://host/a@b":                 "https://host/a@b",
		"https://host?x=a@b":               "https://host?x=a@b",
		"jane@example.org":                 "jane@example.org",
		"https://user:pa/ss@host.example/": "https://user:pa/ss@host.example/", // not a password: the host ends at the first slash
	} {
		if got := topic.MaskEndpoint(endpoint); got != want {
			t.Errorf("%s: got %s, want %s", endpoint, got, want)
		}
	}
}

// A subscription that its unsubscribe link ended is as good as gone, until its new token restores it.
func TestAnEndedSubscriptionIsRestoredByItsToken(t *testing.T) {
	s := open(t)
	arn := mustCreate(t, s, "bounces").ARN
	asked := topic.Subscription{TopicARN: arn, Protocol: "http", Endpoint: "http://a.example/"}
	before, err := confirm(t, s, subscribe(t, s, asked).Token, false, now)
	if err != nil {
		t.Fatal(err)
	}
	end := func() (topic.Subscription, error) {
		return write(t, s, func(ctx context.Context, tx *sql.Tx) (topic.Subscription, error) {
			return topic.End(ctx, tx, before.ARN, now)
		})
	}
	ended, err := end()
	if err != nil || ended.Token == before.Token || !ended.TokenExpires.Equal(now.Add(topic.TokenLife)) || ended.Confirmed || !ended.Ended.Equal(now) {
		t.Fatalf("got %+v, %v", ended, err)
	}
	if _, err := end(); !errors.Is(err, topic.ErrSubscriptionNotFound) {
		t.Errorf("ending it again: got %v", err)
	}
	wantConfirmed(t, s, arn, true)
	if _, err := topic.GetSubscription(t.Context(), s.Read, before.ARN); !errors.Is(err, topic.ErrSubscriptionNotFound) {
		t.Errorf("it is still there: %v", err)
	}
	if got, err := topic.GetEnded(t.Context(), s.Read, before.ARN); err != nil || cmp.Diff(ended, got) != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if listed, _, err := topic.ListSubscriptions(t.Context(), s.Read, "", arn, "", 10); err != nil || len(listed) != 0 {
		t.Errorf("it is listed: %v, %v", listed, err)
	}
	if confirmed, pending, gone, err := topic.CountSubscriptions(t.Context(), s.Read, arn); err != nil || confirmed != 0 || pending != 0 || gone != 1 {
		t.Errorf("counted %d %d %d, %v", confirmed, pending, gone, err)
	}
	if _, err := confirm(t, s, before.Token, false, now); !errors.Is(err, topic.ErrToken) {
		t.Errorf("the old token: got %v", err)
	}
	restored, err := confirm(t, s, ended.Token, false, now.Add(topic.TokenLife-time.Second))
	if err != nil || restored.ARN != before.ARN || !restored.Ended.IsZero() {
		t.Errorf("got %+v, %v", restored, err)
	}
	wantConfirmed(t, s, arn, true, restored)
	if _, err := topic.GetEnded(t.Context(), s.Read, before.ARN); !errors.Is(err, topic.ErrSubscriptionNotFound) {
		t.Errorf("it has not ended any more: %v", err)
	}
}

func TestAnEndedSubscriptionMakesRoomForANewOneAndIsPurged(t *testing.T) {
	s := open(t)
	arn := mustCreate(t, s, "bounces").ARN
	asked := topic.Subscription{TopicARN: arn, Protocol: "http", Endpoint: "http://a.example/"}
	first := subscribe(t, s, asked)
	if _, err := write(t, s, func(ctx context.Context, tx *sql.Tx) (topic.Subscription, error) {
		return topic.End(ctx, tx, first.ARN, now)
	}); err != nil {
		t.Fatal(err)
	}
	second := subscribe(t, s, asked)
	if second.ARN == first.ARN || second.Confirmed {
		t.Errorf("got %+v after %+v", second, first)
	}
	ended, err := write(t, s, func(ctx context.Context, tx *sql.Tx) (topic.Subscription, error) {
		return topic.End(ctx, tx, second.ARN, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := write(t, s, func(ctx context.Context, tx *sql.Tx) (int, error) {
		return topic.PurgePending(ctx, tx, ended.TokenExpires.Add(time.Second), 10)
	})
	if err != nil || n != 1 {
		t.Errorf("purged %d, %v", n, err)
	}
}

// A subject of NATS is on the operator's own bus.
func TestASubjectOfNATSNeedsNoConfirmation(t *testing.T) {
	s := open(t)
	arn := mustCreate(t, s, "bounces").ARN
	sub := subscribe(t, s, topic.Subscription{TopicARN: arn, Protocol: "nats", Endpoint: "sns.orders.bounces-1_A"})
	if !sub.Confirmed || !sub.ConfirmationWasAuthenticated {
		t.Errorf("got %+v", sub)
	}
	wantConfirmed(t, s, arn, true, sub)
}
