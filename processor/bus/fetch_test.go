package bus_test

import (
	"context"
	"errors"
	"sync"
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

func TestCloseEndsAFetchThatWaits(t *testing.T) {
	b := openBus(t)
	ended := make(chan error)
	go func() {
		_, err := b.FetchMails(context.WithoutCancel(t.Context()), 10, time.Hour)
		ended <- err
	}()
	closeBus(t, b)
	if err := <-ended; !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

func TestSeveralReceiversGetEveryMailOnce(t *testing.T) {
	b := openBus(t)
	const count = 3000
	var mutex sync.Mutex
	got := map[uint64]int{}
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			for {
				mails, err := b.FetchMails(t.Context(), 100, time.Second)
				if err == nil {
					err = b.Ack(t.Context(), mails)
				}
				if err != nil {
					t.Error(err)
					return
				}
				mutex.Lock()
				for _, m := range mails {
					got[m.Seq] += m.Deliveries
				}
				all := len(got) == count
				mutex.Unlock()
				if all {
					return
				}
			}
		})
	}
	publishMany(t, b, count)
	done.Wait()
	for seq, times := range got {
		if times != 1 {
			t.Errorf("mail %d was given out %d times", seq, times)
		}
	}
}

func TestFetchMailsIsBoundedInNumberAndBytes(t *testing.T) {
	b := openBus(t)
	const count = 80
	big := make([]byte, 500<<10)
	for range count {
		publish(t, b, bus.Mail{Raw: big})
	}
	mails, err := b.FetchMails(t.Context(), 7, soon)
	if err != nil || len(mails) == 0 || len(mails) > 7 { // fewer come when the server is slow to send the first ones
		t.Errorf("got %d mails, error %v; want 1 to 7", len(mails), err)
	}
	for got := len(mails); got < count; {
		mails, err := b.FetchMails(t.Context(), count, soon)
		if err != nil || len(mails) == 0 || len(mails) > 32<<20/len(big) {
			t.Fatalf("got %d mails of %d KiB, error %v; want some, and at most 32 MiB", len(mails), len(big)>>10, err)
		}
		got += len(mails)
	}
	fetchNone(t, b)
}

func TestFetchMailsReturnsWhatItHasWhenTooMuchIsInWork(t *testing.T) {
	b := openBus(t)
	const most = 5000 // that the server gives out before one is done
	publishMany(t, b, most+100)
	mails := fetch(t, b, most-10)
	for got := 0; got < 10; {
		more, err := b.FetchMails(t.Context(), 500, time.Hour)
		if err != nil || len(more) == 0 {
			t.Fatalf("got %d mails, error %v; want 10 without waiting an hour", got+len(more), err)
		}
		got += len(more)
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
