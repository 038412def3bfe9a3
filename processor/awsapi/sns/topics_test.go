package sns_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const here = "arn:aws:sns:us-east-1:" + owner + ":"

func attribute(name, value string) []string {
	return []string{"Attributes.entry.1.key", name, "Attributes.entry.1.value", value}
}

func tags(pairs ...string) (form []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		prefix := fmt.Sprintf("Tags.member.%d.", i/2+1)
		form = append(form, prefix+"Key", pairs[i], prefix+"Value", pairs[i+1])
	}
	return form
}

func TestCreateTopicIsIdempotentAndRefusesWhatDiffers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	full := append(attribute("DisplayName", "Feedback"), tags("team", "mail")...)
	for range 2 {
		if arn := s.topic("feedback", full...); arn != here+"feedback" {
			t.Fatalf("got %s", arn)
		}
	}
	s.topic("feedback") // what is not named is not compared
	for _, test := range []struct {
		message string
		pairs   []string
	}{
		{"Invalid parameter: Attributes Reason: Topic already exists with different attributes", attribute("DisplayName", "Other")},
		{"Invalid parameter: Attributes Reason: Topic already exists with different attributes", attribute("TracingConfig", "Active")},
		{"Invalid parameter: Tags Reason: Topic already exists with different tags", tags("team", "web")},
		{"Invalid parameter: Tags Reason: Topic already exists with different tags", tags("cost", "1")},
		{"Invalid parameter: Topic Name", []string{"Name", "a b"}},
		{"Invalid parameter: Topic Name", []string{"Name", ""}},
		{"Invalid parameter: Topic Name", []string{"Name", strings.Repeat("a", 257)}},
		{"Invalid parameter: FifoTopic Reason: FIFO topics are not supported by this server; use a standard topic", []string{"Name", "orders.fifo"}},
		{"Invalid parameter: FifoTopic Reason: FIFO topics are not supported by this server; use a standard topic", attribute("FifoTopic", "true")},
		{"Invalid parameter: FifoTopic Reason: FIFO topics are not supported by this server; use a standard topic", attribute("ArchivePolicy", "{}")},
		{"Invalid parameter: Attributes Reason: AttributeName", attribute("Colour", "red")},
		{"Invalid parameter: Attributes Reason: SignatureVersion", attribute("SignatureVersion", "3")},
		{"Invalid parameter: Attributes Reason: DisplayName", attribute("DisplayName", strings.Repeat("x", 101))},
		{"Invalid parameter: Duplicated keys are not allowed.", tags("a", "1", "a", "2")},
		{"Invalid parameter: DataProtectionPolicy Reason: must be a JSON object of at most 30720 bytes", []string{"DataProtectionPolicy", "[]"}},
	} {
		s.refuses(s.key, 400, "InvalidParameter", test.message, "CreateTopic", append([]string{"Name", "feedback"}, test.pairs...)...)
	}
	s.refuses(s.key, 400, "ValidationError", "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null", "CreateTopic")
	s.topic("standard", attribute("FifoTopic", "false")...)
}

func TestTopicsAreListedInPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	empty := s.do("ListTopics")
	if !empty.has("Topics") || empty.has("NextToken") {
		t.Errorf("got %+v", empty)
	}
	for i := range 101 {
		s.topic(fmt.Sprintf("t%03d", i))
	}
	page := s.do("ListTopics")
	if n := len(page.at("Topics").Nodes); n != 100 || page.text("NextToken") == "" {
		t.Fatalf("got %d topics, token %q", n, page.text("NextToken"))
	}
	last := s.do("ListTopics", "NextToken", page.text("NextToken"))
	if got := last.at("Topics", "member").text("TopicArn"); got != here+"t100" || last.has("NextToken") {
		t.Errorf("got %s, token %q", got, last.text("NextToken"))
	}
	for _, token := range []string{"x", "eA==", "!"} {
		s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: NextToken", "ListTopics", "NextToken", token)
	}
}

func TestTheAttributesOfATopic(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("feedback")
	s.subscribe(arn, "https://hook.example/")
	s.do("Subscribe", "TopicArn", arn, "Protocol", "http", "Endpoint", "http://hook.example/")
	get := func() map[string]string { return s.do("GetTopicAttributes", "TopicArn", arn).attributes() }
	want := map[string]string{"TopicArn": arn, "Owner": owner, "DisplayName": "", "SignatureVersion": "1",
		"SubscriptionsConfirmed": "1", "SubscriptionsPending": "1", "SubscriptionsDeleted": "0",
		"Policy": `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},` +
			`"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe",` +
			`"SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"` + arn + `","Condition":{"StringEquals":{"AWS:SourceOwner":"` + owner + `"}}}]}`,
		"EffectiveDeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,` +
			`"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`}
	if diff := cmp.Diff(want, get()); diff != "" {
		t.Error(diff)
	}
	set := func(name, value string) {
		s.do("SetTopicAttributes", "TopicArn", arn, "AttributeName", name, "AttributeValue", value)
		if value != "" {
			want[name] = value
		} else {
			delete(want, name)
		}
	}
	set("DisplayName", "Feedback")
	set("SignatureVersion", "2")
	set("Policy", `{"Version":"2012-10-17","Statement":[]}`)
	set("DeliveryPolicy", `{"http":{"disableSubscriptionOverrides":true}}`)
	want["EffectiveDeliveryPolicy"] = strings.Replace(want["EffectiveDeliveryPolicy"], "Overrides\":false", "Overrides\":true", 1)
	set("KmsMasterKeyId", "alias/a")
	set("TracingConfig", "Active")
	set("SetupMessages", "false")
	set("HTTPSuccessFeedbackRoleArn", "arn:aws:iam::1:role/x")
	set("SQSSuccessFeedbackSampleRate", "100")
	set("KmsMasterKeyId", "")
	if diff := cmp.Diff(want, get()); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct{ name, value, message string }{
		{"Colour", "red", "AttributeName"}, {"TopicArn", "x", "AttributeName"}, {"SignatureVersion", "", "SignatureVersion"}, {"TracingConfig", "On", "TracingConfig"},
		{"DisplayName", "a\nb", "DisplayName"}, {"SetupMessages", "no", "SetupMessages: Invalid value [no]. Must be true or false."}, {"SQSSuccessFeedbackSampleRate", "101", "SQSSuccessFeedbackSampleRate"},
		{"Policy", "[]", "Policy Error: the policy must be a JSON object of at most 30720 bytes"},
		{"Policy", `{"a":"` + strings.Repeat("x", 30<<10) + `"}`, "Policy Error: the policy must be a JSON object of at most 30720 bytes"},
		{"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}`, "DeliveryPolicy: http.defaultHealthyRetryPolicy.numRetries must be between 0 and 100"},
		{"FifoTopic", "true", "FifoTopic Reason: FIFO topics are not supported by this server; use a standard topic"},
	} {
		s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: "+test.message, "SetTopicAttributes", "TopicArn", arn, "AttributeName", test.name, "AttributeValue", test.value)
	}
	s.refuses(s.key, 400, "ValidationError", "1 validation error detected: Value null at 'attributeName' failed to satisfy constraint: Member must not be null", "SetTopicAttributes", "TopicArn", arn)
}

// Each action that names a topic refuses one that cannot be, one that is not there and one of another account, in SNS's words.
func TestWhatATopicMayBe(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, action := range []struct {
		name, parameter string
		pairs           []string
	}{
		{"GetTopicAttributes", "TopicArn", nil}, {"SetTopicAttributes", "TopicArn", []string{"AttributeName", "DisplayName", "AttributeValue", "x"}},
		{"Subscribe", "TopicArn", []string{"Protocol", "https", "Endpoint", "https://a.example/"}}, {"ListSubscriptionsByTopic", "TopicArn", nil},
		{"Publish", "TopicArn", []string{"Message", "x"}}, {"Publish", "TargetArn", []string{"Message", "x"}},
		{"PublishBatch", "TopicArn", []string{"PublishBatchRequestEntries.member.1.Id", "a", "PublishBatchRequestEntries.member.1.Message", "x"}},
		{"PublishBatch", "TopicArn", []string{"PublishBatchRequestEntries.member.1.Id", "a", "PublishBatchRequestEntries.member.1.Message", ""}},
		{"AddPermission", "TopicArn", []string{"Label", "l", "AWSAccountId.member.1", other, "ActionName.member.1", "Publish"}},
		{"RemovePermission", "TopicArn", []string{"Label", "l"}}, {"GetDataProtectionPolicy", "ResourceArn", nil},
		{"PutDataProtectionPolicy", "ResourceArn", []string{"DataProtectionPolicy", "{}"}},
		{"TagResource", "ResourceArn", tags("a", "b")}, {"UntagResource", "ResourceArn", []string{"TagKeys.member.1", "a"}}, {"ListTagsForResource", "ResourceArn", nil},
		{"DeleteTopic", "TopicArn", nil},
	} {
		refuses := func(arn string, status int, code, message string) {
			s.refuses(s.key, status, code, message, action.name, append([]string{action.parameter, arn}, action.pairs...)...)
		}
		refuses("arn:aws:sns", 400, "InvalidParameter", "Invalid parameter: "+action.parameter+" Reason: An ARN must have at least 6 elements, not 3")
		refuses("arn:aws:sns:eu-west-1:"+owner+":t", 400, "InvalidParameter", "Invalid parameter: "+action.parameter)
		refuses("arn:aws:sqs:us-east-1:"+owner+":t", 400, "InvalidParameter", "Invalid parameter: "+action.parameter)
		refuses(here+"t:x", 400, "InvalidParameter", "Invalid parameter: "+action.parameter)
		foreign := "arn:aws:sns:us-east-1:" + other + ":t"
		refuses(foreign, 403, "AuthorizationError", "User: arn:aws:iam::"+owner+":user/"+s.key.ID+" is not authorized to perform: SNS:"+action.name+" on resource: "+foreign)
		switch {
		case action.name == "DeleteTopic":
			s.do("DeleteTopic", "TopicArn", here+"none")
		case strings.Contains(strings.ToLower(action.name), "tag"):
			refuses(here+"none", 404, "ResourceNotFound", "Resource does not exist")
		default:
			refuses(here+"none", 404, "NotFound", "Topic does not exist")
		}
		if action.name != "Publish" {
			refuses("", 400, "InvalidParameter", "Invalid parameter: "+action.parameter+" Reason: no value for required parameter")
		}
	}
	arn := s.topic("t")
	for range 2 {
		s.do("DeleteTopic", "TopicArn", arn)
	}
	s.refuses(s.key, 404, "NotFound", "Topic does not exist", "GetTopicAttributes", "TopicArn", arn)
}

func TestTags(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t", tags("a", "1", "b", "")...)
	list := func() map[string]string {
		got := map[string]string{}
		for _, member := range s.do("ListTagsForResource", "ResourceArn", arn).at("Tags").Nodes {
			got[member.text("Key")] = member.text("Value")
		}
		return got
	}
	s.do("TagResource", append([]string{"ResourceArn", arn}, tags("a", "2", "c d", "é")...)...)
	s.do("UntagResource", "ResourceArn", arn, "TagKeys.member.1", "b", "TagKeys.member.2", "none")
	s.do("UntagResource", "ResourceArn", arn, "TagKeys", "")
	if diff := cmp.Diff(map[string]string{"a": "2", "c d": "é"}, list()); diff != "" {
		t.Error(diff)
	}
	var many []string
	for i := range 49 {
		many = append(many, fmt.Sprint("k", i), "")
	}
	s.refuses(s.key, 400, "TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded", "TagResource", append([]string{"ResourceArn", arn}, tags(many...)...)...)
	s.do("TagResource", append([]string{"ResourceArn", arn}, tags(many[2:]...)...)...)
	for _, test := range []struct{ key, value, what string }{{"", "x", "key"}, {"aws:x", "x", "key"}, {"a\n", "x", "key"}, {strings.Repeat("k", 129), "", "key"},
		{"k", strings.Repeat("v", 257), "value"}, {"k", "<", "value"}} {
		message := "Invalid parameter: Tags Reason: a key has 1 to 128 letters, digits, blanks and _.:/=+-@, and does not begin with aws:"
		if test.what == "value" {
			message = "Invalid parameter: Tags Reason: a value has at most 256 letters, digits, blanks and _.:/=+-@"
		}
		s.refuses(s.key, 400, "InvalidParameter", message, "TagResource", append([]string{"ResourceArn", arn}, tags(test.key, test.value)...)...)
	}
	s.refuses(s.key, 400, "ValidationError", "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null", "TagResource", "ResourceArn", arn)
	s.refuses(s.key, 400, "ValidationError", "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null", "UntagResource", "ResourceArn", arn)
}

func TestPermissionsAreKeptInThePolicy(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	policy := func() string { return s.do("GetTopicAttributes", "TopicArn", arn).attributes()["Policy"] }
	before := policy()
	s.do("AddPermission", append(append([]string{"TopicArn", arn, "Label", "one"}, numbered("AWSAccountId.member", other)...), numbered("ActionName.member", "Publish")...)...)
	s.do("AddPermission", append(append([]string{"TopicArn", arn, "Label", "two"}, numbered("AWSAccountId.member", owner, other)...), numbered("ActionName.member", "Publish", "Subscribe")...)...)
	want := strings.TrimSuffix(before, "]}") + `,{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + other + `:root"},"Action":"SNS:Publish","Resource":"` + arn + `"}` +
		`,{"Sid":"two","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::` + owner + `:root","arn:aws:iam::` + other + `:root"]},"Action":["SNS:Publish","SNS:Subscribe"],"Resource":"` + arn + `"}]}`
	if diff := cmp.Diff(want, policy()); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct{ label, account, action, code, message string }{
		{"one", other, "Publish", "InvalidParameter", "Invalid parameter: Statement already exists"},
		{"", other, "Publish", "InvalidParameter", "Invalid parameter: Label"},
		{"l", "1", "Publish", "InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound"},
		{"l", other, "Fly", "InvalidParameter", "Invalid parameter: Policy statement action out of service scope!"},
	} {
		s.refuses(s.key, 400, test.code, test.message, "AddPermission", "TopicArn", arn, "Label", test.label, "AWSAccountId.member.1", test.account, "ActionName.member.1", test.action)
	}
	null := "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null"
	s.refuses(s.key, 400, "ValidationError", fmt.Sprintf(null, "aWSAccountId"), "AddPermission", "TopicArn", arn, "Label", "l", "ActionName.member.1", "Publish")
	s.refuses(s.key, 400, "ValidationError", fmt.Sprintf(null, "actionName"), "AddPermission", "TopicArn", arn, "Label", "l", "AWSAccountId.member.1", other)
	s.refuses(s.key, 400, "ValidationError", fmt.Sprintf(null, "label"), "RemovePermission", "TopicArn", arn)
	for range 2 {
		s.do("RemovePermission", "TopicArn", arn, "Label", "one")
	}
	s.do("RemovePermission", "TopicArn", arn, "Label", "two")
	if diff := cmp.Diff(before, policy()); diff != "" {
		t.Error(diff)
	}
	s.do("SetTopicAttributes", "TopicArn", arn, "AttributeName", "Policy", "AttributeValue", `{"Statement":{}}`)
	s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: Policy Error: the statements of the policy are no list; set another policy first", "RemovePermission", "TopicArn", arn, "Label", "x")
}

func TestTheDataProtectionPolicyIsKept(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t", "DataProtectionPolicy", `{"Name":"a"}`)
	get := func() string { return s.do("GetDataProtectionPolicy", "ResourceArn", arn).text("DataProtectionPolicy") }
	if get() != `{"Name":"a"}` {
		t.Errorf("got %s", get())
	}
	s.do("PutDataProtectionPolicy", "ResourceArn", arn, "DataProtectionPolicy", "")
	if get() != "" || !s.do("GetDataProtectionPolicy", "ResourceArn", arn).has("DataProtectionPolicy") {
		t.Errorf("got %s", get())
	}
	if _, shown := s.do("GetTopicAttributes", "TopicArn", arn).attributes()["DataProtectionPolicy"]; shown {
		t.Error("it is shown as an attribute")
	}
	s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: DataProtectionPolicy Reason: must be a JSON object of at most 30720 bytes", "PutDataProtectionPolicy", "ResourceArn", arn, "DataProtectionPolicy", "x")
	s.refuses(s.key, 400, "ValidationError", "1 validation error detected: Value null at 'dataProtectionPolicy' failed to satisfy constraint: Member must not be null", "PutDataProtectionPolicy", "ResourceArn", arn)
}
