package processor

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// bounce lets the worker take a bounce of a mail to jane.
func (w *workshop) bounce(id, original string) {
	w.t.Helper()
	w.publish(bounceMail{id: id, recipients: []string{"jane@example.net"}, original: original}.String())
	w.turn(1)
}

func (w *workshop) deleteTopic(arn string) {
	w.t.Helper()
	w.transact(func(tx *sql.Tx) error {
		_, err := topic.DeleteTopic(w.t.Context(), tx, arn)
		return err
	})
}

// alarms are the addresses that alarms wait for.
func (w *workshop) alarms() (to []string) {
	w.t.Helper()
	for _, entry := range w.outboxOf(delivery.KindAlarm) {
		to = append(to, entry.Endpoint)
	}
	return to
}

func (w *workshop) identity() account.Identity {
	w.t.Helper()
	identity, err := account.GetIdentity(w.t.Context(), w.store.Read, account.DefaultID, "sender.example")
	if err != nil {
		w.t.Fatal(err)
	}
	return identity
}

func TestABounceReachesTheIdentitysTopicAndTheEventDestination(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	events := w.listen("events", "")
	w.publishEvents(events, account.EventBounce)
	w.sendInSet("<m1@sender.example>", "jane@example.net")
	w.bounce("r1", "<m1@sender.example>")
	identity, event := w.published(w.topic), w.published(events)
	if len(identity) != 1 || len(event) != 1 {
		t.Fatalf("got %d notifications and %d events, want one each", len(identity), len(event))
	}
	if identity[0][0] != "" || event[0][0] != "Amazon SES Email Event Notification" {
		t.Errorf("subjects %q and %q", identity[0][0], event[0][0])
	}
	for schema, body := range map[string]string{schemas.NotificationSchema: identity[0][1], schemas.EventSchema: event[0][1]} {
		if err := schemas.Validate(schema, []byte(body)); err != nil {
			t.Error(err)
		}
	}
}

func TestADelayReachesEventDestinationsAloneAndNoReaderOfNATS(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	events := w.listen("events", "")
	w.publishEvents(events, account.EventDeliveryDelay)
	w.sendInSet("<m1@sender.example>", "jane@example.net")
	report := bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String()
	w.publish(strings.NewReplacer("Action: failed", "Action: delayed", "Status: 5.1.1", "Status: 4.4.1", "smtp; 550 5.1.1 no such user", "smtp; 421 4.4.1 timed out").Replace(report))
	w.turn(1)
	if got := w.outbox(); len(got) != 1 || got[0].TopicARN != events {
		t.Errorf("outbox: %+v", got)
	}
	stream, err := w.jetstream().Stream(t.Context(), "NOTIFICATIONS")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 0 {
		t.Errorf("%d messages for readers of NATS", n)
	}
}

func TestASendIsAnEventOfTheTransactionThatRecordsTheMail(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	events := w.listen("events", "")
	w.publishEvents(events, account.EventSend)
	sent := w.sendInSet("<m1@sender.example>", "Jane <jane@example.net>", "joe@example.net")
	w.sendInSet("<m1@sender.example>", "Jane <jane@example.net>", "joe@example.net") // the same once more
	w.send("<m2@sender.example>", "jane@example.net")                                // in no set
	got := w.published(events)
	if len(got) != 1 {
		t.Fatalf("got %d events, want 1", len(got))
	}
	if err := schemas.Validate(schemas.EventSchema, []byte(got[0][1])); err != nil {
		t.Error(err)
	}
	event := readAs[schemas.SendEvent](t, []byte(got[0][1]))
	if event.EventType != schemas.TypeSend || event.Mail.MessageID != sent.MessageID || !strings.HasSuffix(got[0][1], `"send":{}}`+"\n") {
		t.Errorf("got %s", got[0][1])
	}
	if diff := cmp.Diff([]string{"Jane <jane@example.net>", "joe@example.net"}, event.Mail.Destination); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.Contains(got[0][1], `"<Hi> & bye"`) {
		t.Errorf("characters of HTML are escaped in %s", got[0][1])
	}
}

func TestAMailRegisteredOnTheBusHasItsSendEvent(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	events := w.listen("events", "")
	w.publishEvents(events, account.EventSend)
	err := w.bus.PublishEvent(t.Context(), "mail.sent", "1", []byte(`{"source":"news@sender.example","destination":["jane@example.net"],"configurationSet":"news"}`))
	if err != nil {
		t.Fatal(err)
	}
	w.bounce("r1", "<nothing@sender.example>")
	if got := w.published(events); len(got) != 1 {
		t.Errorf("got %d events, want 1", len(got))
	}
}

func TestAMailOfASetThatIsNotThereHasNoEvents(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.sendInSet("<m1@sender.example>", "jane@example.net")
	w.bounce("r1", "<m1@sender.example>")
	if got := w.outbox(); len(got) != 1 || got[0].TopicARN != w.topic {
		t.Errorf("outbox: %+v", got)
	}
}

func TestFilterPoliciesKeepNotificationsOfBothFlavoursAway(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	permanent := w.listen("permanent", `{"bounce":{"bounceType":["Permanent"]}}`)
	complaints := w.listen("complaints", `{"eventType":["Complaint"]}`)
	w.publishEvents(permanent, account.EventBounce)
	w.publishEvents(complaints, account.EventBounce, account.EventComplaint)
	other := w.listen("other", `{"notificationType":["Complaint"]}`)
	w.transact(func(tx *sql.Tx) error {
		return account.SetTopic(t.Context(), tx, account.DefaultID, "sender.example", schemas.TypeBounce, other)
	})
	w.sendInSet("<m1@sender.example>", "jane@example.net")
	w.bounce("r1", "<m1@sender.example>")
	if got := w.outbox(); len(got) != 1 || got[0].TopicARN != permanent {
		t.Errorf("outbox: %+v", got)
	}
	if got := w.counted("rebound_filtered_out_notifications_total"); got != 2 {
		t.Errorf("counted %v, want 2", got)
	}
}

func TestATopicThatIsGoneIsDetachedItsOwnerToldAndTheNotificationKept(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "jane@example.net")
	w.send("<m2@sender.example>", "jane@example.net")
	w.deleteTopic(w.topic)
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	w.publish(bounceMail{id: "r2", recipients: []string{"jane@example.net"}, original: "<m2@sender.example>"}.String())
	w.turn(2)

	identity := w.identity()
	if identity.BounceTopic+identity.ComplaintTopic+identity.DeliveryTopic != "" || !identity.ForwardingEnabled || identity.DetachedTopic != w.topic || !identity.Detached.Equal(now) {
		t.Errorf("got %+v", identity)
	}
	if diff := cmp.Diff([]string{"postmaster@sender.example"}, w.alarms()); diff != "" {
		t.Errorf("alarms: -want +got:\n%s", diff)
	}
	if got := w.outboxOf(delivery.KindFeedbackForward); len(got) != 2 {
		t.Errorf("%d reports are forwarded, want 2", len(got))
	}
	kept, err := ListUnpublished(t.Context(), w.store.Read, account.DefaultID)
	if diff := cmp.Diff([]Unpublished{{w.topic, 2, now}}, kept); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}

	fresh := w.listen("fresh", "")
	subscribers, _, err := topic.Confirmed(t.Context(), w.store.Read, fresh)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		w.transact(func(tx *sql.Tx) error {
			got, err := Republish(t.Context(), tx, account.DefaultID, w.topic, fresh, subscribers, now)
			if got != want {
				t.Errorf("republished %d, want %d", got, want)
			}
			return err
		})
	}
	got := w.published(fresh)
	if len(got) != 2 || schemas.Validate(schemas.NotificationSchema, []byte(got[0][1])) != nil {
		t.Errorf("published: %q", got)
	}
}

func TestADeliveryWhoseTopicIsGoneIsNotForwarded(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "jane@example.net")
	w.deleteTopic(w.topic)
	report := bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String()
	report = strings.NewReplacer("Action: failed", "Action: delivered", "Status: 5.1.1", "Status: 2.0.0", "smtp; 550 5.1.1 no such user", "smtp; 250 2.0.0 ok").Replace(report)
	w.publish(report)
	w.turn(1)
	if got := w.outbox(); len(got) != 1 || got[0].Kind != delivery.KindAlarm {
		t.Errorf("outbox: %+v", got)
	}
	if w.identity().DetachedTopic != w.topic {
		t.Error("the topic is still the identity's")
	}
}

func TestAnEventDestinationWhoseTopicIsGoneIsDisabledAndTheContactTold(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	events := w.listen("events", "")
	w.publishEvents(events, account.EventBounce, account.EventSend)
	w.transact(func(tx *sql.Tx) error {
		owner, err := account.Get(t.Context(), w.store.Read, account.DefaultID)
		owner.Contact = "ops@sender.example"
		return errors.Join(err, account.Put(t.Context(), tx, owner))
	})
	w.deleteTopic(events)
	w.sendInSet("<m1@sender.example>", "jane@example.net")
	w.bounce("r1", "<m1@sender.example>")
	destinations, err := account.EventDestinations(t.Context(), w.store.Read, account.DefaultID, "news")
	if err != nil || destinations[0].Enabled || !destinations[0].Detached.Equal(now) || destinations[0].TopicARN != events {
		t.Errorf("got %+v, %v", destinations, err)
	}
	if diff := cmp.Diff([]string{"ops@sender.example"}, w.alarms()); diff != "" {
		t.Errorf("alarms: -want +got:\n%s", diff)
	}
	kept, err := ListUnpublished(t.Context(), w.store.Read, account.DefaultID)
	if diff := cmp.Diff([]Unpublished{{events, 1, now}}, kept); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff) // the Send; the bounce found the destination disabled
	}
	if got := w.published(w.topic); len(got) != 1 {
		t.Errorf("the identity's topic got %d notifications, want 1", len(got))
	}
}

func TestSetUpTextsAreThoseOfSESAndCanBeLeftOut(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	announceBoth := func(arn string) {
		g.transact(func(tx *sql.Tx) error {
			return errors.Join(AnnounceIdentityTopic(t.Context(), tx, g.store.Read, "sender.example", schemas.TypeBounce, arn, now),
				AnnounceEventDestination(t.Context(), tx, g.store.Read, arn, now))
		})
	}
	announceBoth(g.topic)
	want := [][2]string{{"", `{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully subscribed your Amazon SNS topic '` + g.topic +
		`' to receive 'Bounce' notifications from Amazon SES for identity 'sender.example'."}` + "\n"},
		{"", "Successfully validated SNS topic for Amazon SES event publishing."}}
	if diff := cmp.Diff(want, g.published(g.topic)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	quiet := g.listen("quiet", "")
	g.transact(func(tx *sql.Tx) error {
		return topic.UpdateTopic(t.Context(), tx, topic.Topic{ARN: quiet, SignatureVersion: "1", Attributes: map[string]string{SetupMessages: "false"}})
	})
	announceBoth(quiet)
	if got := g.published(quiet); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	err := g.store.Transact(t.Context(), func(tx *sql.Tx) error {
		return AnnounceEventDestination(t.Context(), tx, g.store.Read, g.topic+"x", now)
	})
	if !errors.Is(err, topic.ErrTopicNotFound) {
		t.Errorf("got %v, want ErrTopicNotFound", err)
	}
}
