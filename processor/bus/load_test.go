package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/rebound-mail/rebound/processor/bus"
)

func TestManyCallersEachGetTheSequenceOfTheirMail(t *testing.T) {
	b := openBus(t)
	const callers, each = 512, 6
	var mutex sync.Mutex
	published := map[uint64]string{}
	var done sync.WaitGroup
	for caller := range callers {
		done.Go(func() {
			for i := range each {
				text := fmt.Sprintf("mail %d of %d", i, caller)
				seq, err := b.PublishMail(t.Context(), bus.Mail{Raw: []byte(text), Source: "smtp"})
				if err != nil {
					t.Error(err)
					return
				}
				mutex.Lock()
				published[seq] = text
				mutex.Unlock()
			}
		})
	}
	done.Wait()
	if len(published) != callers*each {
		t.Fatalf("got %d sequences, want %d", len(published), callers*each)
	}
	for _, got := range fetch(t, b, callers*each) {
		if text := published[got.Seq]; text != string(got.Mail.Raw) {
			t.Errorf("sequence %d: got %q, want %q", got.Seq, got.Mail.Raw, text)
		}
	}
	fetchNone(t, b)
}

func TestAFullStreamRefusesAndDropsNothing(t *testing.T) {
	b := openWith(t, bus.Options{Dir: t.TempDir(), MaxFeedbackBytes: 1 << 20})
	raw := make([]byte, 10<<10)
	var kept []uint64
	var err error
	for err == nil {
		var seq uint64
		if seq, err = b.PublishMail(t.Context(), bus.Mail{Raw: raw}); err == nil {
			kept = append(kept, seq)
		}
	}
	if !errors.Is(err, bus.ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	var done sync.WaitGroup
	for range 100 { // as a batch, too
		done.Go(func() {
			if _, err := b.PublishMail(t.Context(), bus.Mail{Raw: raw}); !errors.Is(err, bus.ErrFull) {
				t.Errorf("got %v, want ErrFull", err)
			}
		})
	}
	done.Wait()
	if len(kept) < 90 {
		t.Errorf("kept %d mails of 10 KiB in 1 MiB", len(kept))
	}
	for i, got := range fetch(t, b, len(kept)) {
		if got.Seq != kept[i] {
			t.Errorf("got %d, want %d", got.Seq, kept[i])
		}
	}
}

func TestCloseFinishesWhatItHasTakenAndRefusesTheRest(t *testing.T) {
	dir := t.TempDir()
	b := openWith(t, bus.Options{Dir: dir})
	var mutex sync.Mutex
	kept := map[uint64]bool{}
	var done sync.WaitGroup
	started := make(chan struct{}, 1)
	for range 100 {
		done.Go(func() {
			for {
				seq, err := b.PublishMail(context.Background(), bus.Mail{Raw: []byte("x")})
				if errors.Is(err, bus.ErrUnavailable) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mutex.Lock()
				kept[seq] = true
				mutex.Unlock()
				select {
				case started <- struct{}{}:
				default:
				}
			}
		})
	}
	<-started
	closeBus(t, b)
	done.Wait()
	again := openWith(t, bus.Options{Dir: dir})
	for _, got := range fetch(t, again, len(kept)) {
		if !kept[got.Seq] {
			t.Errorf("sequence %d was kept and its caller was told that it was not", got.Seq)
		}
	}
	fetchNone(t, again)
}

func TestPublishMailStopsWaitingWhenItsContextEnds(t *testing.T) {
	b := openBus(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.PublishMail(ctx, bus.Mail{Raw: []byte("x")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestWhatNoMessageCanHoldIsErrTooLarge(t *testing.T) {
	b := openBus(t)
	crowd := make([]string, 1000)
	for i := range crowd {
		crowd[i] = fmt.Sprintf("recipient-with-a-rather-long-name-%d@example.org", i)
	}
	for name, mail := range map[string]bus.Mail{
		"mail":     {Raw: make([]byte, bus.MaxMailBytes+1)},
		"envelope": {Raw: []byte("x"), To: crowd},
	} {
		if _, err := b.PublishMail(t.Context(), mail); !errors.Is(err, bus.ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
	crowd = crowd[:500]
	publish(t, b, bus.Mail{Raw: []byte("x"), To: crowd})
	if got := fetch(t, b, 1)[0].Mail.To; len(got) != len(crowd) {
		t.Errorf("got %d recipients, want %d", len(got), len(crowd))
	}
	if err := b.PublishEvent(t.Context(), "mail.sent", "1", make([]byte, 2<<20)); !errors.Is(err, bus.ErrTooLarge) {
		t.Errorf("event: got %v, want ErrTooLarge", err)
	}
}
