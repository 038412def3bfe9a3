package sns

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// topicActions are what a topic's policy can speak of.
var topicActions = []string{"GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
	"ListSubscriptionsByTopic", "Publish"}

var (
	validLabel   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	validAccount = regexp.MustCompile(`^[0-9]{12}$`)
)

// document is a policy; its statements stay as they were written.
type document struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// statement is one as SNS writes it. A single account or action stands alone, several in a list.
type statement struct {
	Sid       string         `json:"Sid"`
	Effect    string         `json:"Effect"`
	Principal map[string]any `json:"Principal"`
	Action    any            `json:"Action"`
	Resource  string         `json:"Resource"`
	Condition any            `json:"Condition,omitempty"`
}

// policyOf is the policy that was set, else the one that each topic of SNS begins with. It is kept and shown; who may do what is said by
// the permissions of access keys.
func policyOf(t topic.Topic) string {
	if set := t.Attributes["Policy"]; set != "" {
		return set
	}
	all := statement{Sid: "__default_statement_ID", Effect: "Allow", Principal: map[string]any{"AWS": "*"}, Action: named(topicActions), Resource: t.ARN,
		Condition: map[string]any{"StringEquals": map[string]string{"AWS:SourceOwner": t.Account}}}
	return encode(document{"2008-10-17", "__default_policy_ID", []json.RawMessage{json.RawMessage(encode(all))}})
}

func named(actions []string) []string {
	full := make([]string, len(actions))
	for i, action := range actions {
		full[i] = "SNS:" + action
	}
	return full
}

func encode(value any) string {
	text, err := schemas.Marshal(value)
	if err != nil {
		panic(err) // strings and lists always encode, and what was read as JSON does
	}
	return string(text)
}

func (a *API) addPermission(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	accounts, actions, label := values.List("AWSAccountId"), values.List("ActionName"), values.Get("Label")
	switch {
	case !validLabel.MatchString(label):
		return nil, invalid("Label")
	case len(accounts) == 0:
		return nil, query.Null("aWSAccountId")
	case len(actions) == 0:
		return nil, query.Null("actionName")
	}
	principals := make([]string, len(accounts))
	for i, account := range accounts {
		if !validAccount.MatchString(account) {
			return nil, invalid("Policy Error: PrincipalNotFound")
		}
		principals[i] = "arn:aws:iam::" + account + ":root"
	}
	for _, action := range actions {
		if !slices.Contains(topicActions, action) {
			return nil, invalid("Policy statement action out of service scope!")
		}
	}
	return nil, a.changePolicy(ctx, caller, values, func(t *topic.Topic, d *document) error {
		if slices.ContainsFunc(d.Statement, func(one json.RawMessage) bool { return sid(one) == label }) {
			return invalid("Statement already exists")
		}
		d.Statement = append(d.Statement, json.RawMessage(encode(statement{Sid: label, Effect: "Allow",
			Principal: map[string]any{"AWS": single(principals)}, Action: single(named(actions)), Resource: t.ARN})))
		return nil
	})
}

// single is the one of a list, or the list.
func single(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// removePermission takes a statement away; that it is not there is no error.
func (a *API) removePermission(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	label := values.Get("Label")
	if label == "" {
		return nil, query.Null("label")
	}
	return nil, a.changePolicy(ctx, caller, values, func(_ *topic.Topic, d *document) error {
		d.Statement = slices.DeleteFunc(d.Statement, func(one json.RawMessage) bool { return sid(one) == label })
		return nil
	})
}

func sid(one json.RawMessage) string {
	var read struct{ Sid string }
	_ = json.Unmarshal(one, &read) // what has no Sid is not meant
	return read.Sid
}

func (a *API) changePolicy(ctx context.Context, caller auth.Caller, values query.Values, change func(*topic.Topic, *document) error) error {
	return a.changeTopic(ctx, caller, values, "TopicArn", func(t *topic.Topic) error {
		var d document
		if err := json.Unmarshal([]byte(policyOf(*t)), &d); err != nil {
			return invalid("Policy Error: the statements of the policy are no list; set another policy first")
		}
		if err := change(t, &d); err != nil {
			return err
		}
		return within("", setTopicAttribute(t, "Policy", encode(d)))
	})
}
