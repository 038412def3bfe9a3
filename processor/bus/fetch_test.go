package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/bus"
)

func TestFetchMailsReturnsTheFirstToCome(t *testing.T) {
	b := openBus(t)
	fetched := make(chan []*bus.Received)
	go func() {
		mails, err := b.FetchMails(context.WithoutCancel(t.Context()), 100, soon)
		if err != nil {
			t.Error(err)
		}
		fetched <- mails
	}()
	seq := publish(t, b, bus.Mail{Raw: []byte("x")})
	if mails := <-fetched; len(mails) != 1 || mails[0].Seq != seq {
		t.Errorf("got %d mails, want the one", len(mails))
	}
}

func TestFetchMailsReturnsNothingWhenTheWaitIsOverOrTheContextEnds(t *testing.T) {
	b := openBus(t)
	fetchNone(t, b)
	if mails, err := b.FetchMails(t.Context(), 10, 10*time.Millisecond); err != nil || len(mails) != 0 {
		t.Errorf("got %d mails, error %v", len(mails), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if mails, err := b.FetchMails(ctx, 10, time.Hour); err != nil || len(mails) != 0 {
		t.Errorf("got %d mails, error %v", len(mails), err)
	}
}

func TestFetchMailsIsBoundedInNumberAndBytes(t *testing.T) {
	b := openBus(t)
	const count = 80
	big := make([]byte, 500<<10)
	for range count {
		publish(t, b, bus.Mail{Raw: big})
	}
	if mails, err := b.FetchMails(t.Context(), 7, soon); err != nil || len(mails) != 7 {
		t.Errorf("got %d mails, error %v; want 7", len(mails), err)
	}
	mails, err := b.FetchMails(t.Context(), count, soon)
	if err != nil || len(mails) < 50 || len(mails) > 32<<20/len(big) {
		t.Errorf("got %d mails of %d KiB, error %v; want at most 32 MiB", len(mails), len(big)>>10, err)
	}
	fetch(t, b, count-7-len(mails))
}

func TestFetchMailsReturnsWhatItHasWhenTooMuchIsInWork(t *testing.T) {
	b := openBus(t)
	const most = 5000 // that the server gives out before one is done
	publishMany(t, b, most+100)
	mails := fetch(t, b, most-10)
	more, err := b.FetchMails(t.Context(), 500, time.Hour)
	if err != nil || len(more) != 10 {
		t.Errorf("got %d mails, error %v; want 10 at once", len(more), err)
	}
	if err := b.Ack(t.Context(), mails); err != nil {
		t.Fatal(err)
	}
	fetch(t, b, 100)
}

func TestAMailComesAgainUntilItIsDone(t *testing.T) {
	b := openBus(t)
	seq := publish(t, b, bus.Mail{Raw: []byte("x"), Source: "smtp"})
	for want := 1; want <= bus.MaxDeliveries+2; want++ {
		got := fetch(t, b, 1)[0]
		if got.Seq != seq || got.Deliveries != want {
			t.Fatalf("got sequence %d, delivery %d; want %d, %d", got.Seq, got.Deliveries, seq, want)
		}
		if want <= bus.MaxDeliveries+1 {
			if err := got.Nak(0); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := b.Ack(t.Context(), []*bus.Received{got}); err != nil {
			t.Fatal(err)
		}
	}
	fetchNone(t, b)
}
