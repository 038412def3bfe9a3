package delivery

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
)

// owned runs an engine whose topics belong to the addresses, until what is due now was attempted.
func (f *fixture) owned(sender Sender, attempts int, owners ...string) {
	f.t.Helper()
	w := f.prepare(map[string]Sender{topic.HTTP: sender})
	w.Owners = func(_ context.Context, arn string) ([]string, error) {
		if arn != f.topic.ARN {
			f.t.Errorf("asked for the owners of %s", arn)
		}
		if len(owners) == 0 {
			return nil, errors.New("not known")
		}
		return owners, nil
	}
	w.start()
	w.outcomes(attempts)
	w.stop()
}

// alarms returns the alarms that were enqueued, and drops them.
func (f *fixture) alarms() (alarms []Entry) {
	f.t.Helper()
	for _, e := range f.list(Filter{}) {
		if e.Kind != KindAlarm {
			continue
		}
		whole, err := Get(f.t.Context(), f.store.Read, e.ID)
		if err != nil {
			f.t.Fatal(err)
		}
		alarms = append(alarms, whole)
		if _, err := f.drop(Filter{IDs: []int64{e.ID}}); err != nil {
			f.t.Fatal(err)
		}
	}
	return alarms
}

func TestALastingFailureAlarmsTheOwnersOnceADay(t *testing.T) {
	f := newFixture(t)
	sub := f.subscribe("http://jane:s3cret@a.example/hook")
	lose := func(owners ...string) {
		t.Helper()
		f.publish("{}", sub)
		f.owned(newScript(gone), 1, owners...)
	}
	succeed := func() {
		t.Helper()
		f.publish("{}", sub)
		f.owned(newScript(delivered), 1, "o@example.org")
	}
	lose("o@example.org", "p@example.org")
	alarms := f.alarms()
	if len(alarms) != 2 || alarms[0].Endpoint != "o@example.org" || alarms[1].Endpoint != "p@example.org" || alarms[0].Protocol != SMTP {
		t.Fatalf("got %+v", alarms)
	}
	for _, part := range []string{f.topic.ARN, sub.ARN, "****@a.example/hook", "2026-01-27 14:59:38 UTC", "HTTP 410", "1 message(s)",
		"rebound outbox redrive --subscription " + sub.ARN} {
		if !strings.Contains(alarms[0].Body, part) {
			t.Errorf("the alarm does not say %q:\n%s", part, alarms[0].Body)
		}
	}
	if strings.Contains(alarms[0].Body, "s3cret") {
		t.Error("the alarm tells a password")
	}
	want := func(when string, n int) {
		t.Helper()
		if got := len(f.alarms()); got != n {
			t.Errorf("%s: %d alarms, want %d", when, got, n)
		}
	}
	lose("o@example.org")
	want("another loss", 0)
	f.clock.advance(2 * alarmEvery)
	lose("o@example.org")
	want("two days later, without a success", 0)
	succeed()
	f.clock.advance(time.Minute)
	lose("o@example.org")
	want("a loss after a success", 1)
	succeed()
	f.clock.advance(time.Hour)
	lose("o@example.org")
	want("a loss after a success on the same day", 0)
	f.clock.advance(alarmEvery)
	lose("o@example.org")
	want("a loss on the next day", 1)
}

func TestWhoCouldNotBeToldIsToldOfTheNextLoss(t *testing.T) {
	f := newFixture(t)
	sub := f.subscribe("http://a.example/")
	f.publish("{}", sub)
	f.owned(newScript(gone), 1)
	if got := f.alarms(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	f.wantDepth(0, 1) // the loss is written all the same
	f.publish("{}", sub)
	f.owned(newScript(gone), 1, "o@example.org")
	if got := f.alarms(); len(got) != 1 || !strings.Contains(got[0].Body, "2 message(s)") {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsRetriedOrHasNoSubscriberAlarmsNobody(t *testing.T) {
	f := newFixture(t)
	sub := f.subscribe("http://a.example/")
	f.publish("{}", sub)
	f.owned(newScript(down), 1, "o@example.org")
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := topic.Unsubscribe(ctx, tx, sub.ARN)
		return err
	})
	f.clock.advance(20 * time.Second)
	f.owned(newScript(gone), 1, "o@example.org")
	if got := f.alarms(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestAnAlarmIsAMailThatNothingCanBreakOutOf(t *testing.T) {
	f := newFixture(t)
	sender, server := newMailSender(t, f)
	server.rcpt <- nil
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		return EnqueueAlarm(ctx, tx, Alarm{To: []string{"o@example.org"}, Subject: "Down\r\nBcc: x@example.net\r\n\r\nhello", Text: "Grüße\n.\nlast\n"}, start)
	})
	w := f.run(map[string]Sender{SMTP: sender})
	w.outcomes(1)
	mail := <-server.took
	head, body, _ := strings.Cut(mail[2], "\r\n\r\n")
	if mail[0] != "" || mail[1] != "o@example.org" || strings.Contains(head, "\nBcc:") || !strings.Contains(head, "Subject: Down  Bcc: x@example.net    hello\r\n") ||
		!strings.Contains(head, "From: \"Rebound\" <no-reply@rebound.example.org>\r\n") || !strings.Contains(head, "Auto-Submitted: auto-generated\r\n") {
		t.Errorf("got %q", mail)
	}
	if body != "Gr=C3=BC=C3=9Fe\r\n.\r\nlast\r\n" {
		t.Errorf("got %q", body)
	}
	w.stop()
	f.wantEmpty()
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		return EnqueueAlarm(ctx, tx, Alarm{Subject: "s", Text: "t"}, start)
	})
	f.wantEmpty()
}
