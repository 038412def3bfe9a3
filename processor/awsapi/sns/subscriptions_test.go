package sns_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/delivery"
)

func TestSubscribeWaitsForTheConfirmation(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	hook := []string{"TopicArn", arn, "Protocol", "https", "Endpoint", "https://user:secret@hook.example/x"}
	if got := s.do("Subscribe", hook...).text("SubscriptionArn"); got != "pending confirmation" {
		t.Errorf("got %s", got)
	}
	full := s.do("Subscribe", append(hook, "ReturnSubscriptionArn", "true")...).text("SubscriptionArn")
	if !strings.HasPrefix(full, arn+":") || len(full) != len(arn)+37 {
		t.Errorf("got %s", full)
	}
	if sent := s.outbox(delivery.KindSubscriptionConfirmation); len(sent) != 2 || sent[0].SubscriptionARN != full {
		t.Errorf("got %+v, want a confirmation message for each call", sent)
	}
	listed := s.do("ListSubscriptionsByTopic", "TopicArn", arn).at("Subscriptions", "member")
	want := map[string]string{"SubscriptionArn": "PendingConfirmation", "Owner": owner, "Protocol": "https", "Endpoint": "https://****:****@hook.example/x", "TopicArn": arn}
	for name, value := range want {
		if listed.text(name) != value {
			t.Errorf("%s: got %s, want %s", name, listed.text(name), value)
		}
	}
	if got := s.do("ConfirmSubscription", "TopicArn", arn, "Token", s.token(full)).text("SubscriptionArn"); got != full {
		t.Errorf("got %s", got)
	}
	if got := s.do("Subscribe", hook...).text("SubscriptionArn"); got != full {
		t.Errorf("once confirmed: got %s", got)
	}
	if got := s.do("ListSubscriptions").at("Subscriptions", "member").text("SubscriptionArn"); got != full {
		t.Errorf("once confirmed it is listed as %s", got)
	}
}

func TestWhatCanBeSubscribed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	for endpoint, protocol := range map[string]string{"http://a.example/": "http", "https://a.example:8443/x?y=z": "https", "Ann.O'Neil+x@a.example": "email",
		"ann@a.example": "email-json"} {
		if got := s.do("Subscribe", "TopicArn", arn, "Protocol", protocol, "Endpoint", endpoint).text("SubscriptionArn"); got != "pending confirmation" {
			t.Errorf("%s: got %s", endpoint, got)
		}
	}
	// The bus is the operator's own: nobody has to confirm.
	if got := s.do("Subscribe", "TopicArn", arn, "Protocol", "nats", "Endpoint", "sns.orders.bounces").text("SubscriptionArn"); !strings.HasPrefix(got, arn+":") {
		t.Errorf("nats: got %s", got)
	}
	for _, test := range []struct{ protocol, endpoint, message string }{
		{"sqs", "arn:aws:sqs:us-east-1:" + owner + ":q", "Amazon SNS does not support this protocol string: sqs"},
		{"lambda", "x", "Amazon SNS does not support this protocol string: lambda"}, {"sms", "+4912345", "Amazon SNS does not support this protocol string: sms"},
		{"firehose", "x", "Amazon SNS does not support this protocol string: firehose"}, {"application", "x", "Amazon SNS does not support this protocol string: application"},
		{"smtp", "x", "Amazon SNS does not support this protocol string: smtp"}, {"", "x", "Amazon SNS does not support this protocol string: "},
		{"https", "http://a.example/", "Endpoint must match the specified protocol"}, {"http", "a.example", "Endpoint must match the specified protocol"},
		{"https", "", "Endpoint Reason: no value for required parameter"}, {"https", "https://", "Endpoint Reason: it names no host after https://"},
		{"https", "https://a b/", "Endpoint Reason: not a URL"},
		{"email", "no address", "Email address"}, {"email", "a@a.example,b@a.example", "Email address"}, {"email-json", "Ann <a@a.example>", "Email address"},
		{"nats", "feedback.raw", `Endpoint Reason: "feedback.raw" is not a subject of NATS below "sns.", such as sns.orders.bounces`},
		{"nats", "sns.>", `Endpoint Reason: "sns.>" is not a subject of NATS below "sns.", such as sns.orders.bounces`},
		{"nats", "sns", `Endpoint Reason: "sns" is not a subject of NATS below "sns.", such as sns.orders.bounces`},
	} {
		s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: "+test.message, "Subscribe", "TopicArn", arn, "Protocol", test.protocol, "Endpoint", test.endpoint)
	}
	s.refuses(s.key, 400, "ValidationError", "1 validation error detected: Value null at 'protocol' failed to satisfy constraint: Member must not be null", "Subscribe", "TopicArn", arn)
}

func TestTheAttributesOfASubscription(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	hook := s.subscribe(arn, "https://hook.example/", attribute("RawMessageDelivery", "true")...)
	get := func() map[string]string {
		return s.do("GetSubscriptionAttributes", "SubscriptionArn", hook).attributes()
	}
	const retries = `"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"`
	effective := `{"healthyRetryPolicy":{` + retries + `},"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}`
	want := map[string]string{"SubscriptionArn": hook, "TopicArn": arn, "Owner": owner, "Protocol": "https", "Endpoint": "https://hook.example/", "PendingConfirmation": "false",
		"ConfirmationWasAuthenticated": "false", "RawMessageDelivery": "true", "SubscriptionPrincipal": "arn:aws:iam::" + owner + ":root", "EffectiveDeliveryPolicy": effective}
	if diff := cmp.Diff(want, get()); diff != "" {
		t.Error(diff)
	}
	set := func(name, value string) {
		s.do("SetSubscriptionAttributes", "SubscriptionArn", hook, "AttributeName", name, "AttributeValue", value)
	}
	queue := `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:` + owner + `:q"}`
	set("RawMessageDelivery", "False")
	set("FilterPolicy", `{"a":["b"]}`)
	set("RedrivePolicy", queue)
	set("DeliveryPolicy", `{"throttlePolicy":{"maxReceivesPerSecond":5}}`)
	want["RawMessageDelivery"], want["FilterPolicy"], want["FilterPolicyScope"], want["RedrivePolicy"] = "false", `{"a":["b"]}`, "MessageAttributes", queue
	want["DeliveryPolicy"], want["EffectiveDeliveryPolicy"] = `{"throttlePolicy":{"maxReceivesPerSecond":5}}`, strings.Replace(effective, `"throttlePolicy":null`, `"throttlePolicy":{"maxReceivesPerSecond":5}`, 1)
	if diff := cmp.Diff(want, get()); diff != "" {
		t.Error(diff)
	}
	set("FilterPolicyScope", "MessageBody")
	set("FilterPolicy", `{"bounce":{"bounceType":["Permanent"]}}`)
	if got := get(); got["FilterPolicyScope"] != "MessageBody" || got["FilterPolicy"] != `{"bounce":{"bounceType":["Permanent"]}}` {
		t.Errorf("got %v", got)
	}
	for _, name := range []string{"FilterPolicy", "RedrivePolicy", "DeliveryPolicy"} {
		for _, empty := range []string{"", " { } "} {
			set(name, empty)
			if _, set := get()[name]; set {
				t.Errorf("%s is still there", name)
			}
		}
	}
}

func TestWrongAttributesOfASubscription(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	hook, mail := s.subscribe(arn, "https://hook.example/"), s.subscribe(arn, "ann@a.example")
	for _, test := range []struct{ name, value, message string }{
		{"RawMessageDelivery", "yes", "RawMessageDelivery: Invalid value [yes]. Must be true or false."},
		{"RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false."},
		{"FilterPolicyScope", "Message", "FilterPolicyScope: Invalid value [Message]. Please use either MessageBody or MessageAttributes"},
		{"FilterPolicy", `{"a":{"b":["c"]}}`, "FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy"},
		{"FilterPolicy", `{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`, "FilterPolicy: Filter policy can not have more than 5 keys"},
		{"RedrivePolicy", `{"deadLetterTargetArn":"x"}`, "RedrivePolicy: deadLetterTargetArn is an invalid arn"},
		{"DeliveryPolicy", `{"healthyRetryPolicy":{"minDelayTarget":0}}`, "DeliveryPolicy: healthyRetryPolicy.minDelayTarget must be greater than or equal to 1"},
		{"Colour", "red", "AttributeName"}, {"Endpoint", "https://b.example/", "AttributeName"},
	} {
		s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: "+test.message, "SetSubscriptionAttributes", "SubscriptionArn", hook, "AttributeName", test.name, "AttributeValue", test.value)
		s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: Attributes Reason: "+test.message, "Subscribe",
			append([]string{"TopicArn", arn, "Protocol", "https", "Endpoint", "https://b.example/"}, attribute(test.name, test.value)...)...)
	}
	s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: RawMessageDelivery: Delivery protocol [email] does not support raw message delivery.",
		"SetSubscriptionAttributes", "SubscriptionArn", mail, "AttributeName", "RawMessageDelivery", "AttributeValue", "true")
	if got := s.ask(s.key, "SetSubscriptionAttributes", "SubscriptionArn", hook, "AttributeName", "FilterPolicy", "AttributeValue", "{"); got.status != 400 ||
		!strings.HasPrefix(got.text("Error", "Message"), "Invalid parameter: FilterPolicy: failed to parse JSON. ") {
		t.Errorf("got %d %q", got.status, got.text("Error", "Message"))
	}
	s.refuses(s.key, 400, "ValidationError", "1 validation error detected: Value null at 'attributeName' failed to satisfy constraint: Member must not be null", "SetSubscriptionAttributes", "SubscriptionArn", hook)
	for name, value := range map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"a":["b"]}`, "DeliveryPolicy": `{"guaranteed":true}`} {
		s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: Attributes Reason: Subscription already exists with different attributes", "Subscribe",
			append([]string{"TopicArn", arn, "Protocol", "https", "Endpoint", "https://hook.example/"}, attribute(name, value)...)...)
	}
	// The scope says how the policy is read, in whatever order they are given.
	s.do("Subscribe", append([]string{"TopicArn", arn, "Protocol", "https", "Endpoint", "https://c.example/", "Attributes.entry.2.key", "FilterPolicyScope",
		"Attributes.entry.2.value", "MessageBody"}, attribute("FilterPolicy", `{"a":{"b":["c"]}}`)...)...)
}

func TestWhatASubscriptionMayBe(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const id = ":00000000-0000-4000-8000-000000000000"
	for _, action := range [][]string{{"GetSubscriptionAttributes"}, {"SetSubscriptionAttributes", "AttributeName", "FilterPolicy"}, {"Unsubscribe"}} {
		refuses := func(arn string, status int, code, message string) {
			s.refuses(s.key, status, code, message, action[0], append([]string{"SubscriptionArn", arn}, action[1:]...)...)
		}
		refuses("", 400, "InvalidParameter", "Invalid parameter: SubscriptionArn Reason: no value for required parameter")
		refuses("PendingConfirmation", 400, "InvalidParameter", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1")
		refuses("arn:aws:sns:eu-west-1:"+owner+":t"+id, 400, "InvalidParameter", "Invalid parameter: SubscriptionArn")
		refuses(here+"t", 400, "InvalidParameter", "Invalid parameter: SubscriptionId")
		refuses(here+"t:x", 400, "InvalidParameter", "Invalid parameter: SubscriptionId")
		if action[0] == "Unsubscribe" {
			s.do("Unsubscribe", "SubscriptionArn", here+"t"+id)
			continue
		}
		foreign := "arn:aws:sns:us-east-1:" + other + ":t" + id
		refuses(foreign, 403, "AuthorizationError", "User: arn:aws:iam::"+owner+":user/"+s.key.ID+" is not authorized to perform: SNS:"+action[0]+" on resource: "+foreign)
		refuses(here+"t"+id, 404, "NotFound", "Subscription does not exist")
	}
}

func TestSubscriptionsAreListedInPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	first, second := s.topic("a"), s.topic("b")
	for i := range 101 {
		s.do("Subscribe", "TopicArn", first, "Protocol", "email", "Endpoint", fmt.Sprintf("a%d@a.example", i))
	}
	s.do("Subscribe", "TopicArn", second, "Protocol", "email", "Endpoint", "b@a.example")
	for action, want := range map[string]int{"ListSubscriptions": 102, "ListSubscriptionsByTopic": 101} {
		page := s.do(action, "TopicArn", first)
		last := s.do(action, "TopicArn", first, "NextToken", page.text("NextToken"))
		if n, m := len(page.at("Subscriptions").Nodes), len(last.at("Subscriptions").Nodes); n != 100 || m != want-100 || last.has("NextToken") {
			t.Errorf("%s: got %d and %d", action, n, m)
		}
		s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: NextToken", action, "TopicArn", first, "NextToken", "x")
	}
	if empty := s.do("ListSubscriptionsByTopic", "TopicArn", s.topic("c")); !empty.has("Subscriptions") {
		t.Error("an empty list has no element")
	}
}
