package sns_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/delivery"
)

func messageAttribute(n int, name, kind, field, value string) []string {
	prefix := fmt.Sprintf("MessageAttributes.entry.%d.", n)
	return []string{prefix + "Name", name, prefix + "Value.DataType", kind, prefix + "Value." + field, value}
}

// queued is what waits for each endpoint, with subject, body and attributes.
func (s *server) queued() map[string]delivery.Entry {
	s.t.Helper()
	got := map[string]delivery.Entry{}
	for _, entry := range s.outbox(delivery.KindNotification) {
		row := s.store.Read.QueryRowContext(s.t.Context(), `SELECT m.subject, m.body, m.attributes FROM outbox_message m JOIN outbox_entry e ON e.message = m.seq WHERE e.id = $1`, entry.ID)
		var attributes string
		if err := row.Scan(&entry.Subject, &entry.Body, &attributes); err != nil {
			s.t.Fatal(err)
		}
		entry.LastAnswer = attributes
		got[entry.Endpoint] = entry
	}
	return got
}

func TestPublishReachesAllWhoConfirmed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	s.subscribe(arn, "https://a.example/")
	s.subscribe(arn, "ann@a.example")
	s.do("Subscribe", "TopicArn", arn, "Protocol", "https", "Endpoint", "https://waits.example/")
	id := s.do("Publish", append(append(append([]string{"TopicArn", arn, "Message", "Grüße", "Subject", "Hello"}, messageAttribute(1, "kind", "String", "StringValue", "greeting")...),
		messageAttribute(2, "n", "Number.int", "StringValue", "-1.5e3")...), messageAttribute(3, "b", "Binary", "BinaryValue", "AAE=")...)...).text("MessageId")
	got := s.queued()
	if len(got) != 2 || id == "" {
		t.Fatalf("got %v", got)
	}
	for endpoint, entry := range got {
		if entry.MessageID != id || entry.Subject != "Hello" || entry.Body != "Grüße" || entry.TopicARN != arn ||
			entry.LastAnswer != `{"b":{"Type":"Binary","Value":"AAE="},"kind":{"Type":"String","Value":"greeting"},"n":{"Type":"Number.int","Value":"-1.5e3"}}` {
			t.Errorf("%s gets %+v", endpoint, entry)
		}
	}
	s.do("Publish", "TargetArn", arn, "Message", "x") // the older name of the parameter
	if again := s.outbox(delivery.KindNotification); len(again) != 4 {
		t.Errorf("got %d", len(again))
	}
}

func TestFilterPoliciesDecideWhoGetsAMessage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	s.subscribe(arn, "https://all.example/")
	s.subscribe(arn, "https://attributes.example/", attribute("FilterPolicy", `{"kind":["bounce"]}`)...)
	s.subscribe(arn, "https://body.example/", "Attributes.entry.2.key", "FilterPolicyScope", "Attributes.entry.2.value", "MessageBody",
		"Attributes.entry.1.key", "FilterPolicy", "Attributes.entry.1.value", `{"notificationType":["Bounce"]}`)
	for _, test := range []struct {
		message []string
		want    []string
	}{
		{[]string{"Message", "text"}, []string{"https://all.example/"}},
		{append([]string{"Message", "text"}, messageAttribute(1, "kind", "String", "StringValue", "bounce")...), []string{"https://all.example/", "https://attributes.example/"}},
		{[]string{"Message", `{"notificationType":"Bounce"}`}, []string{"https://all.example/", "https://body.example/"}},
		{[]string{"Message", `{"default":"{\"notificationType\":\"Bounce\"}"}`, "MessageStructure", "json"}, []string{"https://all.example/", "https://body.example/"}},
	} {
		s.do("Publish", append([]string{"TopicArn", arn}, test.message...)...)
		var got []string
		for endpoint := range s.queued() {
			got = append(got, endpoint)
		}
		slices.Sort(got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v: %s", test.message, diff)
		}
		s.transact(func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `DELETE FROM outbox_entry`)
			return err
		})
	}
}

func TestAMessageMayDifferByProtocol(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	for _, endpoint := range []string{"https://a.example/", "http://b.example/", "ann@a.example"} {
		s.subscribe(arn, endpoint)
	}
	id := s.do("Publish", "TopicArn", arn, "MessageStructure", "json", "Message", `{"default":"d","email":"e","http":"h","sqs":"s","https":5}`).text("MessageId")
	got := map[string]string{}
	for endpoint, entry := range s.queued() {
		got[endpoint] = entry.Body
		if entry.MessageID != id {
			t.Errorf("%s gets id %s, want %s", endpoint, entry.MessageID, id)
		}
	}
	if diff := cmp.Diff(map[string]string{"https://a.example/": "d", "http://b.example/": "h", "ann@a.example": "e"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMessagesThatSNSRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	s.subscribe(arn, "https://a.example/")
	invalid, value := "Invalid parameter: ", "ParameterValueInvalid"
	for _, test := range []struct {
		code, message string
		pairs         []string
	}{
		{"InvalidParameter", invalid + "Empty message", []string{"Message", ""}},
		{"ValidationError", "1 validation error detected: Value null at 'message' failed to satisfy constraint: Member must not be null", nil},
		{"InvalidParameter", invalid + "Message too long", []string{"Message", strings.Repeat("x", 262145)}},
		{"InvalidParameter", invalid + "Message too long", append([]string{"Message", strings.Repeat("x", 262144-7)}, messageAttribute(1, "a", "String", "StringValue", "b")...)},
		{"InvalidParameter", invalid + "Message too long", []string{"Message", strings.Repeat("x", 262144), "Subject", "a"}},
		{"InvalidParameter", invalid + "Subject", []string{"Message", "x", "Subject", ""}}, {"InvalidParameter", invalid + "Subject", []string{"Message", "x", "Subject", "a\nb"}},
		{"InvalidParameter", invalid + "Subject", []string{"Message", "x", "Subject", "é"}}, {"InvalidParameter", invalid + "Subject", []string{"Message", "x", "Subject", " a"}},
		{"InvalidParameter", invalid + "Subject", []string{"Message", "x", "Subject", strings.Repeat("s", 101)}},
		{"InvalidParameter", invalid + "MessageStructure", []string{"Message", "x", "MessageStructure", "xml"}},
		{"InvalidParameter", invalid + "Message Structure - JSON message body failed to parse", []string{"Message", "x", "MessageStructure", "json"}},
		{"InvalidParameter", invalid + "Message Structure - JSON message body failed to parse", []string{"Message", "null", "MessageStructure", "json"}},
		{"InvalidParameter", invalid + "Message Structure - No default entry in JSON message body", []string{"Message", `{"http":"x"}`, "MessageStructure", "json"}},
		{"InvalidParameter", invalid + "Message Structure - No default entry in JSON message body", []string{"Message", `{"default":1}`, "MessageStructure", "json"}},
		{"InvalidParameter", invalid + "MessageGroupId Reason: The request includes MessageGroupId or MessageDeduplicationId, which only FIFO topics take", []string{"Message", "x", "MessageGroupId", "g"}},
		{"InvalidParameter", invalid + "PhoneNumber Reason: this server sends no SMS", []string{"Message", "x", "PhoneNumber", "+491234"}},
		{value, "The message attribute name must not be empty.", messageAttribute(1, "", "String", "StringValue", "x")},
		{value, "Length of message attribute name must be less than 256 bytes.", messageAttribute(1, strings.Repeat("n", 257), "String", "StringValue", "x")},
		{value, "Invalid message attribute name starting with character '.' was found.", messageAttribute(1, ".a", "String", "StringValue", "x")},
		{value, "Invalid message attribute name ending with character '.' was found.", messageAttribute(1, "a.", "String", "StringValue", "x")},
		{value, "Message attribute name can not have successive '.' characters.", messageAttribute(1, "a..b", "String", "StringValue", "x")},
		{value, "Invalid non-alphanumeric character '#x20' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", messageAttribute(1, "a b", "String", "StringValue", "x")},
		{value, "Message attribute name can not begin with reserved prefixes 'AWS.' or 'Amazon.'.", messageAttribute(1, "aws.x", "String", "StringValue", "x")},
		{value, "Message attribute name 'a' already exists.", append(messageAttribute(1, "a", "String", "StringValue", "x"), messageAttribute(2, "a", "String", "StringValue", "x")...)},
		{value, "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", messageAttribute(1, "a", "Strings", "StringValue", "x")},
		{value, "The message attribute 'a' with type 'String' must use field 'String'.", messageAttribute(1, "a", "String", "BinaryValue", "AA==")},
		{value, "The message attribute 'a' with type 'Binary.gif' must use field 'Binary'.", messageAttribute(1, "a", "Binary.gif", "StringValue", "x")},
		{value, "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String.Array'.", messageAttribute(1, "a", "String.Array", "StringValue", "")},
		{value, "Could not cast message attribute 'a' value to number.", messageAttribute(1, "a", "Number", "StringValue", "1x")},
		{value, "The message attribute 'a' with type 'Binary' is not in base64.", messageAttribute(1, "a", "Binary", "BinaryValue", "!")},
		{"ValidationError", "1 validation error detected: Value null at 'messageAttributes.a.member.dataType' failed to satisfy constraint: Member must not be null", messageAttribute(1, "a", "", "StringValue", "x")},
	} {
		pairs := test.pairs
		if len(pairs) > 0 && strings.HasPrefix(pairs[0], "MessageAttributes") {
			pairs = append([]string{"Message", "x"}, pairs...)
		}
		s.refuses(s.key, 400, test.code, test.message, "Publish", append([]string{"TopicArn", arn}, pairs...)...)
	}
	s.refuses(s.key, 400, "InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter", "Publish", "Message", "x")
	if got := s.queued(); len(got) != 0 {
		t.Errorf("something went out: %v", got)
	}
	s.do("Publish", append([]string{"TopicArn", arn, "Message", strings.Repeat("x", 262144-8)}, messageAttribute(1, "a", "String", "StringValue", "b")...)...)
	s.do("Publish", "TopicArn", arn, "Message", "x", "Subject", strings.Repeat("s", 100))
}

// batch writes entries: id and message in turn.
func batch(entries ...string) (pairs []string) {
	for i := 0; i+1 < len(entries); i += 2 {
		prefix := fmt.Sprintf("PublishBatchRequestEntries.member.%d.", i/2+1)
		pairs = append(pairs, prefix+"Id", entries[i], prefix+"Message", entries[i+1])
	}
	return pairs
}

func TestPublishBatchSaysWhatBecameOfEach(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	s.subscribe(arn, "https://a.example/")
	attributes := messageAttribute(1, "kind", "", "StringValue", "x")
	for i := range attributes {
		if i%2 == 0 {
			attributes[i] = "PublishBatchRequestEntries.member.3." + attributes[i]
		}
	}
	got := s.do("PublishBatch", append(append([]string{"TopicArn", arn}, batch("one", "1", "two", "", "three", "3")...), attributes...)...)
	success, failures := got.at("Successful").Nodes, got.at("Failed").Nodes
	if len(success) != 1 || success[0].text("Id") != "one" || len(failures) != 2 || failures[0].text("Id") != "two" || failures[0].text("Code") != "InvalidParameter" ||
		failures[0].text("Message") != "Invalid parameter: Empty message" || failures[0].text("SenderFault") != "true" ||
		failures[1].text("Message") != "1 validation error detected: Value null at 'publishBatchRequestEntries.3.member.messageAttributes.kind.member.dataType' failed to satisfy constraint: Member must not be null" {
		t.Errorf("got %+v %+v", success, failures)
	}
	if sent := s.queued(); len(sent) != 1 || sent["https://a.example/"].MessageID != success[0].text("MessageId") {
		t.Errorf("got %v", sent)
	}
	if all := s.do("PublishBatch", append([]string{"TopicArn", arn}, batch("a", "1")...)...); !all.has("Failed") || !all.has("Successful") {
		t.Error("a list is missing")
	}
	var eleven []string
	for i := range 11 {
		eleven = append(eleven, fmt.Sprint("i", i), "x")
	}
	for _, test := range []struct {
		code, message string
		pairs         []string
	}{
		{"EmptyBatchRequest", "The batch request doesn't contain any entries.", nil},
		{"TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.", batch(eleven...)},
		{"BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.", batch("a", "x", "a", "y")},
		{"InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.", batch("a b", "x")},
		{"InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.", batch("", "x")},
		{"BatchRequestTooLong", "The length of all the batch messages put together is more than the limit.", batch("a", strings.Repeat("x", 200000), "b", strings.Repeat("x", 62145))},
	} {
		s.refuses(s.key, 400, test.code, test.message, "PublishBatch", append([]string{"TopicArn", arn}, test.pairs...)...)
	}
}

// A key may do what its permissions say, and each action says what it needs.
func TestPermissionsOfKeys(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	arn := s.topic("t")
	allowed := map[account.Permission][]string{
		account.Read: {"ListTopics", "GetTopicAttributes", "ListSubscriptions", "ListSubscriptionsByTopic", "GetSubscriptionAttributes", "ListTagsForResource", "GetDataProtectionPolicy"},
		account.Send: {"Publish", "PublishBatch"},
	}
	for _, permission := range account.Permissions() {
		key := s.keyOf(owner, permission)
		for action := range s.api.Service().Actions {
			got := s.ask(key, action, "TopicArn", arn)
			denied := got.status == 403
			if want := permission != account.Administer && !slices.Contains(allowed[permission], action); denied != want {
				t.Errorf("%s with %s: got %d %s", action, permission, got.status, got.text("Error", "Message"))
			}
			if denied && (got.text("Error", "Code") != "AuthorizationError" || !strings.HasPrefix(got.text("Error", "Message"),
				"User: arn:aws:iam::"+owner+":user/"+key.ID+" is not authorized to perform: SNS:"+action+" because ")) {
				t.Errorf("%s: got %+v", action, got)
			}
		}
	}
}
