package schemas_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/schemas"
)

var sent = time.Date(2026, 1, 27, 15, 59, 38, 237_900_000, time.FixedZone("CET", 3600))

func TestNotificationsStandInTheOrderOfAWS(t *testing.T) {
	no := false
	mail := schemas.Mail{Timestamp: schemas.Time{Time: sent}, Source: "news@example.org", SourceArn: "arn:aws:ses:us-east-1:123456789012:identity/example.org",
		SourceIP: "192.0.2.10", CallerIdentity: "mailer", SendingAccountID: "123456789012", MessageID: schemas.HashedID(sent, make([]byte, 16)),
		Destination: []string{"jane@example.net"}, HeadersTruncated: &no, Headers: []schemas.Header{{Name: "Subject", Value: "<Hi> & bye"}},
		CommonHeaders: &schemas.CommonHeaders{From: []string{"News <news@example.org>"}, Subject: "<Hi> & bye"}}
	wantMail := `{"timestamp":"2026-01-27T14:59:38.237Z","source":"news@example.org","sourceArn":"arn:aws:ses:us-east-1:123456789012:identity/example.org",` +
		`"sourceIp":"192.0.2.10","callerIdentity":"mailer","sendingAccountId":"123456789012","messageId":"0100019bfff7a47d-00000000-0000-4000-8000-000000000000-000000",` +
		`"destination":["jane@example.net"],"headersTruncated":false,"headers":[{"name":"Subject","value":"<Hi> & bye"}],` +
		`"commonHeaders":{"from":["News <news@example.org>"],"subject":"<Hi> & bye"}}`
	id := mail.MessageID
	for _, test := range []struct {
		name         string
		notification any
		want         string
	}{
		{"bounce", schemas.BounceNotification{Kind: schemas.Kind{NotificationType: schemas.TypeBounce}, Mail: mail, Bounce: schemas.Bounce{FeedbackID: id, BounceType: "Permanent",
			BounceSubType: "NoEmail", BouncedRecipients: []schemas.BouncedRecipient{{EmailAddress: "jane@example.net", Action: "failed", Status: "5.1.1", DiagnosticCode: "smtp; 550"}},
			Timestamp: schemas.Time{Time: sent}, RemoteMtaIP: "198.51.100.7", ReportingMTA: "dns; mx1.example.org"}},
			`{"notificationType":"Bounce","bounce":{"feedbackId":"` + id + `","bounceType":"Permanent","bounceSubType":"NoEmail","bouncedRecipients":[{"emailAddress":"jane@example.net",` +
				`"action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550"}],"timestamp":"2026-01-27T14:59:38.237Z","remoteMtaIp":"198.51.100.7","reportingMTA":"dns; mx1.example.org"},"mail":` + wantMail + `}`},
		{"complaint", schemas.ComplaintNotification{Kind: schemas.Kind{NotificationType: schemas.TypeComplaint}, Mail: mail, Complaint: schemas.Complaint{FeedbackID: id,
			ComplainedRecipients: []schemas.ComplainedRecipient{{EmailAddress: "jane@example.net"}}, Timestamp: schemas.Time{Time: sent}, UserAgent: "FBL/1", ComplaintFeedbackType: "abuse"}},
			`{"notificationType":"Complaint","complaint":{"feedbackId":"` + id + `","complaintSubType":null,"complainedRecipients":[{"emailAddress":"jane@example.net"}],` +
				`"timestamp":"2026-01-27T14:59:38.237Z","userAgent":"FBL/1","complaintFeedbackType":"abuse"},"mail":` + wantMail + `}`},
		{"delivery", schemas.DeliveryNotification{Kind: schemas.Kind{NotificationType: schemas.TypeDelivery}, Mail: mail, Delivery: schemas.Delivery{Timestamp: schemas.Time{Time: sent},
			ProcessingTimeMillis: 546, Recipients: []string{"jane@example.net"}, SMTPResponse: "250 ok", ReportingMTA: "mx1.example.org"}},
			`{"notificationType":"Delivery","mail":` + wantMail + `,"delivery":{"timestamp":"2026-01-27T14:59:38.237Z","processingTimeMillis":546,"recipients":["jane@example.net"],` +
				`"smtpResponse":"250 ok","reportingMTA":"mx1.example.org"}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := schemas.Marshal(test.notification)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if err := schemas.Validate(schemas.NotificationSchema, got); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheSchemaRefusesWhatSESNeverSends(t *testing.T) {
	good := `{"notificationType":"Bounce","bounce":{"feedbackId":"0100019bffa0b95d-00000000-0000-4000-8000-000000000000-000000","bounceType":"Permanent","bounceSubType":"General",` +
		`"bouncedRecipients":[{"emailAddress":"a@b.example"}],"timestamp":"2026-01-27T14:59:38.237Z"},"mail":{"timestamp":"2026-01-27T14:59:38.237Z","source":"n@example.org",` +
		`"messageId":"0100019bffa0b95d-00000000-0000-4000-8000-000000000000-000000","destination":["a@b.example"]}}`
	if err := schemas.Validate(schemas.NotificationSchema, []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"a pair that the table does not have":       {`"General"`, `"MailboxFull"`},
		"no recipient":                              {`[{"emailAddress":"a@b.example"}]`, `[]`},
		"a display name":                            {`{"emailAddress":"a@b.example"}`, `{"emailAddress":"A <a@b.example>"}`},
		"an offset in a time":                       {`14:59:38.237Z"},"mail"`, `15:59:38.237+01:00"},"mail"`},
		"an empty status":                           {`{"emailAddress":"a@b.example"}`, `{"emailAddress":"a@b.example","status":""}`},
		"a member of ours":                          {`"source"`, `"score":1,"source"`},
		"a bounce object in another type's clothes": {`"notificationType":"Bounce"`, `"notificationType":"Delivery"`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: the change changes nothing", name)
		}
		if schemas.Validate(schemas.NotificationSchema, []byte(bad)) == nil {
			t.Errorf("%s is accepted: %s", name, bad)
		}
	}
}

func TestTheSchemaOfEventsRefusesWhatOnlyIdentitiesGet(t *testing.T) {
	good := `{"eventType":"Send","mail":{"timestamp":"2026-01-27T14:59:38.237Z","source":"n@example.org","messageId":"0100019bffa0b95d-00000000-0000-4000-8000-000000000000-000000",` +
		`"destination":["a@b.example"],"headersTruncated":false,"headers":[],"commonHeaders":{"messageId":"<1@example.org>"},"tags":{"ses:configuration-set":["news"]}},"send":{}}`
	if err := schemas.Validate(schemas.EventSchema, []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"the other discriminator":    {`"eventType"`, `"notificationType"`},
		"both":                       {`"eventType"`, `"notificationType":"Bounce","eventType"`},
		"where it was sent from":     {`"messageId":"0100`, `"sourceIp":"192.0.2.1","messageId":"0100`},
		"who sent it":                {`"messageId":"0100`, `"callerIdentity":"mailer","messageId":"0100`},
		"no headers":                 {`"headers":[],`, ``},
		"no id among common headers": {`{"messageId":"<1@example.org>"}`, `{}`},
		"no tags":                    {`,"tags":{"ses:configuration-set":["news"]}`, ``},
		"a tag that is no list":      {`["news"]`, `"news"`},
		"another type's block":       {`"send":{}`, `"delivery":{}`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: the change changes nothing", name)
		}
		if schemas.Validate(schemas.EventSchema, []byte(bad)) == nil {
			t.Errorf("%s is accepted: %s", name, bad)
		}
	}
}

func TestEnvelopeIsWrittenAsSNSWritesIt(t *testing.T) {
	envelope := schemas.Envelope{Type: schemas.EnvelopeNotification, MessageID: schemas.HashedUUID(make([]byte, 16)), TopicArn: "arn:aws:sns:us-east-1:000000000000:feedback",
		Message: `{"a":"<b>"}`, Timestamp: schemas.Time{Time: sent}, SignatureVersion: "1", Signature: "c2ln",
		SigningCertURL: "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-" + strings.Repeat("0", 32) + ".pem", UnsubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe"}
	got, err := envelope.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "Type" : "Notification",
  "MessageId" : "00000000-0000-4000-8000-000000000000",
  "TopicArn" : "arn:aws:sns:us-east-1:000000000000:feedback",
  "Message" : "{\"a\":\"<b>\"}",
  "Timestamp" : "2026-01-27T14:59:38.237Z",
  "SignatureVersion" : "1",
  "Signature" : "c2ln",
  "SigningCertURL" : "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem",
  "UnsubscribeURL" : "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe"
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := schemas.Validate(schemas.EnvelopeSchema, got); err != nil {
		t.Error(err)
	}
}

func TestIDsHaveTheShapeOfSESAndCarryTheTime(t *testing.T) {
	first, second := schemas.NewID(sent), schemas.NewID(sent)
	if first == second {
		t.Errorf("two ids are the same: %s", first)
	}
	if !strings.HasPrefix(first, "0100019bfff7a47d-") || !strings.HasSuffix(first, "-000000") || len(first) != 60 {
		t.Errorf("got %s", first)
	}
}
