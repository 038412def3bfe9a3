package processor

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/store"
)

func TestMailThatCannotBeReadIsKeptCountedAndShown(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.publish("\x00\x01\x02")
	w.publish(" \r\n\t\r\n")
	w.publish("\r\n\r\n\r\n")
	w.turn(3)
	got := w.arrived()
	if len(got) != 3 {
		t.Fatalf("%d mails are shown, want 3: %+v", len(got), got)
	}
	for _, one := range got {
		if one.Kind != KindError || one.Problem == "" || one.Trust != TrustC {
			t.Errorf("got %+v", one)
		}
		if _, err := w.bus.Mail(t.Context(), one.Seq); err != nil {
			t.Error(err)
		}
	}
	if n := w.counted("rebound_feedback_total", "error", "C"); n != 3 {
		t.Errorf("counted %v", n)
	}
}

// The account of a mail may be gone when the bounce comes; nobody is left to be told, and the report must not stop the worker.
func TestABounceForAnAccountThatIsGoneIsNotedAndTellsNobody(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "jane@example.net")
	w.transact(func(tx *sql.Tx) error {
		_, err := account.Delete(t.Context(), tx, account.DefaultID)
		return err
	})
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	w.turn(1)
	if got := w.arrived(); len(got) != 1 || got[0].Account != account.DefaultID {
		t.Errorf("noted: %+v", got)
	}
	if w.lists("jane@example.net") != "" || len(w.outbox()) != 0 {
		t.Errorf("listed on %q, %d in the outbox", w.lists("jane@example.net"), len(w.outbox()))
	}
}

// refuseReport makes the database refuse to note one report, as a mail would that trips over a fault of ours.
func (w *workshop) refuseReport(subject string) {
	w.t.Helper()
	w.transact(func(tx *sql.Tx) error {
		_, err := tx.ExecContext(w.t.Context(), `CREATE TRIGGER refused BEFORE INSERT ON feedback WHEN NEW.subject = '`+subject+`'
			BEGIN SELECT RAISE(ABORT, 'this report is refused'); END`)
		return err
	})
}

func TestFailingBatchIsHalvedUntilTheOneMailIsFound(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	const mails, bad = 13, 5
	w.refuseReport("The bad one")
	for i := range mails {
		id := string(rune('a' + i))
		w.send("<"+id+"@sender.example>", id+"@example.net")
		text := bounceMail{id: id, recipients: []string{id + "@example.net"}, original: "<" + id + "@sender.example>"}.String()
		if i == bad {
			text = strings.Replace(text, "Subject: Undelivered", "Subject: The bad one", 1)
		}
		w.publish(text)
	}
	batch := w.understand(mails)
	batch[bad].received.Deliveries = bus.MaxDeliveries // what it would be after four more rounds
	if err := w.worker.commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}

	for i := range mails {
		want := "account"
		if i == bad {
			want = ""
		}
		if got := w.lists(string(rune('a'+i)) + "@example.net"); got != want {
			t.Errorf("mail %d is listed on %q, want %q", i, got, want)
		}
	}
	stats, err := w.bus.Stats(t.Context())
	if err != nil || stats.Quarantined != 1 || stats.Waiting != 0 || w.counted("rebound_quarantined_mails_total") != 1 {
		t.Errorf("%d in quarantine, %d waiting, counted %v, %v; want 1, 0, 1", stats.Quarantined, stats.Waiting, w.counted("rebound_quarantined_mails_total"), err)
	}
	if got := len(w.outbox()); got != mails-1 {
		t.Errorf("%d notifications, want %d", got, mails-1)
	}
}

// A mail that ends the program never fails: it comes again, alone, until it has come too often.
func TestAMailThatComesAgainGoesAloneAndIsSetAsideWhenItCameTooOften(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	for _, id := range []string{"a", "b", "c"} {
		w.publish(bounceMail{id: id, recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	}
	received := w.fetch(3)
	received[1].Deliveries = bus.MaxDeliveries + 1
	parts := apart(received)
	if len(parts) != 2 || len(parts[0]) != 2 || len(parts[1]) != 1 || parts[1][0] != received[1] {
		t.Fatalf("got %d parts", len(parts))
	}
	if batch := w.worker.understand(t.Context(), parts[1]); len(batch) != 0 {
		t.Errorf("understood as %+v", batch[0].found)
	}
	if stats, err := w.bus.Stats(t.Context()); err != nil || stats.Quarantined != 1 || stats.InWork != 2 {
		t.Errorf("%d in quarantine, %d in work, %v; want 1, 2", stats.Quarantined, stats.InWork, err)
	}
}

// signals is a log handler that tells when a message comes.
type signals struct {
	slog.Handler
	message string
	heard   chan struct{}
}

func (s signals) Enabled(context.Context, slog.Level) bool { return true }

func (s signals) Handle(_ context.Context, record slog.Record) error {
	if record.Message == s.message {
		s.heard <- struct{}{}
	}
	return nil
}

// troubles makes the worker tell on a channel that it waits for the database.
func (w *workshop) troubles() <-chan struct{} {
	heard := make(chan struct{}, 100)
	w.worker.Log = slog.New(signals{message: "the database is in trouble; the mails in hand wait", heard: heard})
	return heard
}

// A mail counts its deliveries, and one that was delivered too often is set aside. The trouble of the database must not make it so.
func TestMailsWaitInHandWhileTheDatabaseIsInTrouble(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	troubled, woken := w.troubles(), make(chan struct{}, 100)
	w.worker.Wake = func() { woken <- struct{}{} }
	w.send("<m1@sender.example>", "jane@example.net")
	w.pragma("query_only = ON")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.worker.Run(ctx) }()
	for id := range 3 {
		w.publish(bounceMail{id: strconv.Itoa(id), recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	}
	<-troubled
	w.pragma("query_only = OFF")
	for len(w.arrived()) < 3 {
		<-woken
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	consumer, err := w.jetstream().Consumer(t.Context(), "FEEDBACK", "worker")
	if err != nil {
		t.Fatal(err)
	}
	if info := consumer.CachedInfo(); info.NumRedelivered != 0 || info.NumAckPending != 0 || info.Delivered.Consumer != 3 {
		t.Errorf("%d mails came again, %d are in work, %d deliveries; want 0, 0, 3", info.NumRedelivered, info.NumAckPending, info.Delivered.Consumer)
	}
}

// pragma changes a setting of the one connection that writes.
func (w *workshop) pragma(text string) {
	w.t.Helper()
	if _, err := w.store.Write.ExecContext(w.t.Context(), "PRAGMA "+text); err != nil {
		w.t.Fatal(err)
	}
}

func TestTroubleOfTheDatabaseQuarantinesNoMail(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	for _, id := range []string{"a", "b"} {
		w.publish(bounceMail{id: id, recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	}
	batch := w.understand(2)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	err := w.worker.commit(t.Context(), batch)
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
	for _, j := range batch {
		j.received.Deliveries = 100
		w.worker.refuse(t.Context(), j.received, err)
	}
	stats, err := w.bus.Stats(t.Context())
	if err != nil || stats.Quarantined != 0 || stats.InWork != 2 {
		t.Errorf("%d in quarantine, %d in work, %v; want 0, 2", stats.Quarantined, stats.InWork, err)
	}
}

// A worker that is told to end while the database is in trouble ends, and the mails come again to the next one.
func TestRunEndsAlthoughTheDatabaseIsInTrouble(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	troubled := w.troubles()
	w.send("<m1@sender.example>", "jane@example.net")
	w.pragma("query_only = ON")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.worker.Run(ctx) }()
	<-troubled
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if stats, err := w.bus.Stats(t.Context()); err != nil || stats.InWork+int(stats.Waiting) != 1 || stats.Quarantined != 0 {
		t.Errorf("%+v, %v; want 1 mail to come again", stats, err)
	}
}

// The bounce of a mail whose registration waits on the bus would be a stranger's if it went first.
func TestABounceWaitsUntilTheSentMailsAreRecorded(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	troubled := w.troubles()
	w.registerOnBus("<m1@sender.example>", "jane@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	w.pragma("query_only = ON")
	go func() {
		<-troubled
		_, _ = w.store.Write.Exec("PRAGMA query_only = OFF") // the turn below fails when this does
	}()
	w.turn(1)
	if got := w.lists("jane@example.net"); got != "account" {
		t.Errorf("listed on %q", got)
	}
}

func TestMailsGoBackWhenTheSentMailsCannotBeRecordedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.registerOnBus("<m1@sender.example>", "jane@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	w.pragma("query_only = ON")
	ctx, stop := context.WithCancel(t.Context())
	troubled := w.troubles()
	go func() { <-troubled; stop() }()
	if received, err := w.worker.fetch(ctx); !errors.Is(err, store.ErrReadOnly) || len(received) != 0 {
		t.Errorf("got %d mails, %v", len(received), err)
	}
}

func TestALargeReportIsReadFromItsPieces(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "jane@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>", pad: 2 << 20}.String())
	w.turn(1)
	if got := w.lists("jane@example.net"); got != "account" {
		t.Errorf("listed on %q", got)
	}
}

// A mail whose content cannot be got at this moment is not one that cannot be read: it must be tried again.
func TestALargeReportWhosePiecesCannotBeGotNowComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.send("<m1@sender.example>", "jane@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>", pad: 2 << 20}.String())
	if err := w.jetstream().DeleteStream(t.Context(), "LARGE"); err != nil {
		t.Fatal(err)
	}
	received := w.fetch(1)
	received[0].Deliveries = bus.MaxDeliveries
	if batch := w.worker.understand(t.Context(), received); len(batch) != 0 {
		t.Errorf("understood as %+v", batch[0].found)
	}
	stats, err := w.bus.Stats(t.Context())
	if err != nil || stats.Quarantined != 0 || stats.InWork != 1 {
		t.Errorf("%d in quarantine, %d in work, %v; want 0, 1", stats.Quarantined, stats.InWork, err)
	}
}
