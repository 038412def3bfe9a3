package delivery

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// validQueue is the ARN of a queue of SQS: region, account and a name of at most 80 characters.
var validQueue = regexp.MustCompile(`^arn:aws:sqs:([a-z0-9-]{1,32}):([0-9]{12}):[A-Za-z0-9_-]{1,80}(?:\.fifo)?$`)

// ParseRedrivePolicy reads the attribute RedrivePolicy of a subscription to the topic, {"deadLetterTargetArn":"arn:aws:sqs:…"}, and returns
// the ARN of its dead-letter queue; "" for a text of blanks, or {}. The queue is of the topic's region and account. The error is what SNS
// says, beginning with "RedrivePolicy: ".
func ParseRedrivePolicy(text, topicARN string) (queue string, err error) {
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	var policy struct {
		Target *string `json:"deadLetterTargetArn"`
	}
	if err := decodeStrictly([]byte(text), &policy); err != nil {
		return "", fmt.Errorf("RedrivePolicy: %w", err)
	}
	if policy.Target == nil {
		return "", nil
	}
	match := validQueue.FindStringSubmatch(*policy.Target)
	if match == nil {
		return "", errors.New("RedrivePolicy: deadLetterTargetArn is an invalid arn")
	}
	if !strings.HasPrefix(topicARN, "arn:aws:sns:"+match[1]+":"+match[2]+":") {
		return "", errors.New("RedrivePolicy: deadLetterTargetArn must be an SQS queue in the same region and account as the topic")
	}
	return *policy.Target, nil
}
