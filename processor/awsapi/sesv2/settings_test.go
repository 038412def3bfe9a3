package sesv2_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/awsapi/awsapitest"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/statistics"
)

func TestTheAccountTellsItsQuotaAndSettings(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Transact(func(tx *sql.Tx) error {
		for hours, n := range map[int]int64{1: 5, 23: 7, 26: 100} {
			if err := statistics.Add(t.Context(), tx, awsapitest.Owner, s.Clock.Add(time.Duration(-hours)*time.Hour), statistics.Counts{DeliveryAttempts: n}); err != nil {
				return err
			}
		}
		return nil
	})
	const shape = `{"DedicatedIpAutoWarmupEnabled":false,"EnforcementStatus":"HEALTHY","ProductionAccessEnabled":true,"SendQuota":{"Max24HourSend":-1,"MaxSendRate":1000,"SentLast24Hours":12},` +
		`"SendingEnabled":%t,"SuppressionAttributes":{"SuppressedReasons":["BOUNCE","COMPLAINT"]}%s}`
	if got, want := s.Call("GET", "/account", nil), fmt.Sprintf(shape, true, ""); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	s.Call("PUT", "/account/sending", `{"SendingEnabled":false}`)
	s.Call("POST", "/account/details", `{"MailType":"MARKETING","WebsiteURL":"https://example.org","UseCaseDescription":"<News>","ProductionAccessEnabled":true}`)
	details := `,"Details":{"MailType":"MARKETING","WebsiteURL":"https://example.org","UseCaseDescription":"<News>","ReviewDetails":{"Status":"GRANTED"}}`
	if got, want := s.Call("GET", "/account", nil), fmt.Sprintf(shape, false, details); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	s.Call("PUT", "/account/sending", `{"SendingEnabled":true}`)
	s.Fails(400, "BadRequestException", "2 validation errors detected: Value at 'mailType' failed to satisfy constraint: Member must satisfy enum value set: [MARKETING, TRANSACTIONAL]; "+
		"Value at 'websiteURL' failed to satisfy constraint: Member must not be null", "POST", "/account/details", `{"MailType":"X"}`)
}

func TestIdentitiesAreMadeShownAndDeleted(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Call("POST", "/configuration-sets", `{"ConfigurationSetName":"news"}`)
	const dkim = `"DkimAttributes":{"SigningEnabled":false,"Status":"NOT_STARTED","SigningAttributesOrigin":"AWS_SES"}`
	if got, want := s.Call("POST", "/identities", `{"EmailIdentity":"example.org","Tags":[{"Key":"team","Value":"news"}],"ConfigurationSetName":"news","DkimSigningAttributes":{"NextSigningKeyLength":"RSA_2048_BIT"}}`),
		`{"IdentityType":"DOMAIN","VerifiedForSendingStatus":true,`+dkim+`}`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	s.Call("POST", "/identities", `{"EmailIdentity":"a+b@example.org"}`)
	want := `{"IdentityType":"DOMAIN","FeedbackForwardingStatus":true,"VerifiedForSendingStatus":true,"VerificationStatus":"SUCCESS",` + dkim +
		`,"MailFromAttributes":{"BehaviorOnMxFailure":"USE_DEFAULT_VALUE"},"Policies":{},"Tags":[{"Key":"team","Value":"news"}],"ConfigurationSetName":"news"}`
	for _, name := range []string{"example.org", "EXAMPLE.org", "arn%3Aaws%3Ases%3Aus-east-1%3A111111111111%3Aidentity%2Fexample.org"} {
		if got := s.Call("GET", "/identities/"+name, nil); got != want {
			t.Errorf("%s: got %s\nwant %s", name, got, want)
		}
	}
	s.Call("PUT", "/identities/example.org/configuration-set", `{}`)
	if got := s.Call("GET", "/identities/example.org", nil); strings.Contains(got, "ConfigurationSetName") {
		t.Errorf("got %s", got)
	}
	s.Fails(400, "AlreadyExistsException", "Email identity example.org already exist.", "POST", "/identities", `{"EmailIdentity":"example.org"}`)
	s.Fails(404, "NotFoundException", "Configuration set <none> does not exist.", "POST", "/identities", `{"EmailIdentity":"example.com","ConfigurationSetName":"none"}`)
	s.Fails(400, "BadRequestException", "Feedback notification topic not set.", "PUT", "/identities/example.org/feedback", `{"EmailForwardingEnabled":false}`)
	s.Call("PUT", "/identities/example.org/feedback", `{"EmailForwardingEnabled":true}`)
	for _, path := range []string{"/identities/none.example", "/identities/none.example/feedback"} {
		method := map[bool]string{true: "PUT", false: "GET"}[strings.HasSuffix(path, "feedback")]
		s.Fails(404, "NotFoundException", "Email identity none.example does not exist.", method, path, `{"EmailForwardingEnabled":true}`)
	}
	listing := `{"EmailIdentities":[{"IdentityType":"EMAIL_ADDRESS","IdentityName":"a+b@example.org","SendingEnabled":true,"VerificationStatus":"SUCCESS"}],"NextToken":"YStiQGV4YW1wbGUub3Jn"}`
	if got := s.Call("GET", "/identities?PageSize=1", nil); got != listing {
		t.Errorf("got %s", got)
	}
	if got := s.Call("GET", "/identities?PageSize=1&NextToken=YStiQGV4YW1wbGUub3Jn", nil); !strings.Contains(got, `"example.org"`) || strings.Contains(got, "NextToken") {
		t.Errorf("got %s", got)
	}
	s.Call("DELETE", "/identities/a%2Bb%40example.org", nil)
	s.Fails(404, "NotFoundException", "Email identity a+b@example.org does not exist.", "DELETE", "/identities/a%2Bb%40example.org", nil)
}

func TestConfigurationSetsKeepTheirOptions(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Call("POST", "/configuration-sets", `{"ConfigurationSetName":"plain"}`)
	if got, want := s.Call("GET", "/configuration-sets/plain", nil), `{"ConfigurationSetName":"plain","DeliveryOptions":{"TlsPolicy":"OPTIONAL"},"ReputationOptions":{"ReputationMetricsEnabled":false},`+
		`"SendingOptions":{"SendingEnabled":true},"Tags":[]}`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for path, body := range map[string]string{"sending": `{"SendingEnabled":false}`, "reputation-options": `{"ReputationMetricsEnabled":true}`,
		"tracking-options": `{"CustomRedirectDomain":"t.example.org","HttpsPolicy":"REQUIRE"}`, "delivery-options": `{"TlsPolicy":"REQUIRE","MaxDeliverySeconds":600}`} {
		if got := s.Call("PUT", "/configuration-sets/plain/"+path, body); got != "{}" {
			t.Errorf("got %s", got)
		}
	}
	want := `"DeliveryOptions":{"TlsPolicy":"REQUIRE","MaxDeliverySeconds":600},"ReputationOptions":{"ReputationMetricsEnabled":true},` +
		`"SendingOptions":{"SendingEnabled":false},"SuppressionOptions":{"SuppressedReasons":["BOUNCE"]},"Tags":[{"Key":"a","Value":""}],"TrackingOptions":{"CustomRedirectDomain":"t.example.org","HttpsPolicy":"REQUIRE"}}`
	s.Call("POST", "/configuration-sets", `{"ConfigurationSetName":"full",`+strings.TrimSuffix(want, "}")+`}`)
	s.Call("PUT", "/configuration-sets/plain/suppression-options", `{"SuppressedReasons":["BOUNCE"]}`)
	s.Call("POST", "/tags", `{"ResourceArn":"arn:aws:ses:us-east-1:111111111111:configuration-set/plain","Tags":[{"Key":"a","Value":""}]}`)
	for _, name := range []string{"plain", "full"} {
		if got, want := s.Call("GET", "/configuration-sets/"+name, nil), `{"ConfigurationSetName":"`+name+`",`+want; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	if got := s.Call("GET", "/configuration-sets?PageSize=1", nil); got != `{"ConfigurationSets":["full"],"NextToken":"ZnVsbA"}` {
		t.Errorf("got %s", got)
	}
	if got := s.Call("GET", "/configuration-sets?NextToken=ZnVsbA", nil); got != `{"ConfigurationSets":["plain"]}` {
		t.Errorf("got %s", got)
	}
	s.Fails(400, "AlreadyExistsException", "Configuration set <full> already exists.", "POST", "/configuration-sets", `{"ConfigurationSetName":"full"}`)
	s.Fails(400, "BadRequestException", `account: configuration set "a b": invalid input: a name has 1 to 64 letters, digits, "_" and "-"`, "POST", "/configuration-sets", `{"ConfigurationSetName":"a b"}`)
	s.Fails(400, "BadRequestException", "1 validation error detected: Value at 'maxDeliverySeconds' failed to satisfy constraint: Member must have value greater than or equal to 300",
		"PUT", "/configuration-sets/full/delivery-options", `{"MaxDeliverySeconds":10}`)
	s.Call("DELETE", "/configuration-sets/full", nil)
	for method, path := range map[string]string{"DELETE": "", "GET": "/event-destinations", "PUT": "/sending"} {
		s.Fails(404, "NotFoundException", "Configuration set <full> does not exist.", method, "/configuration-sets/full"+path, `{}`)
	}
}

func TestEventsGoToTopicsWhichAreToldOf(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	arn := s.Topic("events")
	s.Call("POST", "/configuration-sets", `{"ConfigurationSetName":"news"}`)
	const path = "/configuration-sets/news/event-destinations"
	destination := func(arn string) string {
		return `{"Enabled":true,"MatchingEventTypes":["BOUNCE","DELIVERY_DELAY"],"SnsDestination":{"TopicArn":"` + arn + `"}}`
	}
	s.Call("POST", path, `{"EventDestinationName":"all","EventDestination":`+destination(arn)+`}`)
	if got, want := s.Call("GET", path, nil), `{"EventDestinations":[{"Name":"all",`+destination(arn)[1:]+`]}`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	s.Call("PUT", path+"/all", `{"EventDestination":{"Enabled":false}}`)
	if got, want := s.Call("GET", path, nil), `{"EventDestinations":[{"Name":"all",`+strings.Replace(destination(arn)[1:], "true", "false", 1)+`]}`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	told := s.Outbox(delivery.KindNotification)
	if len(told) != 2 || told[0].Body != "Successfully validated SNS topic for Amazon SES event publishing." || told[0].Subject != "" {
		t.Errorf("the topic got %+v", told)
	}
	s.Fails(400, "AlreadyExistsException", "An event destination with the name <all> already exists.", "POST", path, `{"EventDestinationName":"all","EventDestination":`+destination(arn)+`}`)
	for _, wrong := range []string{"arn:aws:sns:us-east-1:111111111111:none", "arn:aws:sns:us-east-1:222222222222:events", "x"} {
		s.Fails(400, "BadRequestException", "SNS topic <"+wrong+"> not found.", "POST", path, `{"EventDestinationName":"other","EventDestination":`+destination(wrong)+`}`)
	}
	s.Fails(400, "BadRequestException", "Events are published to topics only: give SnsDestination.", "POST", path,
		`{"EventDestinationName":"other","EventDestination":{"MatchingEventTypes":["SEND"],"CloudWatchDestination":{"DimensionConfigurations":[]}}}`)
	s.Fails(400, "BadRequestException", "1 validation error detected: Value at 'eventDestination.matchingEventTypes' failed to satisfy constraint: Member must satisfy constraint: "+
		"[Member must satisfy enum value set: [SEND, REJECT, BOUNCE, COMPLAINT, DELIVERY, OPEN, CLICK, RENDERING_FAILURE, DELIVERY_DELAY, SUBSCRIPTION]]",
		"POST", path, `{"EventDestinationName":"other","EventDestination":{"MatchingEventTypes":["X"]}}`)
	for i := range 9 {
		s.Call("POST", path, fmt.Sprintf(`{"EventDestinationName":"d%d","EventDestination":%s}`, i, destination(arn)))
	}
	if got := s.REST(s.Key, "POST", path, `{"EventDestinationName":"last","EventDestination":`+destination(arn)+`}`); got.Header.Get("x-amzn-ErrorType") != "LimitExceededException" {
		t.Errorf("an eleventh: got %s", got.Body)
	}
	s.Call("DELETE", path+"/all", nil)
	for _, method := range []string{"DELETE", "PUT"} {
		s.Fails(404, "NotFoundException", "No EventDestination found for all", method, path+"/all", `{"EventDestination":{}}`)
	}
}

func TestResourcesHaveTags(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Call("POST", "/configuration-sets", `{"ConfigurationSetName":"news"}`)
	s.Call("POST", "/identities", `{"EmailIdentity":"example.org"}`)
	for _, arn := range []string{"arn:aws:ses:us-east-1:111111111111:configuration-set/news", "arn:aws:ses:us-east-1:111111111111:identity/example.org"} {
		s.Call("POST", "/tags", `{"ResourceArn":"`+arn+`","Tags":[{"Key":"b","Value":"2"},{"Key":"a","Value":"1"},{"Key":"c","Value":"3"}]}`)
		s.Call("DELETE", "/tags?ResourceArn="+arn+"&TagKeys=a&TagKeys=c", nil)
		if got := s.Call("GET", "/tags?ResourceArn="+arn, nil); got != `{"Tags":[{"Key":"b","Value":"2"}]}` {
			t.Errorf("got %s", got)
		}
		s.Fails(400, "BadRequestException", "Tag aws:x: keys do not begin with aws:, and keys and values have letters, digits, blanks and _.:/=+-@ only.",
			"POST", "/tags", `{"ResourceArn":"`+arn+`","Tags":[{"Key":"aws:x","Value":"2"}]}`)
	}
	for _, arn := range []string{"", "x", "arn:aws:ses:us-east-1:111111111111:identity/none.example", "arn:aws:ses:us-east-1:222222222222:identity/example.org", "arn:aws:ses:us-east-1:111111111111:pool/x"} {
		s.Fails(404, "NotFoundException", "Resource "+arn+" does not exist.", "GET", "/tags?ResourceArn="+arn, nil)
	}
}

func TestSendingSaysThatItComesLater(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	for _, path := range []string{"/outbound-emails", "/outbound-bulk-emails"} {
		s.Fails(400, "BadRequestException", "Mail cannot be sent through this API yet: it comes with the send gate. Send it with your mail server, and register it with POST /v1/sent.", "POST", path, `{}`)
	}
}

func TestTroubleOfTheDatabaseIsNotTheCallersFault(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Transact(func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `ALTER TABLE suppression_list RENAME TO gone`)
		return err
	})
	s.Fails(500, "InternalServiceErrorException", "The server's log says more.", "GET", addresses+"/a@b.example", nil)
	s.Fails(500, "InternalServiceErrorException", "The server's log says more.", "PUT", addresses, `{"EmailAddress":"a@b.example","Reason":"BOUNCE"}`)
}
