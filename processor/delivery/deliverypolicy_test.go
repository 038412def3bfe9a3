package delivery

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/topic"
)

func TestPoliciesOfTopicsAndSubscriptionsAreRead(t *testing.T) {
	slow := RetryPolicy{MinDelayTarget: 5, MaxDelayTarget: 50, NumRetries: 10, NumMaxDelayRetries: 1, NumNoDelayRetries: 2, NumMinDelayRetries: 3,
		BackoffFunction: Geometric}
	const slowText = `{"minDelayTarget":5,"maxDelayTarget":50,"numRetries":10,"numMaxDelayRetries":1,"numNoDelayRetries":2,"numMinDelayRetries":3,"backoffFunction":"geometric"}`
	twice := DefaultPolicy
	twice.NumRetries = 2
	tests := []struct {
		name, text string
		forTopic   bool
		want       Policy
	}{
		{"nothing", " ", false, Policy{}},
		{"an empty object", "{}", false, Policy{}},
		{"members that are null", `{"healthyRetryPolicy":null,"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":null,"guaranteed":false}`, false, Policy{}},
		{"all of a subscription's", `{"healthyRetryPolicy":` + slowText + `,"sicklyRetryPolicy":` + slowText +
			`,"throttlePolicy":{"maxReceivesPerSecond":7},"requestPolicy":{"headerContentType":"application/json"},"guaranteed":true}`, false,
			Policy{Retry: &slow, Sickly: &slow, PerSecond: 7, ContentType: "application/json", Guaranteed: true}},
		{"all of a topic's", `{"http":{"defaultHealthyRetryPolicy":` + slowText + `,"disableSubscriptionOverrides":true,"defaultThrottlePolicy":` +
			`{"maxReceivesPerSecond":1},"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`, true,
			Policy{Retry: &slow, PerSecond: 1, ContentType: "text/plain; charset=UTF-8", NoOverrides: true}},
		{"what is left out is the default", `{"healthyRetryPolicy":{"numRetries":2,"backoffFunction":null}}`, false, Policy{Retry: &twice}},
		{"a throttle without a number", `{"throttlePolicy":{}}`, false, Policy{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParsePolicy(test.text, test.forTopic)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPolicyOverALimitIsRefusedWithTheMember(t *testing.T) {
	retry := func(members string) string { return `{"healthyRetryPolicy":{` + members + `}}` }
	tests := []struct{ name, text, want string }{
		{"no JSON", "x", "failed to parse JSON"},
		{"two objects", "{} {}", "something follows"},
		{"a list", "[]", "the policy cannot be a JSON array"},
		{"a member that is unknown", `{"http":{}}`, "Unexpected JSON member: http"},
		{"an unknown member inside", retry(`"numberRetries":1`), "Unexpected JSON member: numberRetries"},
		{"text for a number", retry(`"numRetries":"3"`), "numRetries cannot be a JSON string"},
		{"half a retry", retry(`"numRetries":1.5`), "numRetries cannot be a JSON number 1.5"},
		{"fewer than no retries", retry(`"numRetries":-1`), "healthyRetryPolicy.numRetries must be between 0 and 100"},
		{"too many retries", retry(`"numRetries":101`), "healthyRetryPolicy.numRetries must be between 0 and 100"},
		{"a negative phase", retry(`"numNoDelayRetries":-1`), "numNoDelayRetries"},
		{"another", retry(`"numMinDelayRetries":-1`), "numMinDelayRetries"},
		{"the third", retry(`"numMaxDelayRetries":-1`), "numMaxDelayRetries"},
		{"phases that are more than all", retry(`"numRetries":5,"numNoDelayRetries":2,"numMinDelayRetries":2,"numMaxDelayRetries":2`), "greater than or equal to the total"},
		{"no delay", retry(`"minDelayTarget":0`), "minDelayTarget must be greater than or equal to 1"},
		{"delays the wrong way round", retry(`"minDelayTarget":21`), "minDelayTarget must be less than or equal to maxDelayTarget"},
		{"a delay over an hour", retry(`"maxDelayTarget":3601`), "maxDelayTarget must be between minDelayTarget and 3600"},
		{"delays over an hour together", retry(`"numRetries":100,"maxDelayTarget":60,"minDelayTarget":30`), "total retry time of 1h15m0s must be at most 3600 seconds"},
		{"an unknown function", retry(`"backoffFunction":"cubic"`), "backoffFunction must be one of"},
		{"a throttle that lets nothing through", `{"throttlePolicy":{"maxReceivesPerSecond":0}}`, "maxReceivesPerSecond must be greater than or equal to 1"},
		{"a throttle of less than nothing", `{"throttlePolicy":{"maxReceivesPerSecond":-3}}`, "maxReceivesPerSecond"},
		{"no media type", `{"requestPolicy":{"headerContentType":"json"}}`, `headerContentType "json" is not a valid media type`},
		{"an empty media type", `{"requestPolicy":{"headerContentType":""}}`, "is not a valid media type"},
		{"another header behind it", `{"requestPolicy":{"headerContentType":"text/plain\r\nX: y"}}`, "is not a valid media type"},
		{"a broken parameter", `{"requestPolicy":{"headerContentType":"text/plain; charset"}}`, "is not a valid media type"},
		{"a sickly policy", `{"sicklyRetryPolicy":{"numRetries":101}}`, "sicklyRetryPolicy.numRetries"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParsePolicy(test.text, false)
			if err == nil || !strings.HasPrefix(err.Error(), "DeliveryPolicy: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want DeliveryPolicy: … %s", err, test.want)
			}
		})
	}
	_, err := ParsePolicy(`{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}`, true)
	if err == nil || err.Error() != "DeliveryPolicy: http.defaultHealthyRetryPolicy.numRetries must be between 0 and 100" {
		t.Errorf("got %v", err)
	}
	if _, err := ParsePolicy(`{"healthyRetryPolicy":{}}`, true); err == nil {
		t.Error("a topic takes the form of a subscription")
	}
}

const (
	defaultRetry   = `{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"}`
	defaultByTopic = `{"http":{"defaultHealthyRetryPolicy":` + defaultRetry +
		`,"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`
	defaultBySubscription = `{"healthyRetryPolicy":` + defaultRetry +
		`,"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}`
)

func TestTheEffectivePolicyIsTheSubscriptionsOverTheTopicsOverTheDefault(t *testing.T) {
	once := strings.Replace(defaultRetry, `"numRetries":3`, `"numRetries":1`, 1)
	twice := strings.Replace(defaultRetry, `"numRetries":3`, `"numRetries":2`, 1)
	topicSays := `{"http":{"defaultHealthyRetryPolicy":{"numRetries":2},"defaultThrottlePolicy":{"maxReceivesPerSecond":5}}}`
	tests := []struct{ name, ofTopic, ofSubscription, wantTopic, want string }{
		{"nothing is set", "", "", defaultByTopic, defaultBySubscription},
		{"the topic's", topicSays, "",
			`{"http":{"defaultHealthyRetryPolicy":` + twice + `,"disableSubscriptionOverrides":false,"defaultThrottlePolicy":{"maxReceivesPerSecond":5},` +
				`"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
			`{"healthyRetryPolicy":` + twice + `,"sicklyRetryPolicy":null,"throttlePolicy":{"maxReceivesPerSecond":5},` +
				`"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}`},
		{"the subscription's over the topic's", topicSays, `{"healthyRetryPolicy":{"numRetries":1},"requestPolicy":{"headerContentType":"application/json"}}`,
			`{"http":{"defaultHealthyRetryPolicy":` + twice + `,"disableSubscriptionOverrides":false,"defaultThrottlePolicy":{"maxReceivesPerSecond":5},` +
				`"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
			`{"healthyRetryPolicy":` + once + `,"sicklyRetryPolicy":null,"throttlePolicy":{"maxReceivesPerSecond":5},` +
				`"requestPolicy":{"headerContentType":"application/json"},"guaranteed":false}`},
		{"a topic that forbids it", `{"http":{"disableSubscriptionOverrides":true}}`, `{"healthyRetryPolicy":{"numRetries":1},"guaranteed":true}`,
			strings.Replace(defaultByTopic, "Overrides\":false", "Overrides\":true", 1), defaultBySubscription},
		{"what cannot be read", "{", "{", defaultByTopic, defaultBySubscription},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			to := topic.Topic{Attributes: map[string]string{"DeliveryPolicy": test.ofTopic}}
			if diff := cmp.Diff(test.wantTopic, EffectiveTopicPolicy(to)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.want, EffectiveSubscriptionPolicy(to, topic.Subscription{DeliveryPolicy: test.ofSubscription})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzParsePolicy holds that whatever is taken keeps the limits, and is taken again as it is shown.
func FuzzParsePolicy(f *testing.F) {
	f.Add(defaultByTopic, true)
	f.Add(defaultBySubscription, false)
	f.Add(`{"healthyRetryPolicy":{"numRetries":100,"maxDelayTarget":36}}`, false)
	f.Fuzz(func(t *testing.T, text string, forTopic bool) {
		p, err := ParsePolicy(text, forTopic)
		if err != nil {
			return
		}
		if p.Retry != nil && (p.Retry.NumRetries > 100 || p.Retry.total().Seconds() > 3600) || p.PerSecond < 0 {
			t.Errorf("%+v", p)
		}
		shown := EffectiveTopicPolicy(topic.Topic{Attributes: map[string]string{"DeliveryPolicy": text}})
		if !forTopic {
			shown = EffectiveSubscriptionPolicy(topic.Topic{}, topic.Subscription{DeliveryPolicy: text})
		}
		if _, err := ParsePolicy(shown, forTopic); err != nil || !json.Valid([]byte(shown)) {
			t.Errorf("%s: %v", shown, err)
		}
	})
}
