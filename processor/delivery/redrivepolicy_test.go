package delivery

import (
	"strings"
	"testing"
)

func TestARedrivePolicyNamesAQueueBesideTheTopic(t *testing.T) {
	const here = "arn:aws:sns:us-east-1:123456789012:bounces"
	tests := []struct{ name, text, want, wrong string }{
		{"none", "", "", ""},
		{"an empty one", "{}", "", ""},
		{"null", `{"deadLetterTargetArn":null}`, "", ""},
		{"a queue", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead-1"}`, "arn:aws:sqs:us-east-1:123456789012:dead-1", ""},
		{"no ARN", `{"deadLetterTargetArn":"dead"}`, "", "RedrivePolicy: deadLetterTargetArn is an invalid arn"},
		{"a topic", `{"deadLetterTargetArn":"` + here + `"}`, "", "RedrivePolicy: deadLetterTargetArn is an invalid arn"},
		{"a line more", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead\n"}`, "", "is an invalid arn"},
		{"another account", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789013:dead"}`, "", "same region and account"},
		{"another region", `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:dead"}`, "", "same region and account"},
		{"an unknown member", `{"maxReceiveCount":5}`, "", "Unexpected JSON member: maxReceiveCount"},
		{"no JSON", `dead`, "", "RedrivePolicy: failed to parse JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseRedrivePolicy(test.text, here)
			if got != test.want || (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("got %q, error %v, want %q, %q", got, err, test.want, test.wrong)
			}
		})
	}
}
