package sns

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
)

var validSubscriptionID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// invalid refuses in SNS's words.
func invalid(format string, args ...any) *query.Error {
	return query.Refuse("InvalidParameter", "Invalid parameter: "+format, args...)
}

func notFound(message string) *query.Error {
	return &query.Error{Status: http.StatusNotFound, Code: "NotFound", Message: message}
}

// topicARN reads the ARN of a topic that is the caller's own, whether it exists or not.
func (a *API) topicARN(caller auth.Caller, values query.Values, parameter string) (string, error) {
	arn := values.Get(parameter)
	parts, err := split(arn, parameter)
	if err != nil {
		return "", err
	}
	if len(parts) != 6 || !a.isHere(parts) {
		return "", invalid("%s", parameter)
	}
	return arn, own(caller, parts, values)
}

// subscriptionARN reads the ARN of a subscription, whose ever it is.
func (a *API) subscriptionARN(values query.Values) (string, error) {
	arn := values.Get("SubscriptionArn")
	parts, err := split(arn, "SubscriptionArn")
	if err != nil {
		return "", err
	}
	if !a.isHere(parts) {
		return "", invalid("SubscriptionArn")
	}
	if len(parts) != 7 || !validSubscriptionID.MatchString(parts[6]) {
		return "", invalid("SubscriptionId")
	}
	return arn, nil
}

func split(arn, parameter string) ([]string, error) {
	if arn == "" {
		return nil, invalid("%s Reason: no value for required parameter", parameter)
	}
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return nil, invalid("%s Reason: An ARN must have at least 6 elements, not %d", parameter, len(parts))
	}
	return parts, nil
}

func (a *API) isHere(parts []string) bool {
	return parts[0] == "arn" && parts[1] == "aws" && parts[2] == "sns" && parts[3] == a.Region
}

// own refuses what is another account's, whether it exists or not.
func own(caller auth.Caller, parts []string, values query.Values) error {
	if parts[4] == caller.Account {
		return nil
	}
	return &query.Error{Status: http.StatusForbidden, Code: "AuthorizationError", Message: "User: " + caller.ARN() + " is not authorized to perform: SNS:" +
		values.Get("Action") + " on resource: " + strings.Join(parts, ":")}
}
