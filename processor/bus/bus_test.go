package bus_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/rebound-mail/rebound/processor/bus"
)

// soon is longer than any of the waits that these tests expect to end by themselves.
const soon = 20 * time.Second

var quiet = slog.New(slog.DiscardHandler)

// openBus opens a bus with a server in this process over a folder of its own.
func openBus(t *testing.T) *bus.Bus {
	t.Helper()
	return openWith(t, bus.Options{Dir: t.TempDir()})
}

func openWith(t *testing.T, o bus.Options) *bus.Bus {
	t.Helper()
	o.Logger = quiet
	b, err := bus.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeBus(t, b) })
	return b
}

func closeBus(t *testing.T, b *bus.Bus) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func publish(t *testing.T, b *bus.Bus, m bus.Mail) uint64 {
	t.Helper()
	seq, err := b.PublishMail(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// publishMany publishes mails from many callers at once.
func publishMany(t *testing.T, b *bus.Bus, count int) {
	t.Helper()
	var next atomic.Int64
	var done sync.WaitGroup
	for range 500 {
		done.Go(func() {
			for next.Add(1) <= int64(count) {
				if _, err := b.PublishMail(t.Context(), bus.Mail{Raw: []byte("x")}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
}

// fetch returns exactly count mails in the order in which they come.
func fetch(t *testing.T, b *bus.Bus, count int) []*bus.Received {
	t.Helper()
	var mails []*bus.Received
	for len(mails) < count {
		more, err := b.FetchMails(t.Context(), count-len(mails), soon)
		if err != nil {
			t.Fatal(err)
		}
		if len(more) == 0 {
			t.Fatalf("got %d mails, want %d", len(mails), count)
		}
		mails = append(mails, more...)
	}
	return mails
}

func fetchNone(t *testing.T, b *bus.Bus) {
	t.Helper()
	mails, err := b.FetchMails(t.Context(), 10, 0)
	if err != nil || len(mails) != 0 {
		t.Errorf("got %d mails, error %v; want none", len(mails), err)
	}
}

func content(t *testing.T, b *bus.Bus, m bus.Mail) string {
	t.Helper()
	r, err := b.Open(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestAMailComesOutAsItWentIn(t *testing.T) {
	b := openBus(t)
	at := time.Date(2026, 1, 27, 14, 59, 39, 123456789, time.UTC)
	hostile := "a\r\nRebound-Source: forged\r\n\r\nbody%41%\x00\xff ü@example.org \t"
	for name, mail := range map[string]bus.Mail{
		"usual":          {Raw: []byte("Subject: hi\r\n\r\nthere\r\n"), Received: at, Source: "smtp", To: []string{"x@example.org"}, RemoteIP: "192.0.2.1"},
		"many":           {Raw: []byte("x"), Received: at, Source: "lmtp", From: "a@b", To: []string{"1@example.org", "2@example.org", "1@example.org"}},
		"hostile":        {Raw: []byte("x"), Received: at, Source: hostile, From: hostile, To: []string{hostile, "", " ", hostile}, RemoteIP: hostile},
		"empty":          {Received: at, Source: "file"},
		"any bytes":      {Raw: []byte("\x00\r\n\xff\xfe\n\n"), Received: at, Source: "http"},
		"a percent sign": {Raw: []byte("x"), Received: at, Source: "smtp", From: "100%41@example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			seq := publish(t, b, mail)
			got := fetch(t, b, 1)[0]
			if got.Seq != seq || got.Deliveries != 1 {
				t.Errorf("got sequence %d and delivery %d, want %d and 1", got.Seq, got.Deliveries, seq)
			}
			want := mail
			want.Raw = append([]byte{}, mail.Raw...) // nothing is []byte{}
			got.Mail.Raw = append([]byte{}, got.Mail.Raw...)
			if diff := cmp.Diff(want, got.Mail); diff != "" {
				t.Error(diff)
			}
			if err := b.Ack(t.Context(), []*bus.Received{got}); err != nil {
				t.Error(err)
			}
			again, err := b.Mail(t.Context(), seq)
			if err != nil {
				t.Fatal(err)
			}
			again.Raw = append([]byte{}, again.Raw...)
			if diff := cmp.Diff(want, again); diff != "" {
				t.Error(diff)
			}
			if got := content(t, b, again); got != string(mail.Raw) {
				t.Errorf("got content %q, want %q", got, mail.Raw)
			}
		})
	}
}

func TestAMessageOfAnotherProgramIsAMailFromNATS(t *testing.T) {
	b := openWith(t, bus.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	other, err := nats.Connect(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	before := time.Now().Add(-time.Second)
	if _, err := other.Request("feedback.raw", []byte("Subject: hi\r\n\r\n"), soon); err != nil {
		t.Fatal(err)
	}
	got := fetch(t, b, 1)[0].Mail
	if got.Received.Before(before) || got.Received.After(time.Now().Add(time.Second)) {
		t.Errorf("got %v, want now", got.Received)
	}
	got.Received = time.Time{}
	if diff := cmp.Diff(bus.Mail{Raw: []byte("Subject: hi\r\n\r\n"), Source: "nats"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoPortIsOpenUnlessAskedFor(t *testing.T) {
	if url := openBus(t).URL(); url != "" {
		t.Errorf("got %q, want no address", url)
	}
}

func TestAQuarantinedMailIsKeptAsideWithItsReason(t *testing.T) {
	b := openWith(t, bus.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	mail := bus.Mail{Raw: []byte("poison"), Source: "smtp", To: []string{"x@example.org"}, Received: time.Unix(1, 0).UTC()}
	seq := publish(t, b, mail)
	got := fetch(t, b, 1)[0]
	if err := b.Quarantine(t.Context(), got, errors.New("panic:\r\nhorrible ü")); err != nil {
		t.Fatal(err)
	}
	fetchNone(t, b)
	stats, err := b.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (bus.Stats{Mails: 2, Bytes: stats.Bytes, MaxBytes: stats.MaxBytes, Quarantined: 1}); stats != want {
		t.Errorf("got %+v, want %+v", stats, want)
	}
	kept, err := b.Mail(t.Context(), seq+1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mail, kept); diff != "" {
		t.Error(diff)
	}
	message := rawMessage(t, b, seq+1)
	if got, want := message.Header.Get("Rebound-Quarantine-Reason"), "panic:%0D%0Ahorrible%20%C3%BC"; got != want {
		t.Errorf("got reason %q, want %q", got, want)
	}
	if got, want := message.Header.Get("Rebound-Quarantine-Sequence"), fmt.Sprint(seq); got != want {
		t.Errorf("got sequence %q, want %q", got, want)
	}
}

// rawMessage reads a message of FEEDBACK as another program would.
func rawMessage(t *testing.T, b *bus.Bus, seq uint64) *nats.Msg {
	t.Helper()
	other, err := nats.Connect(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	message, err := other.Request("$JS.API.DIRECT.GET.FEEDBACK", fmt.Appendf(nil, `{"seq":%d}`, seq), soon)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestAMailThatIsNotKeptIsErrGone(t *testing.T) {
	b := openBus(t)
	if _, err := b.Mail(t.Context(), 17); !errors.Is(err, bus.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
}

func TestOneProcessAFolder(t *testing.T) {
	dir := t.TempDir()
	first := openWith(t, bus.Options{Dir: dir})
	if _, err := bus.Open(t.Context(), bus.Options{Dir: dir, Logger: quiet}); !errors.Is(err, bus.ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
	closeBus(t, first)
	openWith(t, bus.Options{Dir: dir})
}

func TestOpenWantsExactlyOnePlace(t *testing.T) {
	for _, o := range []bus.Options{{}, {Dir: t.TempDir(), URL: "nats://127.0.0.1:1"}} {
		if b, err := bus.Open(t.Context(), o); err == nil {
			closeBus(t, b)
			t.Errorf("opened with %+v", o)
		}
	}
}

func TestAServerThatIsNotThereIsErrUnavailable(t *testing.T) {
	_, err := bus.Open(t.Context(), bus.Options{URL: "nats://127.0.0.1:1", Logger: quiet})
	if !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}
