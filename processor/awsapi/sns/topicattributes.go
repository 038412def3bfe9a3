package sns

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
)

const (
	fifoSuffix = ".fifo"
	// maxDocument bounds a policy, in bytes, as SNS does.
	maxDocument = 30 << 10
	// maxDisplayName bounds a display name, in bytes, as SNS does.
	maxDisplayName = 100
	// maxValue bounds the attributes that are only kept.
	maxValue = 2048
	// dataProtection is where a topic keeps its data protection policy, which is no attribute at SNS.
	dataProtection = "DataProtectionPolicy"
)

var errFIFO = invalid("FifoTopic Reason: FIFO topics are not supported by this server; use a standard topic")

// keptAttribute are those that have no effect here: they are checked, kept and shown, for tools that set and compare them.
var keptAttribute = regexp.MustCompile(`^(KmsMasterKeyId|TracingConfig|(HTTP|Lambda|Firehose|Application|SQS)(Success|Failure)FeedbackRoleArn|(HTTP|Lambda|Firehose|Application|SQS)SuccessFeedbackSampleRate)$`)

func (a *API) getTopicAttributes(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	t, err := a.topic(ctx, caller, values, "TopicArn")
	if err != nil {
		return nil, err
	}
	confirmed, pending, ended, err := topic.CountSubscriptions(ctx, a.Store.Read, t.ARN)
	if err != nil {
		return nil, err
	}
	shown := query.Map[string]{"TopicArn": t.ARN, "Owner": t.Account, "DisplayName": t.DisplayName, "Policy": policyOf(t),
		"SignatureVersion":       t.SignatureVersion,
		"SubscriptionsConfirmed": strconv.Itoa(confirmed), "SubscriptionsPending": strconv.Itoa(pending), "SubscriptionsDeleted": strconv.Itoa(ended),
		"EffectiveDeliveryPolicy": delivery.EffectiveTopicPolicy(t)}
	for name, value := range t.Attributes {
		if name != dataProtection {
			shown[name] = value
		}
	}
	return struct{ Attributes query.Map[string] }{shown}, nil
}

func (a *API) setTopicAttributes(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if !values.Has("AttributeName") {
		return nil, query.Null("attributeName")
	}
	return nil, a.changeTopic(ctx, caller, values, "TopicArn", func(t *topic.Topic) error {
		return within("", setTopicAttribute(t, values.Get("AttributeName"), values.Get("AttributeValue")))
	})
}

// reason is what is wrong with an attribute, in SNS's words after "Invalid parameter: ".
type reason string

func (r reason) Error() string { return string(r) }

// within makes a refusal of a reason; other errors stay as they are.
func within(prefix string, err error) error {
	var why reason
	if errors.As(err, &why) {
		return invalid("%s%s", prefix, string(why))
	}
	return err
}

// setTopicAttribute changes one attribute; an empty value takes it away.
func setTopicAttribute(t *topic.Topic, name, value string) error {
	switch name {
	case "DisplayName":
		if len(value) > maxDisplayName || strings.ContainsFunc(value, isControl) {
			return reason("DisplayName")
		}
		t.DisplayName = value
		return nil
	case "SignatureVersion":
		if value != topic.SignatureSHA1 && value != topic.SignatureSHA256 {
			return reason("SignatureVersion")
		}
		t.SignatureVersion = value
		return nil
	case "DeliveryPolicy":
		if _, err := delivery.ParsePolicy(value, true); err != nil {
			return reason(err.Error())
		}
	case "Policy":
		if value != "" && !isDocument(value) {
			return reason("Policy Error: the policy must be a JSON object of at most " + strconv.Itoa(maxDocument) + " bytes")
		}
	case processor.SetupMessages:
		if value != "true" && value != "false" {
			return reason(processor.SetupMessages + ": Invalid value [" + value + "]. Must be true or false.")
		}
	case "FifoTopic", "ContentBasedDeduplication":
		if value != "false" {
			return errFIFO
		}
		return nil
	case "ArchivePolicy", "FifoThroughputScope":
		return errFIFO
	default:
		if !keptAttribute.MatchString(name) {
			return reason("AttributeName")
		}
		if !validKept(name, value) {
			return reason(name)
		}
	}
	if t.Attributes == nil {
		t.Attributes = map[string]string{}
	}
	t.Attributes[name] = value
	if strings.TrimSpace(value) == "" {
		delete(t.Attributes, name)
	}
	return nil
}

func validKept(name, value string) bool {
	switch {
	case name == "TracingConfig":
		return value == "PassThrough" || value == "Active"
	case strings.HasSuffix(name, "SampleRate") && value != "":
		rate, err := strconv.Atoi(value)
		return err == nil && rate >= 0 && rate <= 100
	}
	return len(value) <= maxValue && !strings.ContainsFunc(value, isControl)
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

func isDocument(text string) bool {
	var object map[string]json.RawMessage
	return len(text) <= maxDocument && json.Unmarshal([]byte(text), &object) == nil && object != nil
}

// checkDocument refuses what is not a JSON object of a policy's size.
func checkDocument(parameter, text string) error {
	if text != "" && !isDocument(text) {
		return invalid("%s Reason: must be a JSON object of at most %d bytes", parameter, maxDocument)
	}
	return nil
}
