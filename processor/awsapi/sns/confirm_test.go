package sns_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
)

func TestConfirmSubscription(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	hook := s.do("Subscribe", "TopicArn", arn, "Protocol", "https", "Endpoint", "https://a.example/", "ReturnSubscriptionArn", "true").text("SubscriptionArn")
	for _, test := range []struct{ arn, token, authenticate, message string }{
		{"", s.token(hook), "", "Invalid parameter: TopicArn Reason: no value for required parameter"}, {"x", s.token(hook), "", "Invalid parameter: Topic"},
		{"arn:aws:sns:eu-west-1:" + owner + ":t", s.token(hook), "", "Invalid parameter: Topic"}, {arn, "abc", "", "Invalid parameter: Token"},
		{arn, strings.Repeat("a", 256), "", "Invalid token"}, {arn, s.token(hook), "yes", "Invalid parameter: AuthenticateOnUnsubscribe"},
	} {
		s.refuses(s.key, 400, "InvalidParameter", test.message, "ConfirmSubscription", "TopicArn", test.arn, "Token", test.token, "AuthenticateOnUnsubscribe", test.authenticate)
	}
	authenticated := func() string {
		return s.do("GetSubscriptionAttributes", "SubscriptionArn", hook).attributes()["ConfirmationWasAuthenticated"]
	}
	confirm := func(key account.AccessKey, authenticate string) {
		t.Helper()
		if got := s.ask(key, "ConfirmSubscription", "TopicArn", here+"another", "Token", s.token(hook), "AuthenticateOnUnsubscribe", authenticate); got.status != http.StatusOK ||
			got.text("ConfirmSubscriptionResult", "SubscriptionArn") != hook {
			t.Errorf("got %+v", got)
		}
	}
	confirm(account.AccessKey{}, "true") // a stranger cannot claim it
	if authenticated() != "false" {
		t.Error("a stranger keeps others from unsubscribing")
	}
	confirm(s.key, "false")
	confirm(s.key, "true")
	if authenticated() != "true" {
		t.Error("the owner does not keep others from unsubscribing")
	}
	s.refuses(account.AccessKey{}, 403, "AuthorizationError", "Only the owner of this subscription can unsubscribe it", "Unsubscribe", "SubscriptionArn", hook)
	s.refuses(s.keyOf(other, account.Administer), 403, "AuthorizationError", "Only the owner of this subscription can unsubscribe it", "Unsubscribe", "SubscriptionArn", hook)
	s.do("Unsubscribe", "SubscriptionArn", hook)
	s.refuses(s.key, 404, "NotFound", "Subscription does not exist", "GetSubscriptionAttributes", "SubscriptionArn", hook)
	if sent := s.outbox(delivery.KindUnsubscribeConfirmation); len(sent) != 0 {
		t.Errorf("the owner's call is told to the endpoint: %v", sent)
	}
}

// visit follows a link, as a browser does.
func (s *server) visit(link string) answer {
	s.t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.Get(s.url + "/?" + u.RawQuery)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(response)
}

// Whoever visits the link of a notification ends the subscription; the webhook is told and may undo it for two days.
func TestAnUnsubscribeLinkCanBeUndone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	hook := s.subscribe(arn, "https://a.example/")
	old := s.token(hook)
	link := "https://sns/?Action=Unsubscribe&SubscriptionArn=" + hook
	for range 2 {
		if got := s.visit(link); got.status != http.StatusOK || got.XMLName.Local != "UnsubscribeResponse" {
			t.Fatalf("got %+v", got)
		}
	}
	if listed := s.do("ListSubscriptions").at("Subscriptions").Nodes; len(listed) != 0 {
		t.Errorf("still listed: %v", listed)
	}
	if got := s.do("GetTopicAttributes", "TopicArn", arn).attributes(); got["SubscriptionsConfirmed"] != "0" || got["SubscriptionsPending"] != "0" || got["SubscriptionsDeleted"] != "1" {
		t.Errorf("counts: %v", got)
	}
	s.do("Publish", "TopicArn", arn, "Message", "x")
	if got := s.outbox(delivery.KindNotification); len(got) != 0 {
		t.Errorf("it still gets %v", got)
	}
	if sent := s.outbox(delivery.KindUnsubscribeConfirmation); len(sent) != 1 || sent[0].Endpoint != "https://a.example/" {
		t.Fatalf("got %+v, want one UnsubscribeConfirmation", sent)
	}
	s.refuses(account.AccessKey{}, 400, "InvalidParameter", "Invalid token", "ConfirmSubscription", "TopicArn", arn, "Token", old)
	s.clock = now.Add(topic.TokenLife - time.Second)
	if got := s.visit("https://sns/?Action=ConfirmSubscription&TopicArn=" + arn + "&Token=" + s.token(hook)); got.text("ConfirmSubscriptionResult", "SubscriptionArn") != hook {
		t.Errorf("got %+v", got)
	}
	if listed := s.do("ListSubscriptions").at("Subscriptions", "member").text("SubscriptionArn"); listed != hook {
		t.Errorf("restored, it is listed as %s", listed)
	}
	s.visit(link)
	s.clock = s.clock.Add(topic.TokenLife)
	s.refuses(account.AccessKey{}, 400, "InvalidParameter", "Invalid token", "ConfirmSubscription", "TopicArn", arn, "Token", s.token(hook))
	// A new subscription takes the place of the ended one.
	if again := s.subscribe(arn, "https://a.example/"); again == hook {
		t.Error("the ended subscription came back")
	}
}

func TestAnUnsubscribeLinkIsFinalWhereNothingIsSent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	mail, hook, waiting := s.subscribe(arn, "ann@a.example"), s.subscribe(arn, "https://a.example/"),
		s.do("Subscribe", "TopicArn", arn, "Protocol", "https", "Endpoint", "https://b.example/", "ReturnSubscriptionArn", "true").text("SubscriptionArn")
	s.visit("/?Action=Unsubscribe&SubscriptionArn=" + mail)
	s.visit("/?Action=Unsubscribe&SubscriptionArn=" + waiting)
	s.api.EndQuietly = true // the setting unsubscribe_confirmation: never
	s.visit("/?Action=Unsubscribe&SubscriptionArn=" + hook)
	if sent := s.outbox(delivery.KindUnsubscribeConfirmation); len(sent) != 0 {
		t.Errorf("got %v", sent)
	}
	if got := s.do("GetTopicAttributes", "TopicArn", arn).attributes(); got["SubscriptionsConfirmed"]+got["SubscriptionsPending"]+got["SubscriptionsDeleted"] != "000" {
		t.Errorf("got %v", got)
	}
}
