package topic

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/schemas"
)

var publishedAt = time.Date(2026, 1, 27, 15, 59, 38, 237_900_000, time.FixedZone("CET", 3600))

func sampleTopic(version string) Topic {
	return Topic{ARN: TopicARN("us-east-1", "123456789012", "bounces"), Account: "123456789012", Name: "bounces", SignatureVersion: version}
}

func sampleSubscription() Subscription {
	return Subscription{
		ARN:      TopicARN("us-east-1", "123456789012", "bounces") + ":6f1a5b6e-58b0-4bd4-9b3c-0a4f8f6f6d11",
		TopicARN: TopicARN("us-east-1", "123456789012", "bounces"), Account: "123456789012", Protocol: HTTPS,
		Endpoint: "https://app.example.net/hook", Token: strings.Repeat("2336412f37f0", 22)[:256],
	}
}

func sampleMessage() Message {
	return Message{ID: "3d891288-136d-417f-bc05-901c108273ee", Text: "{\"a\":\"<&>\"}\nzweite Zeile: Grüße", At: publishedAt}
}

func loadSigner(t *testing.T, dir string) *Signer {
	t.Helper()
	s, err := LoadSigner(dir, "https://sns.us-east-1.amazonaws.com/", publishedAt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCanonicalStringsAreSNSs(t *testing.T) {
	arn := "arn:aws:sns:us-east-1:123456789012:bounces"
	base := schemas.Envelope{
		MessageID: "id-1", TopicArn: arn, Message: "one\ntwo ü", Timestamp: schemas.Time{Time: publishedAt},
		Token: "aabb", SubscribeURL: "https://h/?x=1", UnsubscribeURL: "https://h/?y", SigningCertURL: "https://h/c.pem",
	}
	tests := []struct {
		name    string
		kind    schemas.EnvelopeType
		subject string
		want    string
	}{
		{"notification", schemas.EnvelopeNotification, "",
			"Message\none\ntwo ü\nMessageId\nid-1\nTimestamp\n2026-01-27T14:59:38.237Z\nTopicArn\n" + arn + "\nType\nNotification\n"},
		{"notification with a subject", schemas.EnvelopeNotification, "Hi",
			"Message\none\ntwo ü\nMessageId\nid-1\nSubject\nHi\nTimestamp\n2026-01-27T14:59:38.237Z\nTopicArn\n" + arn + "\nType\nNotification\n"},
		{"confirmation", schemas.EnvelopeSubscriptionConfirmation, "",
			"Message\none\ntwo ü\nMessageId\nid-1\nSubscribeURL\nhttps://h/?x=1\nTimestamp\n2026-01-27T14:59:38.237Z\nToken\naabb\nTopicArn\n" +
				arn + "\nType\nSubscriptionConfirmation\n"},
		{"end of a subscription", schemas.EnvelopeUnsubscribeConfirmation, "",
			"Message\none\ntwo ü\nMessageId\nid-1\nSubscribeURL\nhttps://h/?x=1\nTimestamp\n2026-01-27T14:59:38.237Z\nToken\naabb\nTopicArn\n" +
				arn + "\nType\nUnsubscribeConfirmation\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := base
			e.Type, e.Subject = test.kind, test.subject
			if diff := cmp.Diff(test.want, canonical(e)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEnvelopesVerifyInBothVersions(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	certificate, ok := s.Certificate(strings.TrimPrefix(s.SigningCertURL(), "https://sns.us-east-1.amazonaws.com/"))
	if !ok {
		t.Fatal("the signing certificate is not served")
	}
	for _, version := range []string{SignatureSHA1, SignatureSHA256} {
		subject := sampleMessage()
		subject.Subject = "Amazon SES Email Event Notification"
		for name, m := range map[string]Message{"no subject": sampleMessage(), "subject": subject} {
			body, _, err := s.Notification(sampleTopic(version), sampleSubscription(), m, "https://api.example.net/")
			wantVerified(t, name, body, certificate, err)
		}
		body, _, err := s.SubscriptionConfirmation(sampleTopic(version), sampleSubscription(), sampleMessage(), "https://api.example.net")
		wantVerified(t, "confirmation", body, certificate, err)
		body, _, err = s.UnsubscribeConfirmation(sampleTopic(version), sampleSubscription(), sampleMessage(), "https://api.example.net")
		wantVerified(t, "end of a subscription", body, certificate, err)
	}
}

func wantVerified(t *testing.T, name string, body, certificate []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if _, err := Verify(body, certificate); err != nil {
		t.Errorf("%s: %v\n%s", name, err, body)
	}
	if err := schemas.Validate(schemas.EnvelopeSchema, body); err != nil {
		t.Errorf("%s: %v\n%s", name, err, body)
	}
}

func TestNotificationHasSNSsFormAndHeaders(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	body, header, err := s.Notification(sampleTopic(SignatureSHA1), sampleSubscription(), sampleMessage(), "https://api.example.net/")
	if err != nil {
		t.Fatal(err)
	}
	var e schemas.Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	want := `{
  "Type" : "Notification",
  "MessageId" : "3d891288-136d-417f-bc05-901c108273ee",
  "TopicArn" : "arn:aws:sns:us-east-1:123456789012:bounces",
  "Message" : "{\"a\":\"<&>\"}\nzweite Zeile: Grüße",
  "Timestamp" : "2026-01-27T14:59:38.237Z",
  "SignatureVersion" : "1",
  "Signature" : "` + e.Signature + `",
  "SigningCertURL" : "` + s.SigningCertURL() + `",
  "UnsubscribeURL" : "https://api.example.net/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:bounces:6f1a5b6e-58b0-4bd4-9b3c-0a4f8f6f6d11"
}`
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Error(diff)
	}
	wantHeader := http.Header{
		"Content-Type":               {"text/plain; charset=UTF-8"},
		"User-Agent":                 {"Amazon Simple Notification Service Agent"},
		"X-Amz-Sns-Message-Type":     {"Notification"},
		"X-Amz-Sns-Message-Id":       {"3d891288-136d-417f-bc05-901c108273ee"},
		"X-Amz-Sns-Topic-Arn":        {"arn:aws:sns:us-east-1:123456789012:bounces"},
		"X-Amz-Sns-Subscription-Arn": {"arn:aws:sns:us-east-1:123456789012:bounces:6f1a5b6e-58b0-4bd4-9b3c-0a4f8f6f6d11"},
	}
	if diff := cmp.Diff(wantHeader, header); diff != "" {
		t.Error(diff)
	}
}

func TestConfirmationCarriesTheLinkAndNoSubscriptionARN(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	sub := sampleSubscription()
	body, header, err := s.SubscriptionConfirmation(sampleTopic(SignatureSHA1), sub, sampleMessage(), "https://api.example.net")
	if err != nil {
		t.Fatal(err)
	}
	var e schemas.Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	e.Signature = ""
	want := schemas.Envelope{
		Type: "SubscriptionConfirmation", MessageID: "3d891288-136d-417f-bc05-901c108273ee", Token: sub.Token, TopicArn: sub.TopicARN,
		Message: "You have chosen to subscribe to the topic arn:aws:sns:us-east-1:123456789012:bounces.\n" +
			"To confirm the subscription, visit the SubscribeURL included in this message.",
		SubscribeURL:     "https://api.example.net/?Action=ConfirmSubscription&TopicArn=" + sub.TopicARN + "&Token=" + sub.Token,
		Timestamp:        schemas.Time{Time: publishedAt.UTC().Truncate(time.Millisecond)},
		SignatureVersion: "1", SigningCertURL: s.SigningCertURL(),
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
	if header.Get("x-amz-sns-message-type") != "SubscriptionConfirmation" || header.Get("x-amz-sns-subscription-arn") != "" {
		t.Errorf("got headers %v", header)
	}
}

func TestTheEndOfASubscriptionCanBeUndoneByItsLink(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	sub := sampleSubscription()
	sub.Raw = true // which says nothing of this message
	body, header, err := s.UnsubscribeConfirmation(sampleTopic(SignatureSHA1), sub, sampleMessage(), "https://api.example.net")
	if err != nil {
		t.Fatal(err)
	}
	var e schemas.Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	want := "You have chosen to deactivate subscription " + sub.ARN + ".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
	if e.Type != schemas.EnvelopeUnsubscribeConfirmation || e.Message != want || e.Token != sub.Token || e.UnsubscribeURL != "" ||
		e.SubscribeURL != "https://api.example.net/?Action=ConfirmSubscription&TopicArn="+sub.TopicARN+"&Token="+sub.Token {
		t.Errorf("got %+v", e)
	}
	if header.Get("x-amz-sns-message-type") != "UnsubscribeConfirmation" || header.Get("x-amz-sns-subscription-arn") != sub.ARN || header.Get("x-amz-sns-rawdelivery") != "" {
		t.Errorf("got headers %v", header)
	}
}

func TestRawSubscriptionsGetTheTextAlone(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	sub := sampleSubscription()
	sub.Raw = true
	body, header, err := s.Notification(sampleTopic(SignatureSHA1), sub, sampleMessage(), "https://api.example.net")
	if err != nil || string(body) != sampleMessage().Text {
		t.Errorf("got %q, error %v", body, err)
	}
	if header.Get("x-amz-sns-rawdelivery") != "true" || header.Get("x-amz-sns-subscription-arn") != sub.ARN {
		t.Errorf("got headers %v", header)
	}
}

func TestTextThatIsNotUTF8IsSignedAsSubscribersReadIt(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	m := sampleMessage()
	m.Text, m.Subject = "caf\xe9 \u2028 <b>", "\xff"
	body, _, err := s.Notification(sampleTopic(SignatureSHA1), sampleSubscription(), m, "https://api.example.net")
	certificate, _ := s.Certificate(s.name)
	wantVerified(t, "not UTF-8", body, certificate, err)
}

func BenchmarkNotification(b *testing.B) {
	s, err := LoadSigner(b.TempDir(), "https://sns.us-east-1.amazonaws.com", publishedAt)
	if err != nil {
		b.Fatal(err)
	}
	run := func(b *testing.B, next func(i int) Message) {
		for i := 0; b.Loop(); i++ {
			if _, _, err := s.Notification(sampleTopic(SignatureSHA1), sampleSubscription(), next(i), "https://api.example.net"); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("same message, more subscribers", func(b *testing.B) { run(b, func(int) Message { return sampleMessage() }) })
	b.Run("new messages", func(b *testing.B) {
		run(b, func(i int) Message {
			m := sampleMessage()
			m.At = m.At.Add(time.Duration(i) * time.Millisecond)
			return m
		})
	})
}
