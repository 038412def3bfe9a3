package api_test

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// listen confirms a subscription to a topic.
func (s *server) listen(arn string) {
	s.t.Helper()
	s.transact(func(tx *sql.Tx) error {
		made, err := topic.Subscribe(s.t.Context(), tx, topic.Subscription{TopicARN: arn, Protocol: topic.HTTP, Endpoint: "http://127.0.0.1:9/hook"}, now)
		if err != nil {
			return err
		}
		_, err = topic.Confirm(s.t.Context(), tx, made.Token, false, now)
		return err
	})
}

// waiting counts the entries of a topic in the outbox.
func (s *server) waiting(arn string) int {
	s.t.Helper()
	entries, err := delivery.List(s.t.Context(), s.api.Store.Read, delivery.Filter{TopicARN: arn}, 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

func TestAnIdentitysNewTopicsAreToldUnlessTheyWantNoSetUpTexts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("feedback")
	s.listen(arn)
	identity := api.Identity{Identity: "sender.example", BounceTopic: &arn, ComplaintTopic: &arn}
	s.do(http.MethodPut, "/v1/identities", identity, nil)
	s.do(http.MethodPut, "/v1/identities", identity, nil) // changes nothing
	if got := s.waiting(arn); got != 2 || s.woken == 0 {
		t.Errorf("%d texts wait, want 2; woken %d times", got, s.woken)
	}
	no := false
	var made api.Topic
	s.do(http.MethodPost, "/v1/topics", api.Topic{Name: "feedback", SetupMessages: &no}, &made)
	if made.SetupMessages == nil || *made.SetupMessages {
		t.Errorf("got %+v", made)
	}
	identity.DeliveryTopic = &arn
	s.do(http.MethodPut, "/v1/identities", identity, nil)
	if got := s.waiting(arn); got != 2 {
		t.Errorf("%d texts wait, want none more than 2", got)
	}
	yes := true
	s.do(http.MethodPost, "/v1/topics", api.Topic{Name: "feedback", SetupMessages: &yes}, &made)
	if made.SetupMessages == nil || !*made.SetupMessages {
		t.Errorf("got %+v", made)
	}
}

func TestADetachedTopicIsShownUntilOneIsSetAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("feedback")
	s.do(http.MethodPut, "/v1/identities", api.Identity{Identity: "sender.example", BounceTopic: &arn}, nil)
	s.transact(func(tx *sql.Tx) error {
		_, err := account.DetachTopic(t.Context(), tx, account.DefaultID, "sender.example", arn, now)
		return err
	})
	shown := func() (string, time.Time) {
		var listed struct{ Identities []api.Identity }
		s.do(http.MethodGet, "/v1/identities", nil, &listed)
		return listed.Identities[0].DetachedTopic, listed.Identities[0].DetachedAt.Time
	}
	if got, at := shown(); got != arn || !at.Equal(now) {
		t.Errorf("got %q at %s", got, at)
	}
	s.do(http.MethodPut, "/v1/identities", api.Identity{Identity: "sender.example", BounceTopic: &arn}, nil)
	if got, at := shown(); got != "" || !at.IsZero() {
		t.Errorf("got %q at %s", got, at)
	}
}

func TestWhatIsKeptForATopicIsPublishedToOneThatExists(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	gone := "arn:aws:sns:us-east-1:000000000000:gone"
	s.transact(func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO unpublished VALUES ('m1', $1, $2, '', '{}', 'f1', $3), ('m2', '`+otherAccount+`', '`+gone+`', '', '{}', 'f2', 0)`,
			account.DefaultID, gone, now.UnixMilli())
		return err
	})
	var listed struct{ Unpublished []api.Unpublished }
	s.do(http.MethodGet, "/v1/unpublished", nil, &listed)
	if diff := cmp.Diff([]api.Unpublished{{TopicARN: gone, Notifications: 1, Oldest: schemas.Time{Time: now}}}, listed.Unpublished); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	arn := s.topic("fresh")
	s.refuses([]refusal{
		{"the topic is still gone", "POST", "/v1/unpublished", api.Republication{TopicARN: gone}, 404, "no topic " + gone},
		{"nobody listens", "POST", "/v1/unpublished", api.Republication{TopicARN: gone, To: arn}, 400, "no confirmed subscription"},
	})
	s.listen(arn)
	for _, want := range []int{1, 0} {
		var answer struct{ Republished int }
		s.do(http.MethodPost, "/v1/unpublished", api.Republication{TopicARN: gone, To: arn}, &answer)
		if answer.Republished != want {
			t.Errorf("republished %d, want %d", answer.Republished, want)
		}
	}
	if got := s.waiting(arn); got != 1 {
		t.Errorf("%d wait, want 1", got)
	}
}

func TestTheContactOfAnAccountIsSetAndShown(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do(http.MethodPut, "/v1/accounts", api.Account{ID: account.DefaultID, Contact: "ops@sender.example"}, nil)
	s.do(http.MethodPut, "/v1/accounts", api.Account{ID: account.DefaultID, Name: "News"}, nil)
	if _, answer := s.ask(http.MethodGet, "/v1/accounts", nil); !strings.Contains(answer, `"name":"News","contact":"ops@sender.example"`) {
		t.Errorf("got %s", answer)
	}
	s.refuses([]refusal{{"no address", "PUT", "/v1/accounts", api.Account{ID: account.DefaultID, Contact: "ops"}, 400, "no mail address"}})
}
