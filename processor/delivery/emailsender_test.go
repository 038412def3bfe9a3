package delivery

import (
	"context"
	"database/sql"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/topic"
)

// turn makes a subscription one of another protocol, as the API does it.
func (f *fixture) turn(s topic.Subscription, protocol, endpoint string) topic.Subscription {
	f.t.Helper()
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE subscription SET protocol = $1, endpoint = $2 WHERE arn = $3`, protocol, endpoint, s.ARN)
		return err
	})
	s.Protocol, s.Endpoint = protocol, endpoint
	return s
}

// emailFixture is an outbox whose mails go to a real SMTP server.
func emailFixture(t *testing.T) (*fixture, map[string]Sender, *mailServer) {
	t.Helper()
	f := newFixture(t)
	forwarding, server := newMailSender(t, f)
	sender := &EmailSender{Store: f.store, Signer: f.signer, Host: forwarding.Host, Domain: "rebound.example.org", PublicURL: "https://api.example.net/",
		Now: f.clock.now}
	return f, map[string]Sender{topic.Email: sender, topic.EmailJSON: sender}, server
}

// readMail parses what the server took, with the body decoded.
func readMail(t *testing.T, took [3]string) (head mail.Header, body string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(took[2]))
	if err != nil {
		t.Fatalf("%v: %q", err, took[2])
	}
	content, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, strings.ReplaceAll(string(content), "\r\n", "\n")
}

func TestNotificationsGoToPeopleByMail(t *testing.T) {
	f, senders, server := emailFixture(t)
	sub := f.turn(f.subscribe("http://a.example/"), topic.Email, "jane@example.org")
	id := f.publish(`{"a":"`+strings.Repeat("ü", 2000)+`"}`, sub)
	server.rcpt <- nil
	w := f.run(senders)
	w.outcomes(1)
	took := <-server.took
	head, body := readMail(t, took)
	link := "https://api.example.net/?Action=Unsubscribe&SubscriptionArn=" + strings.ReplaceAll(sub.ARN, ":", "%3A")
	want := mail.Header{"From": {`"AWS Notifications" <no-reply@rebound.example.org>`}, "To": {"jane@example.org"}, "Subject": {"AWS Notification Message"},
		"Date": {"Tue, 27 Jan 2026 14:59:38 +0000"}, "Message-Id": {"<" + id + "@rebound.example.org>"}, "List-Unsubscribe": {"<" + link + ">"},
		"Auto-Submitted": {"auto-generated"}, "Mime-Version": {"1.0"}, "Content-Type": {"text/plain; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"}}
	if diff := cmp.Diff(want, head); diff != "" {
		t.Error(diff)
	}
	if took[0] != "" || took[1] != "jane@example.org" {
		t.Errorf("envelope %q", took[:2])
	}
	if !strings.HasPrefix(body, `{"a":"`+strings.Repeat("ü", 2000)+`"}`+"\n\n--\nIf you wish to stop") || !strings.Contains(body, "\n"+link+"\n") {
		t.Errorf("got %q", body)
	}
	w.stop()
	f.wantEmpty()
}

func TestTheHeadOfAMailShowsNamesAndSubjectsOfAnyKind(t *testing.T) {
	f, senders, server := emailFixture(t)
	f.topic.DisplayName = "Bücher \"und\" mehr\r\nBcc: x@example.net"
	f.transact(func(ctx context.Context, tx *sql.Tx) error { return topic.UpdateTopic(ctx, tx, f.topic) })
	sub := f.turn(f.subscribe("http://a.example/"), topic.Email, "jane@example.org")
	subject := strings.Repeat("Wichtige Größe ", 20)
	f.enqueue(Message{ID: "m", TopicARN: f.topic.ARN, Kind: KindNotification, Subject: subject + "\nX-Evil: 1", Body: "b", Targets: []Target{target(sub)}})
	server.rcpt <- nil
	w := f.run(senders)
	w.outcomes(1)
	took := <-server.took
	head, _ := readMail(t, took)
	from, err := mail.ParseAddress(head.Get("From"))
	if err != nil || from.Name != `Bücher "und" mehr  Bcc: x@example.net` || from.Address != "no-reply@rebound.example.org" {
		t.Errorf("got %+v, error %v", from, err)
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
	if err != nil || decoded != subject+" X-Evil: 1" {
		t.Errorf("got %q, error %v", decoded, err)
	}
	if head.Get("Bcc") != "" || head.Get("X-Evil") != "" {
		t.Errorf("a field was added: %v", head)
	}
	for line := range strings.SplitSeq(took[2], "\r\n") {
		if len(line) > 200 {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
}

func TestTheMailThatAsksForConfirmationHasTheLink(t *testing.T) {
	f, senders, server := emailFixture(t)
	for _, protocol := range []string{topic.Email, topic.EmailJSON} {
		sub := f.turn(f.pending("http://a.example/"+protocol), protocol, "jane@example.org")
		f.enqueue(Message{ID: "m", TopicARN: f.topic.ARN, Kind: KindSubscriptionConfirmation, Targets: []Target{target(sub)}})
		server.rcpt <- nil
		w := f.run(senders)
		w.outcomes(1)
		w.stop()
		head, body := readMail(t, <-server.took)
		link := "https://api.example.net/?Action=ConfirmSubscription&TopicArn=" + f.topic.ARN + "&Token=" + sub.Token
		if head.Get("Subject") != "AWS Notification - Subscription Confirmation" || !strings.Contains(body, link) || head.Get("List-Unsubscribe") != "" {
			t.Errorf("%s: got %v\n%s", protocol, head, body)
		}
	}
}

func TestTheBodyOfAJSONMailVerifies(t *testing.T) {
	f, senders, server := emailFixture(t)
	sub := f.turn(f.subscribe("http://a.example/"), topic.EmailJSON, "jane@example.org")
	f.publish(`{"a":"`+strings.Repeat("é=", 500)+`"}`, sub)
	server.rcpt <- nil
	w := f.run(senders)
	w.outcomes(1)
	_, body := readMail(t, <-server.took)
	certificate, _ := f.signer.Certificate(strings.TrimPrefix(f.signer.SigningCertURL(), "https://sns.us-east-1.amazonaws.com/"))
	if e, err := topic.Verify([]byte(body), certificate); err != nil || e.Message != `{"a":"`+strings.Repeat("é=", 500)+`"}` {
		t.Errorf("got %q, error %v", body, err)
	}
}

func TestMailsOfSubscriptionsAreRetriedAsSNSDoes(t *testing.T) {
	f, senders, server := emailFixture(t)
	sub := f.turn(f.subscribe("http://a.example/"), topic.Email, "jane@example.org")
	sub = f.set(sub, func(s *topic.Subscription) { s.DeliveryPolicy = `{"healthyRetryPolicy":{"numRetries":0}}` }) // for webhooks only
	f.publish("{}", sub)
	server.rcpt <- &smtp.SMTPError{Code: 451, Message: "later"}
	w := f.run(senders)
	w.outcomes(1)
	w.stop()
	if e := f.one(); e.State != Waiting || e.Next != start.Add(10*time.Second) {
		t.Errorf("got %+v", e)
	}
	f.clock.advance(10 * time.Second)
	server.rcpt <- &smtp.SMTPError{Code: 550, Message: "unknown"}
	w = f.run(senders)
	w.outcomes(1)
	w.stop()
	if e := f.one(); e.State != Failed || e.LastStatus != 550 {
		t.Errorf("got %+v", e)
	}
	if got := (&EmailSender{}).Send(t.Context(), Entry{}); got.Outcome != Final || !strings.Contains(got.Err.Error(), "smart host") {
		t.Errorf("got %+v", got)
	}
	if got := sendLetter(t.Context(), senders[topic.Email].(*EmailSender).Host, letter{To: "nobody", From: "no-reply@example.org"}); got.Outcome != Final {
		t.Errorf("no address: got %+v", got)
	}
}

// FuzzLetter holds that nothing that strangers write becomes a field of its own.
func FuzzLetter(f *testing.F) {
	f.Add("Name", "Subject", "body")
	f.Add("a\r\nBcc: x@y.example", "s\nX: y\r\n\r\nbody", "\r\n.\r\n")
	f.Add("\xff\x00\u2028", "=?utf-8?q?x?=", strings.Repeat("x", 5000))
	f.Fuzz(func(t *testing.T, name, subject, body string) {
		var out strings.Builder
		l := letter{FromName: name, From: "a@b.example", To: "c@d.example", Subject: subject, ID: "m", Domain: "b.example", Date: start, Body: body}
		if err := l.write(&out); err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(out.String()))
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"} {
			if len(m.Header[field]) != 1 {
				t.Errorf("%d fields %s", len(m.Header[field]), field)
			}
			delete(m.Header, field)
		}
		if len(m.Header) > 0 {
			t.Errorf("more fields: %q", m.Header)
		}
	})
}
