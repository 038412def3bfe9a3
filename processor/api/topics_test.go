package api_test

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

func TestTopicsAreMadeListedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var made, again api.Topic
	s.do(http.MethodPost, "/v1/topics", api.Topic{Name: "feedback", SignatureVersion: "2"}, &made)
	yes := true
	want := api.Topic{ARN: "arn:aws:sns:us-east-1:000000000000:feedback", Name: "feedback", SignatureVersion: "2", SetupMessages: &yes, Created: schemas.Time{Time: now}}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.do(http.MethodPost, "/v1/topics", api.Topic{Name: "feedback"}, &again)
	if diff := cmp.Diff(made, again); diff != "" {
		t.Errorf("the same topic once more: -first +again:\n%s", diff)
	}
	var listed struct{ Topics []api.Topic }
	s.do(http.MethodGet, "/v1/topics", nil, &listed)
	if diff := cmp.Diff([]api.Topic{made}, listed.Topics); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.do(http.MethodDelete, "/v1/topics?arn="+made.ARN, nil, nil)
	if _, answer := s.ask(http.MethodGet, "/v1/topics", nil); answer != `{"topics":[]}` {
		t.Errorf("got %s", answer)
	}
}

func TestASubscriptionWaitsForItsConfirmationMessage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("feedback")
	var made api.Subscription
	s.do(http.MethodPost, "/v1/subscriptions", api.Subscription{TopicARN: arn, Endpoint: "https://user:secret@hook.example/in", Raw: true}, &made)
	want := api.Subscription{ARN: made.ARN, TopicARN: arn, Protocol: "https", Endpoint: "https://****:****@hook.example/in", Raw: true, Created: schemas.Time{Time: now}}
	if diff := cmp.Diff(want, made); diff != "" || !strings.HasPrefix(made.ARN, arn+":") {
		t.Errorf("ARN %s, -want +got:\n%s", made.ARN, diff)
	}
	outbox, err := delivery.List(t.Context(), s.api.Store.Read, delivery.Filter{SubscriptionARN: made.ARN}, 0, 10)
	if err != nil || len(outbox) != 1 || outbox[0].Kind != delivery.KindSubscriptionConfirmation || s.woken != 1 {
		t.Errorf("outbox %+v, %v, woken %d times", outbox, err, s.woken)
	}
	s.transact(func(tx *sql.Tx) error {
		subscription, err := topic.GetSubscription(t.Context(), s.api.Store.Read, made.ARN)
		if err != nil {
			return err
		}
		_, err = topic.Confirm(t.Context(), tx, subscription.Token, false, now)
		return err
	})
	var listed struct{ Subscriptions []api.Subscription }
	s.do(http.MethodGet, "/v1/subscriptions?topic="+arn, nil, &listed)
	want.Confirmed = true
	if diff := cmp.Diff([]api.Subscription{want}, listed.Subscriptions); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.do(http.MethodDelete, "/v1/subscriptions?arn="+made.ARN, nil, nil)
	if _, answer := s.ask(http.MethodGet, "/v1/subscriptions", nil); answer != `{"subscriptions":[]}` {
		t.Errorf("got %s", answer)
	}
}

func TestWrongTopicsAndSubscriptionsAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("feedback")
	s.do(http.MethodPost, "/v1/subscriptions", api.Subscription{TopicARN: arn, Endpoint: "http://hook.example/"}, nil)
	var others api.Topic
	s.do(http.MethodPost, "/v1/topics?account="+otherAccount, api.Topic{Name: "theirs"}, &others)
	var theirs api.Subscription
	s.do(http.MethodPost, "/v1/subscriptions?account="+otherAccount, api.Subscription{TopicARN: others.ARN, Endpoint: "http://hook.example/"}, &theirs)
	s.refuses([]refusal{
		{"a name with blanks", "POST", "/v1/topics", api.Topic{Name: "my topic"}, 400, "my topic"},
		{"no name", "POST", "/v1/topics", `{}`, 400, "name"},
		{"unknown key", "POST", "/v1/topics", `{"title":"x"}`, 400, `unknown field "title"`},
		{"unknown signature version", "POST", "/v1/topics", api.Topic{Name: "x", SignatureVersion: "3"}, 400, `"3"`},
		{"other attributes", "POST", "/v1/topics", api.Topic{Name: "feedback", SignatureVersion: "2"}, 400, "different"},
		{"unknown account", "POST", "/v1/topics?account=7", api.Topic{Name: "x"}, 404, "no account 7"},
		{"unknown account to list", "GET", "/v1/topics?account=7", nil, 404, "no account 7"},
		{"a topic that is not there", "DELETE", "/v1/topics?arn=arn:aws:sns:us-east-1:000000000000:none", nil, 404, "no topic"},
		{"another account's topic", "DELETE", "/v1/topics?arn=" + url.QueryEscape(others.ARN), nil, 404, "no topic"},
		{"subscribing to no topic", "POST", "/v1/subscriptions", api.Subscription{TopicARN: "arn", Endpoint: "http://hook.example/"}, 404, "no topic arn"},
		{"subscribing to another's topic", "POST", "/v1/subscriptions", api.Subscription{TopicARN: others.ARN, Endpoint: "http://hook.example/"}, 404, "no topic"},
		{"a mail address", "POST", "/v1/subscriptions", api.Subscription{TopicARN: arn, Endpoint: "mailto:jane@example.net"}, 400, "mailto"},
		{"no endpoint", "POST", "/v1/subscriptions", api.Subscription{TopicARN: arn}, 400, "protocol"},
		{"a protocol that is not the endpoint's", "POST", "/v1/subscriptions", api.Subscription{TopicARN: arn, Protocol: "https", Endpoint: "http://hook.example/"}, 400, "https"},
		{"the same endpoint, now raw", "POST", "/v1/subscriptions", api.Subscription{TopicARN: arn, Endpoint: "http://hook.example/", Raw: true}, 400, "different"},
		{"a subscription that is not there", "DELETE", "/v1/subscriptions?arn=none", nil, 404, "no subscription none"},
		{"another account's subscription", "DELETE", "/v1/subscriptions?arn=" + url.QueryEscape(theirs.ARN), nil, 404, "no topic"},
	})
}

func TestAnIdentityKeepsWhatAPutDoesNotName(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn, no, yes, none := s.topic("feedback"), false, true, ""
	s.do(http.MethodPut, "/v1/identities", api.Identity{Identity: "Sender.example"}, nil)
	s.do(http.MethodPut, "/v1/identities", api.Identity{Identity: "sender.example", BounceTopic: &arn, ComplaintTopic: &arn, Forwarding: &no}, nil)
	s.do(http.MethodPut, "/v1/identities", api.Identity{Identity: "sender.example", HeadersInBounce: &no}, nil)
	var listed struct{ Identities []api.Identity }
	s.do(http.MethodGet, "/v1/identities", nil, &listed)
	want := []api.Identity{{Identity: "sender.example", BounceTopic: &arn, ComplaintTopic: &arn, DeliveryTopic: &none, Forwarding: &no, HeadersInBounce: &no,
		HeadersInComplaint: &yes, HeadersInDelivery: &yes, Created: schemas.Time{Time: now}}}
	if diff := cmp.Diff(want, listed.Identities); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.do(http.MethodPut, "/v1/identities", api.Identity{Identity: "sender.example", BounceTopic: &none, Forwarding: &yes}, nil)
	identity, err := account.GetIdentity(t.Context(), s.api.Store.Read, account.DefaultID, "sender.example")
	if err != nil || identity.BounceTopic != "" || !identity.ForwardingEnabled {
		t.Errorf("got %+v, %v", identity, err)
	}
	s.do(http.MethodDelete, "/v1/identities?identity=SENDER.example", nil, nil)
	if _, answer := s.ask(http.MethodGet, "/v1/identities", nil); answer != `{"identities":[]}` {
		t.Errorf("got %s", answer)
	}
}

func TestWrongIdentitiesAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn, no := s.topic("feedback"), false
	var others api.Topic
	s.do(http.MethodPost, "/v1/topics?account="+otherAccount, api.Topic{Name: "theirs"}, &others)
	s.refuses([]refusal{
		{"unknown key", "PUT", "/v1/identities", `{"identity":"sender.example","topic":"x"}`, 400, `unknown field "topic"`},
		{"unknown account", "PUT", "/v1/identities?account=7", api.Identity{Identity: "sender.example"}, 404, "no account 7"},
		{"unknown account to list", "GET", "/v1/identities?account=7", nil, 404, "no account 7"},
		{"neither address nor domain", "PUT", "/v1/identities", api.Identity{Identity: "not one"}, 400, "not one"},
		{"neither, to delete", "DELETE", "/v1/identities?identity=not+one", nil, 400, "not one"},
		{"a cursor that is neither", "GET", "/v1/identities?cursor=not+one", nil, 400, "not one"},
		{"one that is not there", "DELETE", "/v1/identities?identity=other.example", nil, 404, "no identity other.example"},
		{"another account's topic", "PUT", "/v1/identities", api.Identity{Identity: "sender.example", BounceTopic: &others.ARN}, 404, "no topic"},
		{"no way to hear of complaints", "PUT", "/v1/identities", api.Identity{Identity: "sender.example", BounceTopic: &arn, Forwarding: &no}, 400, "both bounces and complaints"},
	})
	if _, answer := s.ask(http.MethodGet, "/v1/identities", nil); answer != `{"identities":[]}` {
		t.Errorf("what was refused is there: %s", answer)
	}
}

func TestAnAccountKeepsWhatAPutDoesNotName(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do(http.MethodPut, "/v1/accounts", `{"id":"222222222222","name":"Shop","suppressedReasons":["COMPLAINT"]}`, nil)
	s.do(http.MethodPut, "/v1/accounts", `{"id":"222222222222","name":"Shop two"}`, nil)
	s.do(http.MethodPut, "/v1/accounts", `{"id":"333333333333"}`, nil)
	s.do(http.MethodPut, "/v1/accounts", `{"id":"333333333333","suppressedReasons":[]}`, nil)
	var listed struct{ Accounts []api.Account }
	s.do(http.MethodGet, "/v1/accounts", nil, &listed)
	created := schemas.Time{Time: now}
	both := suppression.Reasons()
	want := []api.Account{{ID: "000000000000", SuppressedReasons: both, Created: created}, {ID: otherAccount, SuppressedReasons: both, Created: created},
		{ID: "222222222222", Name: "Shop two", SuppressedReasons: []suppression.Reason{suppression.Complaint}, Created: created},
		{ID: "333333333333", SuppressedReasons: []suppression.Reason{}, Created: created}}
	for i := range listed.Accounts {
		listed.Accounts[i].Name = strings.TrimPrefix(listed.Accounts[i].Name, "default")
	}
	if diff := cmp.Diff(want, listed.Accounts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.refuses([]refusal{
		{"unknown key", "PUT", "/v1/accounts", `{"id":"222222222222","reasons":[]}`, 400, `unknown field "reasons"`},
		{"an id that is none", "PUT", "/v1/accounts", `{"id":"22"}`, 400, "12 digits"},
		{"a reason that is none", "PUT", "/v1/accounts", `{"id":"222222222222","suppressedReasons":["ANGER"]}`, 400, "ANGER"},
	})
}
