package processor

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/bus"
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
	w.worker.commit(t.Context(), batch)

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

// The worker gives the mails of a batch back when it is the database that fails: none of them is to blame, however often they came.
func TestTroubleOfTheDatabaseQuarantinesNoMail(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	for _, id := range []string{"a", "b"} {
		w.publish(bounceMail{id: id, recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String())
	}
	batch := w.understand(2)
	for _, j := range batch {
		j.received.Deliveries = 100
	}
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.worker.commit(t.Context(), batch)
	stats, err := w.bus.Stats(t.Context())
	if err != nil || stats.Quarantined != 0 || stats.InWork != 2 {
		t.Errorf("%d in quarantine, %d in work, %v; want 0, 2", stats.Quarantined, stats.InWork, err)
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
