package delivery

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// The limits of SNS.
const (
	maxDelay   = 3600 // seconds: of one delay, and of all delays of a policy together
	maxRetries = 100
)

// Policy is the delivery policy of a topic or a subscription.
type Policy struct {
	Retry       *RetryPolicy // healthyRetryPolicy; members left out have SNS's defaults. Nil when it says nothing of retries
	PerSecond   int          // maxReceivesPerSecond: how many messages a subscription gets in a second at most; 0 for no limit
	ContentType string       // headerContentType: of requests with notifications; "" when it says nothing
	NoOverrides bool         // disableSubscriptionOverrides, of a topic: the policies of its subscriptions do not count
	Sickly      *RetryPolicy // sicklyRetryPolicy, of a subscription: kept and shown, as SNS does, and not used
	Guaranteed  bool         // guaranteed, of a subscription: kept and shown likewise
}

// ParsePolicy reads the attribute DeliveryPolicy of a topic ({"http":{"defaultHealthyRetryPolicy":…}}) or of a subscription
// ({"healthyRetryPolicy":…}). A text of blanks is a policy that says nothing. The error is what SNS says, beginning with
// "DeliveryPolicy: ", and names the member that is wrong.
func ParsePolicy(text string, forTopic bool) (Policy, error) {
	if strings.TrimSpace(text) == "" {
		return Policy{}, nil
	}
	p, err := parsePolicy(text, forTopic)
	if err != nil {
		return Policy{}, fmt.Errorf("DeliveryPolicy: %w", err)
	}
	return p, nil
}

// retryForm is a retry policy as it is written; what it leaves out has SNS's default.
type retryForm RetryPolicy

// UnmarshalJSON reads one.
func (r *retryForm) UnmarshalJSON(text []byte) error {
	*r = retryForm(DefaultPolicy)
	return decodeStrictly(text, (*RetryPolicy)(r))
}

// throttleForm and requestForm are members of both forms.
type (
	throttleForm struct {
		MaxReceivesPerSecond *int `json:"maxReceivesPerSecond"`
	}
	requestForm struct {
		HeaderContentType *string `json:"headerContentType"`
	}
)

// topicForm is how a topic's policy is written, and shown.
type topicForm struct {
	Retry       *retryForm    `json:"defaultHealthyRetryPolicy"`
	NoOverrides bool          `json:"disableSubscriptionOverrides"`
	Throttle    *throttleForm `json:"defaultThrottlePolicy,omitempty"`
	Request     *requestForm  `json:"defaultRequestPolicy,omitempty"`
}

// subscriptionForm is how a subscription's policy is written, and shown.
type subscriptionForm struct {
	Retry      *retryForm    `json:"healthyRetryPolicy"`
	Sickly     *retryForm    `json:"sicklyRetryPolicy"`
	Throttle   *throttleForm `json:"throttlePolicy"`
	Request    *requestForm  `json:"requestPolicy"`
	Guaranteed bool          `json:"guaranteed"`
}

func parsePolicy(text string, forTopic bool) (p Policy, err error) {
	var throttle *throttleForm
	var request *requestForm
	name := "healthyRetryPolicy"
	if forTopic {
		var form struct {
			HTTP topicForm `json:"http"`
		}
		if err := decodeStrictly([]byte(text), &form); err != nil {
			return p, err
		}
		p.Retry, p.NoOverrides = (*RetryPolicy)(form.HTTP.Retry), form.HTTP.NoOverrides
		throttle, request, name = form.HTTP.Throttle, form.HTTP.Request, "http.defaultHealthyRetryPolicy"
	} else {
		var form subscriptionForm
		if err := decodeStrictly([]byte(text), &form); err != nil {
			return p, err
		}
		p.Retry, p.Sickly, p.Guaranteed = (*RetryPolicy)(form.Retry), (*RetryPolicy)(form.Sickly), form.Guaranteed
		throttle, request = form.Throttle, form.Request
	}
	problems := []error{p.Retry.check(name), p.Sickly.check("sicklyRetryPolicy")}
	if throttle != nil && throttle.MaxReceivesPerSecond != nil {
		if p.PerSecond = *throttle.MaxReceivesPerSecond; p.PerSecond < 1 {
			problems = append(problems, errors.New("throttlePolicy.maxReceivesPerSecond must be greater than or equal to 1"))
		}
	}
	if request != nil && request.HeaderContentType != nil {
		p.ContentType = *request.HeaderContentType
		problems = append(problems, checkMediaType(p.ContentType))
	}
	for _, problem := range problems {
		if problem != nil { // SNS names the first
			return Policy{}, problem
		}
	}
	return p, nil
}

// decodeStrictly reads one JSON value; a member that is not known is an error.
func decodeStrictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, err := decoder.Token(); err != io.EOF {
			return errors.New("failed to parse JSON: something follows the object")
		}
		return nil
	}
	var wrong *json.UnmarshalTypeError
	name, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case unknown:
		return errors.New("Unexpected JSON member: " + strings.Trim(name, `"`)) // as SNS writes it
	case errors.As(err, &wrong):
		return fmt.Errorf("%s cannot be a JSON %s", cmp.Or(wrong.Field, "the policy"), wrong.Value)
	}
	return fmt.Errorf("failed to parse JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// check holds the policy against the limits of SNS. Name is what the caller calls it. A nil policy is none.
func (p *RetryPolicy) check(name string) error {
	if p == nil {
		return nil
	}
	if p.BackoffFunction == "" {
		p.BackoffFunction = Linear
	}
	phases := p.NumNoDelayRetries + p.NumMinDelayRetries + p.NumMaxDelayRetries
	switch {
	case p.NumRetries < 0 || p.NumRetries > maxRetries:
		return fmt.Errorf("%s.numRetries must be between 0 and %d", name, maxRetries)
	case p.NumNoDelayRetries < 0 || p.NumNoDelayRetries > maxRetries:
		return fmt.Errorf("%s.numNoDelayRetries must be between 0 and numRetries", name)
	case p.NumMinDelayRetries < 0 || p.NumMinDelayRetries > maxRetries:
		return fmt.Errorf("%s.numMinDelayRetries must be between 0 and numRetries", name)
	case p.NumMaxDelayRetries < 0 || p.NumMaxDelayRetries > maxRetries:
		return fmt.Errorf("%s.numMaxDelayRetries must be between 0 and numRetries", name)
	case phases > p.NumRetries:
		return fmt.Errorf("%s.numRetries must be greater than or equal to the total of numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries", name)
	case p.MaxDelayTarget < 1 || p.MaxDelayTarget > maxDelay:
		return fmt.Errorf("%s.maxDelayTarget must be between minDelayTarget and %d", name, maxDelay)
	case p.MinDelayTarget < 1:
		return fmt.Errorf("%s.minDelayTarget must be greater than or equal to 1", name)
	case p.MinDelayTarget > p.MaxDelayTarget:
		return fmt.Errorf("%s.minDelayTarget must be less than or equal to maxDelayTarget", name)
	}
	switch p.BackoffFunction {
	case Linear, Arithmetic, Geometric, Exponential:
	default:
		return fmt.Errorf("%s.backoffFunction must be one of linear, arithmetic, geometric or exponential", name)
	}
	if total := p.total(); total > maxDelay*time.Second {
		return fmt.Errorf("%s: the total retry time of %v must be at most %d seconds", name, total.Round(time.Second), maxDelay)
	}
	return nil
}

// maxContentType bounds a header's value; what exists is far shorter.
const maxContentType = 256

// checkMediaType tells whether the value can stand in a Content-Type field (RFC 9110, section 8.3.1).
func checkMediaType(value string) error {
	kind, _, err := mime.ParseMediaType(value)
	if err != nil || len(value) > maxContentType || !strings.Contains(kind, "/") || strings.ContainsFunc(value, notInField) {
		return fmt.Errorf("requestPolicy.headerContentType %q is not a valid media type", value[:min(len(value), maxContentType)])
	}
	return nil
}

func notInField(c rune) bool { return c < ' ' || c > '~' }

// EffectivePolicy returns what holds for the deliveries of a subscription, all of it said: the subscription's policy over the topic's,
// unless that forbids it, over SNS's defaults. Policies that cannot be read count as if they said nothing.
func EffectivePolicy(t topic.Topic, s topic.Subscription) Policy {
	effective := effectiveOfTopic(t)
	if effective.NoOverrides {
		return effective
	}
	own, _ := ParsePolicy(s.DeliveryPolicy, false) // it was checked when it was set
	if own.Retry != nil {
		effective.Retry = own.Retry
	}
	if own.PerSecond > 0 {
		effective.PerSecond = own.PerSecond
	}
	if own.ContentType != "" {
		effective.ContentType = own.ContentType
	}
	effective.Sickly, effective.Guaranteed = own.Sickly, own.Guaranteed
	return effective
}

func effectiveOfTopic(t topic.Topic) Policy {
	p, _ := ParsePolicy(t.Attributes["DeliveryPolicy"], true) // it was checked when it was set
	if p.Retry == nil {
		standard := DefaultPolicy
		p.Retry = &standard
	}
	if p.ContentType == "" {
		p.ContentType = topic.ContentType
	}
	return p
}

// EffectiveTopicPolicy writes the attribute EffectiveDeliveryPolicy of a topic.
func EffectiveTopicPolicy(t topic.Topic) string {
	p := effectiveOfTopic(t)
	return encode(struct {
		HTTP topicForm `json:"http"`
	}{topicForm{Retry: (*retryForm)(p.Retry), NoOverrides: p.NoOverrides, Throttle: p.throttle(), Request: &requestForm{&p.ContentType}}})
}

// EffectiveSubscriptionPolicy writes the attribute EffectiveDeliveryPolicy of a subscription to t.
func EffectiveSubscriptionPolicy(t topic.Topic, s topic.Subscription) string {
	p := EffectivePolicy(t, s)
	return encode(subscriptionForm{Retry: (*retryForm)(p.Retry), Sickly: (*retryForm)(p.Sickly), Throttle: p.throttle(),
		Request: &requestForm{&p.ContentType}, Guaranteed: p.Guaranteed})
}

func (p Policy) throttle() *throttleForm {
	if p.PerSecond == 0 {
		return nil
	}
	return &throttleForm{&p.PerSecond}
}

func encode(form any) string {
	text, err := schemas.Marshal(form)
	if err != nil {
		panic(err) // numbers, booleans and strings always encode
	}
	return string(text)
}
