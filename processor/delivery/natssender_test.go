package delivery

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/topic"
)

// natsFixture is an outbox beside a real server, and a client of that.
func natsFixture(t *testing.T) (*fixture, *NATSSender, jetstream.JetStream) {
	t.Helper()
	f := newFixture(t)
	b, err := bus.Open(t.Context(), bus.Options{Dir: t.TempDir(), MaxFeedbackBytes: 64 << 20, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	client, err := nats.Connect(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	js, err := jetstream.New(client)
	if err != nil {
		t.Fatal(err)
	}
	return f, &NATSSender{Store: f.store, Signer: f.signer, Bus: b, PublicURL: "https://api.example.net", Now: f.clock.now}, js
}

func TestEnvelopesArePublishedOnNATSForAStreamToKeep(t *testing.T) {
	f, sender, js := natsFixture(t)
	sub := f.turn(f.subscribe("http://a.example/"), topic.NATS, "sns.bounces.prod")
	e := f.entry(sub)
	if got := sender.Send(t.Context(), e); got.Outcome != Retry || !strings.Contains(got.Err.Error(), "no stream takes the subject") {
		t.Fatalf("without a stream: got %+v", got)
	}
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "SUBSCRIBER", Subjects: []string{"sns.>"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time after a crash, say
		wantDelivered(t, sender.Send(t.Context(), e))
	}
	f.set(sub, func(s *topic.Subscription) { s.Raw = true })
	raw := e
	raw.MessageID = "another"
	wantDelivered(t, sender.Send(t.Context(), raw))
	info, err := stream.Info(t.Context())
	if err != nil || info.State.Msgs != 2 {
		t.Fatalf("%d messages are kept, error %v, want each once", info.State.Msgs, err)
	}
	first, err := stream.GetMsg(t.Context(), 1)
	if err != nil || first.Subject != "sns.bounces.prod" || first.Header.Get(nats.MsgIdHdr) != e.MessageID {
		t.Fatalf("got %+v, error %v", first, err)
	}
	certificate, _ := f.signer.Certificate(strings.TrimPrefix(f.signer.SigningCertURL(), "https://sns.us-east-1.amazonaws.com/"))
	if envelope, err := topic.Verify(first.Data, certificate); err != nil || envelope.Message != e.Body {
		t.Errorf("got %s, error %v", first.Data, err)
	}
	if second, err := stream.GetMsg(t.Context(), 2); err != nil || string(second.Data) != e.Body {
		t.Errorf("raw: got %+v, error %v", second, err)
	}
}

func TestOnlySubjectsForSubscribersArePublishedOn(t *testing.T) {
	f, sender, _ := natsFixture(t)
	for n, subject := range []string{"feedback.raw", "notifications.x.y", "sns", "sns.", "sns.>", "sns.*", "sns.a b", "sns.a..b", "$JS.API.INFO", "sns.ü", "sns." + strings.Repeat("a", 300)} {
		sub := f.turn(f.subscribe("http://a.example/"+strings.Repeat("x", n)), topic.NATS, subject)
		if got := sender.Send(t.Context(), f.entry(sub)); got.Outcome != Final || bus.CheckSubject(subject) == nil {
			t.Errorf("%s: got %+v", subject, got)
		}
	}
	if err := sender.Bus.Close(); err != nil {
		t.Fatal(err)
	}
	sub := f.turn(f.subscribe("http://a.example/closed"), topic.NATS, "sns.a")
	if got := sender.Send(t.Context(), f.entry(sub)); got.Outcome != Retry {
		t.Errorf("a bus that is away: got %+v", got)
	}
}
