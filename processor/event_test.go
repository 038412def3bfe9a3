package processor

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// inSet is sender with a configuration set whose one event destination gets all types.
func inSet() Settings {
	settings := sender()
	settings.Set = account.ConfigurationSet{Account: "123456789012", Name: "news"}
	settings.Destinations = []account.EventDestination{{Account: "123456789012", ConfigurationSet: "news", Name: "hook", Enabled: true,
		MatchingEventTypes: account.EventTypes(), TopicARN: "arn:aws:sns:us-east-1:123456789012:events"}}
	return settings
}

// flavours splits notifications and checks each against its schema.
func flavours(t *testing.T, all []Notification) (identity, events []Notification) {
	t.Helper()
	for _, n := range all {
		schema := schemas.NotificationSchema
		if n.isEvent() {
			schema = schemas.EventSchema
			if !bytes.HasSuffix(n.Body, []byte("}\n")) {
				t.Errorf("the event does not end with one line feed: %q", n.Body)
			}
			events = append(events, n)
		} else {
			identity = append(identity, n)
		}
		if err := schemas.Validate(schema, n.Body); err != nil {
			t.Errorf("%v\n%s", err, n.Body)
		}
	}
	return identity, events
}

// decidedInSet is what decide makes of a report on a mail of the set news, as both flavours.
func decidedInSet(t *testing.T, found Report, match Match, settings Settings) (identity, events []Notification) {
	t.Helper()
	found.Date, found.digest = now, make([]byte, 32)
	match.Mail.ConfigurationSet = "news"
	effects, err := decide(found, match, settings, now)
	if err != nil {
		t.Fatal(err)
	}
	return flavours(t, effects.Notifications)
}

func readAs[T any](t *testing.T, body []byte) (value T) {
	t.Helper()
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestAReportBecomesBothFlavoursWithOneFeedbackID(t *testing.T) {
	complaint := &Complaint{FeedbackType: "abuse"}
	for kind, test := range map[schemas.NotificationType]struct {
		found     Report
		recipient Recipient
	}{
		schemas.TypeBounce:    {Report{Kind: KindBounce, Format: "rfc3464"}, hardBounce("jane@example.net")},
		schemas.TypeComplaint: {Report{Kind: KindComplaint, Format: "rfc5965", Complaint: complaint}, Recipient{Address: "jane@example.net"}},
		schemas.TypeDelivery:  {Report{Kind: KindDelivery, Format: "rfc3464"}, Recipient{Address: "jane@example.net", Outcome: OutcomeDelivered}},
	} {
		identity, events := decidedInSet(t, test.found, matched(TrustA, test.recipient), inSet())
		if len(identity) != 1 || len(events) != 1 {
			t.Errorf("%s: got %d notifications and %d events, want one each", kind, len(identity), len(events))
			continue
		}
		if events[0].Topic != "arn:aws:sns:us-east-1:123456789012:events" || identity[0].Topic != "arn:aws:sns:us-east-1:123456789012:feedback" {
			t.Errorf("%s: published to %s and %s", kind, identity[0].Topic, events[0].Topic)
		}
		if identity[0].FeedbackID != events[0].FeedbackID || identity[0].messageID("m") == events[0].messageID("m") {
			t.Errorf("%s: feedback ids %s and %s, message ids %s and %s", kind, identity[0].FeedbackID, events[0].FeedbackID, identity[0].messageID("m"), events[0].messageID("m"))
		}
		want := strings.Replace(string(identity[0].Body), `"notificationType"`, `"eventType"`, 1)
		if start := `{"eventType":"` + string(kind) + `"`; !strings.HasPrefix(want, start) || !strings.HasPrefix(string(events[0].Body), start) {
			t.Errorf("got %s\nand %s", identity[0].Body, events[0].Body)
		}
	}
}

func TestEventsAlwaysHoldHeaderAndTags(t *testing.T) {
	match := matched(TrustA, hardBounce("jane@example.net"))
	match.Mail.SourceIP, match.Mail.CallerIdentity, match.Mail.Source = "192.0.2.10", "mailer", "News <news@sender.example>"
	match.Mail.Tags = map[string][]string{"campaign": {"spring"}, "ses:operation": {"SendSmtpEmail"}, "empty": {}}
	for name, test := range map[string]struct {
		header    []schemas.Header
		messageID string
		want      string
	}{
		"as registered": {[]schemas.Header{{Name: "Message-ID", Value: "<m1@sender.example>"}, {Name: "subject", Value: "Hi"}}, "<m1@sender.example>",
			`"headersTruncated":false,"headers":[{"name":"Message-ID","value":"<m1@sender.example>"},{"name":"subject","value":"Hi"}],` +
				`"commonHeaders":{"messageId":"<m1@sender.example>","subject":"Hi"}`},
		"unknown":              {nil, "", `"headersTruncated":false,"headers":[],"commonHeaders":{"messageId":"` + match.Mail.MessageID + `"}`},
		"a Message-ID alone":   {nil, "<m1@sender.example>", `"headers":[],"commonHeaders":{"messageId":"<m1@sender.example>"}`},
		"without its own id":   {[]schemas.Header{{Name: "Subject", Value: "Hi"}}, "", `"commonHeaders":{"messageId":"` + match.Mail.MessageID + `","subject":"Hi"}`},
		"tags, no sourceIp":    {nil, "", `"tags":{"campaign":["spring"],"ses:caller-identity":["mailer"],"ses:configuration-set":["news"],"ses:from-domain":["sender.example"],"ses:operation":["SendSmtpEmail"],"ses:source-ip":["192.0.2.10"]}}`},
		"no callerIdentity":    {nil, "", `"source":"News <news@sender.example>","sourceArn":"arn:aws:ses:us-east-1:123456789012:identity/sender.example","sendingAccountId":"123456789012","messageId"`},
		"the type in a bounce": {nil, "", `{"eventType":"Bounce","bounce":{"feedbackId":`},
	} {
		match.Mail.Header, match.Mail.HeaderMessageID = test.header, test.messageID
		settings := inSet()
		settings.Identity.HeadersInBounce = false
		_, events := decidedInSet(t, Report{Kind: KindBounce, Format: "rfc3464"}, match, settings)
		if !strings.Contains(string(events[0].Body), test.want) {
			t.Errorf("%s: want %s in\n%s", name, test.want, events[0].Body)
		}
	}
}

func TestOnlyEnabledDestinationsThatMatchTheTypeGetAnEvent(t *testing.T) {
	settings := inSet()
	others := []account.EventDestination{settings.Destinations[0], settings.Destinations[0], settings.Destinations[0]}
	others[0].Name, others[0].Enabled = "off", false
	others[1].Name, others[1].MatchingEventTypes = "complaints", []account.EventType{account.EventComplaint}
	others[2].Name = "same-topic"
	settings.Destinations = append(settings.Destinations, others...)
	_, events := decidedInSet(t, Report{Kind: KindBounce}, matched(TrustA, hardBounce("jane@example.net")), settings)
	if len(events) != 2 || events[0].Destination != "hook" || events[1].Destination != "same-topic" || events[0].messageID("m") == events[1].messageID("m") {
		t.Errorf("got %+v", events)
	}
}

func TestADelayIsAnEventAndNoNotification(t *testing.T) {
	late := hardBounce("jane@example.net")
	late.Outcome, late.Action, late.Status, late.DiagnosticCode = OutcomeDelayed, "delayed", "4.2.2", "smtp; 452 4.2.2 full"
	late.Cause = classify.Result{BounceType: "Transient", BounceSubType: "MailboxFull", Reason: "full"}
	late.WillRetryUntil = now.Add(time.Hour)
	found := Report{Kind: KindDelay, Format: "rfc3464", ReportingMTA: "dns; mx.example", Date: now, digest: make([]byte, 32)}
	effects, err := decide(found, matched(TrustA, late), inSet(), now)
	if err != nil {
		t.Fatal(err)
	}
	identity, events := flavours(t, effects.Notifications)
	if len(identity) != 0 || len(events) != 1 || effects.Forward || len(effects.Listings) != 0 || effects.Counts != (statistics.Counts{}) {
		t.Fatalf("%d notifications, %d events, forward %t, listed %v, counted %+v", len(identity), len(events), effects.Forward, effects.Listings, effects.Counts)
	}
	got := readAs[schemas.DeliveryDelayEvent](t, events[0].Body)
	want := schemas.DeliveryDelay{Timestamp: schemas.Time{Time: now}, DelayType: "MailboxFull", ExpirationTime: schemas.Time{Time: now.Add(time.Hour)},
		DelayedRecipients: []schemas.DelayedRecipient{{EmailAddress: "jane@example.net", Status: "4.2.2", DiagnosticCode: "smtp; 452 4.2.2 full"}},
		ReportingMTA:      "dns; mx.example"}
	if diff := cmp.Diff(want, got.DeliveryDelay); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTheCauseOfADelayHasANameOfSES(t *testing.T) {
	for reason, want := range map[string]string{"full": "MailboxFull", "content": "SpamDetected", "blocked": "IPFailure", "rate": "IPFailure",
		"network": "TransientCommunicationFailure", "greylisted": "TransientCommunicationFailure", "system": "RecipientServerError",
		"unknown": "Undetermined", "policy": "General"} {
		if got := delayType(classify.Result{Reason: reason}); got != want {
			t.Errorf("%s: got %s, want %s", reason, got, want)
		}
	}
}

func TestGroupedRecipientsShareANotificationWhenTheSameBefellThem(t *testing.T) {
	full := hardBounce("full@example.net")
	full.Cause = classify.Result{BounceType: "Transient", BounceSubType: "MailboxFull"}
	elsewhere := hardBounce("b@example.net")
	elsewhere.RemoteIP = "192.0.2.2"
	first := hardBounce("a@example.net")
	first.RemoteIP = "192.0.2.1"
	match := matched(TrustB, full, first, elsewhere)
	for name, test := range map[string]struct {
		style       Style
		bounced     []string // of each notification
		destination []string
	}{
		"single": {Style{}, []string{"full@example.net", "a@example.net", "b@example.net"},
			[]string{"full@example.net a@example.net b@example.net", "a@example.net full@example.net b@example.net", "b@example.net full@example.net a@example.net"}},
		"grouped": {Style{Grouped: true}, []string{"full@example.net", "a@example.net b@example.net"},
			[]string{"full@example.net a@example.net b@example.net", "a@example.net b@example.net full@example.net"}},
		"grouped, all": {Style{Grouped: true, Destination: AllRecipients}, []string{"full@example.net", "a@example.net b@example.net"},
			[]string{"full@example.net a@example.net b@example.net", "full@example.net a@example.net b@example.net"}},
		"grouped, recipient only": {Style{Grouped: true, Destination: RecipientOnly}, []string{"full@example.net", "a@example.net b@example.net"},
			[]string{"full@example.net", "a@example.net b@example.net"}},
		"single, recipient only": {Style{Destination: RecipientOnly}, []string{"full@example.net", "a@example.net", "b@example.net"},
			[]string{"full@example.net", "a@example.net", "b@example.net"}},
	} {
		settings := inSet()
		settings.Style = test.style
		identity, events := decidedInSet(t, Report{Kind: KindBounce, Format: "rfc3464"}, match, settings)
		for flavour, all := range map[string][]Notification{"notifications": identity, "events": events} {
			var bounced, destination []string
			for _, n := range all {
				got := readAs[schemas.BounceNotification](t, n.Body)
				var names []string
				for _, recipient := range got.Bounce.BouncedRecipients {
					names = append(names, recipient.EmailAddress)
				}
				bounced, destination = append(bounced, strings.Join(names, " ")), append(destination, strings.Join(got.Mail.Destination, " "))
				if len(names) == 2 && got.Bounce.RemoteMtaIP != "" {
					t.Errorf("%s: two servers refused, and %s is named for both", name, got.Bounce.RemoteMtaIP)
				}
			}
			if diff := cmp.Diff([][]string{test.bounced, test.destination}, [][]string{bounced, destination}); diff != "" {
				t.Errorf("%s, %s: -want +got:\n%s", name, flavour, diff)
			}
		}
	}
}

func TestGroupedDeliveriesShareANotificationWhenTheServerSaidTheSame(t *testing.T) {
	settings := inSet()
	settings.Style.Grouped = true
	said := func(addr, reply string) Recipient {
		return Recipient{Address: addr, Outcome: OutcomeDelivered, DiagnosticCode: "smtp; " + reply}
	}
	match := matched(TrustB, said("a@example.net", "250 one"), said("b@example.net", "250 two"), said("c@example.net", "250 one"))
	identity, _ := decidedInSet(t, Report{Kind: KindDelivery, Format: "rfc3464"}, match, settings)
	var got [][]string
	for _, n := range identity {
		delivery := readAs[schemas.DeliveryNotification](t, n.Body).Delivery
		got = append(got, append(delivery.Recipients, delivery.SMTPResponse))
	}
	want := [][]string{{"a@example.net", "c@example.net", "250 one"}, {"b@example.net", "250 two"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNotificationsHoldTheHeaderUnlessItIsOnRequestAndOff(t *testing.T) {
	for name, test := range map[string]struct {
		onRequest, enabled, want bool
	}{"always": {false, false, true}, "on request and on": {true, true, true}, "on request and off": {true, false, false}} {
		settings := sender()
		settings.Style.HeadersOnRequest, settings.Identity.HeadersInBounce = test.onRequest, test.enabled
		match := matched(TrustB, hardBounce("a@example.net"))
		match.Mail.Header = []schemas.Header{{Name: "Subject", Value: "Hi"}}
		identity, _ := decidedInSet(t, Report{Kind: KindBounce}, match, settings)
		if got := readAs[schemas.BounceNotification](t, identity[0].Body); (got.Mail.CommonHeaders != nil && len(got.Mail.Headers) == 1) != test.want {
			t.Errorf("%s: got %s", name, identity[0].Body)
		}
	}
}

func TestTheReasonsOfTheConfigurationSetDecideWhatIsListed(t *testing.T) {
	settings := inSet()
	settings.Set.SuppressedReasons = []suppression.Reason{}
	effects, err := decide(Report{Kind: KindBounce, Date: now, digest: make([]byte, 32)}, matched(TrustB, hardBounce("jane@example.net")), settings, now)
	if err != nil || len(effects.Listings) != 0 {
		t.Errorf("listed %+v, %v", effects.Listings, err)
	}
}

// A message of SNS holds 256 KiB. A mail with more recipients than fit has its notifications all the same.
func TestNotificationsOfAMailToVeryManyFitIntoAMessage(t *testing.T) {
	match := matched(TrustA, hardBounce("jane@example.net"))
	for range 1000 {
		match.Mail.Destination = append(match.Mail.Destination, strings.Repeat("x", 900)+"@example.net")
	}
	identity, events := decidedInSet(t, Report{Kind: KindBounce, Format: "rfc3464"}, match, inSet())
	for _, n := range append(identity, events...) {
		if len(n.Body) > delivery.MaxMessage || !strings.Contains(string(n.Body), `"destination":["jane@example.net",`) {
			t.Errorf("%d bytes: %.300s", len(n.Body), n.Body)
		}
	}
}

// Each file holds what the event destinations of a mail get for one recorded report.
func TestGoldenEventsOfRecordedMails(t *testing.T) {
	for _, name := range []string{"postfix/nouser.failed", "postfix/busy.delayed", "postfix/full.delayed", "sendmail/silent.delayed", "exim4/nouser.failed"} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(testdata, "recordings", filepath.FromSlash(name)+".eml"))
			if err != nil {
				t.Fatal(err)
			}
			found := Recognize(bytes.NewReader(raw), classify.Default())
			sent := registered(found)
			sent.ConfigurationSet, sent.SourceIP, sent.CallerIdentity = "news", "192.0.2.10", "mailer"
			sent.Tags = map[string][]string{"campaign": {"spring"}}
			effects, err := decide(found, matchRecorded(found, sent), inSet(), received)
			if err != nil {
				t.Fatal(err)
			}
			_, events := flavours(t, effects.Notifications)
			var got bytes.Buffer
			for _, event := range events {
				if err := json.Indent(&got, event.Body, "", "  "); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(testdata, "events", strings.ReplaceAll(name, "/", ".")+".json")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; write it with: go test ./processor -run Golden -update", err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
