package sesv1_test

import (
	"database/sql"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/awsapitest"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/statistics"
)

// numbered writes a list as pairs: PREFIX.member.1, PREFIX.member.2 and so on.
func numbered(prefix string, values ...string) (pairs []string) {
	for i, value := range values {
		pairs = append(pairs, prefix+".member."+strconv.Itoa(i+1), value)
	}
	return pairs
}

// entries returns a map of the answer: what get says of each value.
func entries(n awsapitest.Node, get func(awsapitest.Node) string) map[string]string {
	found := map[string]string{}
	for _, entry := range n.Nodes {
		found[entry.Get("key")] = get(entry.At("value"))
	}
	return found
}

// fields writes what an element holds as "Name=text Name=text".
func fields(n awsapitest.Node) string {
	var all []string
	for _, inner := range n.Nodes {
		all = append(all, inner.XMLName.Local+"="+inner.Text)
	}
	return strings.Join(all, " ")
}

func TestTopicsAreSetAndToldOf(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	arn := s.Topic("feedback")
	s.Do("VerifyDomainIdentity", "Domain", "Example.org")
	s.Do("VerifyEmailIdentity", "EmailAddress", "news@example.org")
	attributes := func(names ...string) map[string]string {
		return entries(s.Do("GetIdentityNotificationAttributes", numbered("Identities", names...)...).At("NotificationAttributes"), fields)
	}
	const headers = " HeadersInBounceNotificationsEnabled=true HeadersInComplaintNotificationsEnabled=true HeadersInDeliveryNotificationsEnabled=true"
	want := map[string]string{"example.org": "ForwardingEnabled=true" + headers}
	if diff := cmp.Diff(want, attributes("example.org", "unknown.example", "no identity")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	const byARN = "arn:aws:ses:us-east-1:111111111111:identity/example.org"
	s.Do("SetIdentityNotificationTopic", "Identity", "example.org", "NotificationType", "Bounce", "SnsTopic", arn)
	s.Refuses("InvalidParameterValue", "Feedback notification topic not set.", "SetIdentityFeedbackForwardingEnabled", "Identity", "example.org", "ForwardingEnabled", "false")
	s.Do("SetIdentityNotificationTopic", "Identity", byARN, "NotificationType", "Complaint", "SnsTopic", arn)
	s.Do("SetIdentityFeedbackForwardingEnabled", "Identity", "example.org", "ForwardingEnabled", "false")
	s.Do("SetIdentityHeadersInNotificationsEnabled", "Identity", "example.org", "NotificationType", "Complaint", "Enabled", "false")
	want = map[string]string{byARN: "BounceTopic=" + arn + " ComplaintTopic=" + arn + " ForwardingEnabled=false" + strings.Replace(headers, "Complaint"+"NotificationsEnabled=true", "ComplaintNotificationsEnabled=false", 1)}
	if diff := cmp.Diff(want, attributes(byARN)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	told := s.Outbox(delivery.KindNotification)
	if len(told) != 2 || told[0].Body != `{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully subscribed your Amazon SNS topic '`+arn+
		`' to receive 'Bounce' notifications from Amazon SES for identity 'example.org'."}`+"\n" {
		t.Errorf("the topic got %+v", told)
	}
	s.Do("SetIdentityFeedbackForwardingEnabled", "Identity", "example.org", "ForwardingEnabled", "true")
	s.Do("SetIdentityNotificationTopic", "Identity", "example.org", "NotificationType", "Complaint")
	s.Do("SetIdentityNotificationTopic", "Identity", "example.org", "NotificationType", "Bounce", "SnsTopic", "")
	if got := attributes("example.org")["example.org"]; strings.Contains(got, "Topic=") {
		t.Errorf("got %s", got)
	}
}

func TestWrongSettingsAreRefusedInTheWordsOfAWS(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Do("VerifyDomainIdentity", "Domain", "example.org")
	for _, identity := range []string{"none.example", "a@none.example", "no identity", "arn:aws:ses:us-east-1:222222222222:identity/example.org", "arn:aws:ses:eu-west-1:111111111111:identity/example.org"} {
		for action, more := range map[string][]string{"SetIdentityNotificationTopic": {"NotificationType", "Bounce"}, "SetIdentityFeedbackForwardingEnabled": {"ForwardingEnabled", "true"},
			"SetIdentityHeadersInNotificationsEnabled": {"NotificationType", "Bounce", "Enabled", "true"}} {
			s.Refuses("InvalidParameterValue", "Identity "+identity+" is invalid. Must be a verified email address or domain.", action, append(more, "Identity", identity)...)
		}
	}
	for _, arn := range []string{"x", "arn:aws:sns:us-east-1:111111111111:none", "arn:aws:sns:us-east-1:222222222222:feedback"} {
		s.Refuses("InvalidParameterValue", "Invalid SNS topic <"+arn+">.", "SetIdentityNotificationTopic", "Identity", "example.org", "NotificationType", "Bounce", "SnsTopic", arn)
	}
	s.Refuses("ValidationError", "1 validation error detected: Value 'Open' at 'notificationType' failed to satisfy constraint: Member must satisfy enum value set: [Bounce, Complaint, Delivery]",
		"SetIdentityNotificationTopic", "Identity", "example.org", "NotificationType", "Open")
	s.Refuses("ValidationError", "1 validation error detected: Value null at 'identity' failed to satisfy constraint: Member must not be null", "SetIdentityNotificationTopic", "NotificationType", "Bounce")
	s.Refuses("MalformedInput", `"yes" is no boolean: ForwardingEnabled is true or false.`, "SetIdentityFeedbackForwardingEnabled", "Identity", "example.org", "ForwardingEnabled", "yes")
	s.Refuses("InvalidAction", "Could not find operation SendPostcard for version 2010-12-01", "SendPostcard")
	for _, action := range []string{"SendEmail", "SendRawEmail", "SendTemplatedEmail", "SendBulkTemplatedEmail"} {
		s.Refuses("MessageRejected", "Mail cannot be sent through this API yet: it comes with the send gate. Send it with your mail server, and register it with POST /v1/sent.", action)
	}
	for permission, action := range map[account.Permission]string{account.Read: "VerifyEmailIdentity", account.Send: "ListIdentities", account.Suppress: "SendBounce"} {
		if got := s.Query(s.KeyOf(awsapitest.Owner, permission), action); got.Status != 403 || got.Get("Error", "Code") != "AccessDenied" {
			t.Errorf("%s with %s: got %d %s", action, permission, got.Status, got.Body)
		}
	}
	if got := s.Query(account.AccessKey{}, "ListIdentities"); got.Status != 403 || got.Get("Error", "Code") != "MissingAuthenticationToken" {
		t.Errorf("unsigned: got %d %s", got.Status, got.Body)
	}
}

func TestIdentitiesAreVerifiedAtOnce(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	token := s.Do("VerifyDomainIdentity", "Domain", "example.org").Get("VerificationToken")
	if again := s.Do("VerifyDomainIdentity", "Domain", "EXAMPLE.ORG").Get("VerificationToken"); len(token) != 44 || again != token {
		t.Errorf("got tokens %s and %s", token, again)
	}
	dkim := s.Do("VerifyDomainDkim", "Domain", "example.org").At("DkimTokens").Members()
	if len(dkim) != 3 || len(dkim[0]) != 32 || dkim[0] == dkim[1] || strings.ToLower(dkim[2]) != dkim[2] {
		t.Errorf("got %q", dkim)
	}
	if got := s.Query(s.Key, "VerifyEmailAddress", "EmailAddress", "old@example.org"); got.Status != 200 || got.Has("VerifyEmailAddressResult") {
		t.Errorf("got %s", got.Body)
	}
	if got := s.Query(s.Key, "VerifyEmailIdentity", "EmailAddress", "news@example.com"); got.Status != 200 || !got.Has("VerifyEmailIdentityResult") {
		t.Errorf("got %s", got.Body)
	}
	verified := entries(s.Do("GetIdentityVerificationAttributes", numbered("Identities", "example.org", "old@example.org", "none.example")...).At("VerificationAttributes"), fields)
	if diff := cmp.Diff(map[string]string{"example.org": "VerificationStatus=Success VerificationToken=" + token, "old@example.org": "VerificationStatus=Success"}, verified); diff != "" {
		t.Error(diff)
	}
	for action, want := range map[string][2]string{"GetIdentityDkimAttributes": {"DkimAttributes", "DkimEnabled=false DkimVerificationStatus=NotStarted"},
		"GetIdentityMailFromDomainAttributes": {"MailFromDomainAttributes", "BehaviorOnMXFailure=UseDefaultValue"}} {
		got := entries(s.Do(action, numbered("Identities", "example.org", "none.example")...).At(want[0]), fields)
		if diff := cmp.Diff(map[string]string{"example.org": want[1]}, got); diff != "" {
			t.Error(diff)
		}
	}
	all := []string{"example.org", "news@example.com", "old@example.org"}
	for kind, want := range map[string][]string{"": all, "EmailAddress": all[1:], "Domain": all[:1]} {
		var got []string
		for next := ""; ; {
			page := s.Do("ListIdentities", "IdentityType", kind, "MaxItems", "1", "NextToken", next)
			got = append(got, page.At("Identities").Members()...)
			if next = page.Get("NextToken"); next == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", kind, diff)
		}
	}
	if diff := cmp.Diff(all[1:], s.Do("ListVerifiedEmailAddresses").At("VerifiedEmailAddresses").Members()); diff != "" {
		t.Error(diff)
	}
	for range 2 { // what is not there is no error
		s.Do("DeleteIdentity", "Identity", "example.org")
		s.Do("DeleteVerifiedEmailAddress", "EmailAddress", "old@example.org")
	}
	if diff := cmp.Diff([]string{"news@example.com"}, s.Do("ListIdentities").At("Identities").Members()); diff != "" {
		t.Error(diff)
	}
	s.Refuses("InvalidParameterValue", "Invalid email address<nobody>.", "VerifyEmailIdentity", "EmailAddress", "nobody")
	s.Refuses("InvalidParameterValue", "Invalid domain name a@b.", "VerifyDomainIdentity", "Domain", "a@b")
	for _, token := range []string{"%", "eA@@"} {
		s.Refuses("InvalidParameterValue", "The NextToken is invalid.", "ListIdentities", "NextToken", token)
	}
}

func TestStatisticsAndQuota(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Transact(func(tx *sql.Tx) error {
		for days, n := range map[int]int64{0: 1, 3: 2, 15: 4} {
			at := s.Clock.AddDate(0, 0, -days)
			if err := statistics.Add(t.Context(), tx, awsapitest.Owner, at, statistics.Counts{DeliveryAttempts: 10 * n, Bounces: n, Complaints: 2, Rejects: 3, Deliveries: 5}); err != nil {
				return err
			}
		}
		return nil
	})
	var got []string
	for _, point := range s.Do("GetSendStatistics").At("SendDataPoints").Nodes {
		got = append(got, fields(point))
	}
	want := []string{"Timestamp=2026-01-24T15:00:00Z DeliveryAttempts=20 Bounces=2 Complaints=2 Rejects=3", "Timestamp=2026-01-27T15:00:00Z DeliveryAttempts=10 Bounces=1 Complaints=2 Rejects=3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := fields(s.Do("GetSendQuota")); got != "Max24HourSend=-1.0 MaxSendRate=1000.0 SentLast24Hours=10.0" {
		t.Errorf("got %s", got)
	}
	s.Do("UpdateAccountSendingEnabled", "Enabled", "false")
	if got := s.Do("GetAccountSendingEnabled").Get("Enabled"); got != "false" {
		t.Errorf("got %s", got)
	}
}

func TestConfigurationSetsAreThoseOfV2(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	arn := s.Topic("events")
	s.Do("CreateConfigurationSet", "ConfigurationSet.Name", "news")
	s.Call("POST", "/configuration-sets", `{"ConfigurationSetName":"shop","DeliveryOptions":{"TlsPolicy":"REQUIRE"}}`)
	s.Call("POST", "/configuration-sets/shop/event-destinations", `{"EventDestinationName":"all","EventDestination":{"Enabled":true,"MatchingEventTypes":["BOUNCE","RENDERING_FAILURE","DELIVERY_DELAY"],"SnsDestination":{"TopicArn":"`+arn+`"}}}`)
	page := s.Do("ListConfigurationSets", "MaxItems", "1")
	if rest := s.Do("ListConfigurationSets", "NextToken", page.Get("NextToken")); page.Get("ConfigurationSets", "member", "Name") != "news" || rest.Get("ConfigurationSets", "member", "Name") != "shop" || rest.Has("NextToken") {
		t.Errorf("got %+v, %+v", page, rest)
	}
	all := numbered("ConfigurationSetAttributeNames", "eventDestinations", "trackingOptions", "deliveryOptions", "reputationOptions")
	described := s.Do("DescribeConfigurationSet", append(all, "ConfigurationSetName", "shop")...)
	destination := described.At("EventDestinations", "member")
	if diff := cmp.Diff([]string{"bounce", "renderingFailure"}, destination.At("MatchingEventTypes").Members()); diff != "" || destination.Get("SNSDestination", "TopicARN") != arn || destination.Get("Enabled") != "true" {
		t.Errorf("got %+v %s", destination, diff)
	}
	if described.Get("DeliveryOptions", "TlsPolicy") != "Require" || described.Has("TrackingOptions") || fields(described.At("ReputationOptions")) != "SendingEnabled=true ReputationMetricsEnabled=false" {
		t.Errorf("got %+v", described)
	}
	event := append(numbered("EventDestination.MatchingEventTypes", "complaint", "send"), "ConfigurationSetName", "shop", "EventDestination.Name", "all", "EventDestination.Enabled", "true", "EventDestination.SNSDestination.TopicARN", arn)
	s.Refuses("EventDestinationAlreadyExists", "An event destination with the name <all> already exists.", "CreateConfigurationSetEventDestination", event...)
	s.Do("UpdateConfigurationSetEventDestination", event...)
	if got := s.Call("GET", "/configuration-sets/shop/event-destinations", nil); !strings.Contains(got, `"MatchingEventTypes":["SEND","COMPLAINT","DELIVERY_DELAY"]`) {
		t.Errorf("got %s", got)
	}
	s.Do("CreateConfigurationSetEventDestination", append(event, "EventDestination.Name", "more", "ConfigurationSetName", "news")...)
	if told := s.Outbox(delivery.KindNotification); len(told) != 3 || told[2].Body != "Successfully validated SNS topic for Amazon SES event publishing." {
		t.Errorf("the topic got %+v", told)
	}
	for _, action := range []string{"UpdateConfigurationSetReputationMetricsEnabled", "UpdateConfigurationSetSendingEnabled"} {
		if got := s.Query(s.Key, action, "ConfigurationSetName", "news", "Enabled", strconv.FormatBool(strings.Contains(action, "Reputation"))); got.Status != 200 || got.Has(action+"Result") {
			t.Errorf("got %s", got.Body)
		}
	}
	s.Do("PutConfigurationSetDeliveryOptions", "ConfigurationSetName", "news", "DeliveryOptions.TlsPolicy", "Require")
	s.Do("CreateConfigurationSetTrackingOptions", "ConfigurationSetName", "news", "TrackingOptions.CustomRedirectDomain", "a.example.org")
	s.Do("UpdateConfigurationSetTrackingOptions", "ConfigurationSetName", "news", "TrackingOptions.CustomRedirectDomain", "t.example.org")
	want := `"DeliveryOptions":{"TlsPolicy":"REQUIRE"},"ReputationOptions":{"ReputationMetricsEnabled":true},"SendingOptions":{"SendingEnabled":false},"Tags":[],"TrackingOptions":{"CustomRedirectDomain":"t.example.org"}}`
	if got := s.Call("GET", "/configuration-sets/news", nil); got != `{"ConfigurationSetName":"news",`+want {
		t.Errorf("got %s", got)
	}
	s.Refuses("TrackingOptionsAlreadyExistsException", "Configuration set <news> already has tracking options.", "CreateConfigurationSetTrackingOptions", "ConfigurationSetName", "news", "TrackingOptions.CustomRedirectDomain", "x.example")
	s.Do("DeleteConfigurationSetTrackingOptions", "ConfigurationSetName", "news")
	s.Refuses("TrackingOptionsDoesNotExistException", "Configuration set <news> has no tracking options.", "DeleteConfigurationSetTrackingOptions", "ConfigurationSetName", "news")
	s.Refuses("InvalidSNSDestination", "SNS topic <arn:aws:sns:us-east-1:111111111111:none> not found.", "CreateConfigurationSetEventDestination",
		append(event, "EventDestination.Name", "third", "EventDestination.SNSDestination.TopicARN", "arn:aws:sns:us-east-1:111111111111:none")...)
	s.Refuses("InvalidParameterCombination", "Events are published to topics only: give SNSDestination.", "CreateConfigurationSetEventDestination",
		append(event, "EventDestination.Name", "third", "EventDestination.CloudWatchDestination.DimensionConfigurations.member.1.DimensionName", "a")...)
	s.Do("DeleteConfigurationSetEventDestination", "ConfigurationSetName", "shop", "EventDestinationName", "all")
	for _, action := range []string{"DeleteConfigurationSetEventDestination", "UpdateConfigurationSetEventDestination"} {
		s.Refuses("EventDestinationDoesNotExist", "No EventDestination found for all", action, append(event, "EventDestinationName", "all")...)
	}
	s.Refuses("ConfigurationSetAlreadyExists", "Configuration set <news> already exists.", "CreateConfigurationSet", "ConfigurationSet.Name", "news")
	s.Refuses("InvalidConfigurationSet", `account: configuration set "a b": invalid input: a name has 1 to 64 letters, digits, "_" and "-"`, "CreateConfigurationSet", "ConfigurationSet.Name", "a b")
	s.Do("DeleteConfigurationSet", "ConfigurationSetName", "news")
	for action, more := range map[string][]string{"DeleteConfigurationSet": nil, "DescribeConfigurationSet": nil, "UpdateConfigurationSetSendingEnabled": {"Enabled", "true"},
		"DeleteConfigurationSetEventDestination": {"EventDestinationName", "x"}} {
		s.Refuses("ConfigurationSetDoesNotExist", "Configuration set <news> does not exist.", action, append(more, "ConfigurationSetName", "news")...)
	}
}
