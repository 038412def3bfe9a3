package bus_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rebound-mail/rebound/processor/bus"
)

// noise returns bytes that no two pieces of share.
func noise(size int) []byte {
	raw := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(raw)
	return raw
}

func TestALargeMailIsKeptApartAndReadInPieces(t *testing.T) {
	for _, size := range []int{512<<10 - 1, 512 << 10, 512<<10 + 1, 1 << 20, 3<<20 + 7} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			b := openBus(t)
			raw := noise(size)
			seq := publish(t, b, bus.Mail{Raw: raw, Source: "smtp", To: []string{"x@example.org"}})
			got := fetch(t, b, 1)[0]
			if apart := got.Mail.Object != ""; apart != (size > 512<<10) || apart != (got.Mail.Raw == nil) {
				t.Errorf("got object %q and %d bytes", got.Mail.Object, len(got.Mail.Raw))
			}
			if got.Mail.Source != "smtp" || len(got.Mail.To) != 1 {
				t.Errorf("got envelope %+v", got.Mail)
			}
			again, err := b.Mail(t.Context(), seq)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range []bus.Mail{got.Mail, again} {
				r, err := b.Open(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				if err := iotest.TestReader(r, raw); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestTheLargestMailDoesNotFillTheMemory(t *testing.T) {
	b := openBus(t)
	raw := noise(bus.MaxMailBytes)
	want := sha256.Sum256(raw)
	publish(t, b, bus.Mail{Raw: raw})
	raw = nil
	got := fetch(t, b, 1)[0]
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := b.Open(t.Context(), got.Mail)
	if err != nil {
		t.Fatal(err)
	}
	sum, buffer, most := sha256.New(), make([]byte, 32<<10), uint64(0)
	for err == nil {
		var n int
		n, err = r.Read(buffer)
		sum.Write(buffer[:n])
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc {
		most = after.HeapAlloc - before.HeapAlloc
	}
	if most > 20<<20 {
		t.Errorf("%d MiB stay in memory after reading", most>>20)
	}
	if !bytes.Equal(sum.Sum(nil), want[:]) {
		t.Error("the content changed")
	}
}

func TestALargeMailWhoseTimeHasPassedIsErrGone(t *testing.T) {
	b := openWith(t, bus.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	seq := publish(t, b, bus.Mail{Raw: noise(1 << 20)})
	m, err := b.Mail(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	other, err := nats.Connect(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Request("$JS.API.STREAM.PURGE.LARGE", nil, soon); err != nil {
		t.Fatal(err)
	}
	r, err := b.Open(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, bus.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
}

func TestAnObjectNobodyKeptIsAnError(t *testing.T) {
	b := openBus(t)
	publish(t, b, bus.Mail{Raw: noise(1 << 20)})
	for _, object := range []string{"x", "1-1-1", "0-1-1-a", "1-99999999-5-a", "1-1-99999999999-a", "1-2-1048576-another", "-1-2-3-a"} {
		r, err := b.Open(t.Context(), bus.Mail{Object: object})
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if err == nil {
			t.Errorf("%q: got no error", object)
		}
	}
}

func TestALargeMailCanBePublishedAgainAndQuarantined(t *testing.T) {
	b := openBus(t)
	raw := noise(1 << 20)
	publish(t, b, bus.Mail{Raw: raw, Source: "smtp"})
	first := fetch(t, b, 1)[0]
	publish(t, b, first.Mail)
	second := fetch(t, b, 1)[0]
	if err := b.Quarantine(t.Context(), second, errors.New("no")); err != nil {
		t.Fatal(err)
	}
	aside, err := b.Mail(t.Context(), second.Seq+1)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []bus.Mail{second.Mail, aside} {
		if content(t, b, m) != string(raw) {
			t.Error("the content changed")
		}
	}
}

func TestReadingALargeMailEndsWithItsContext(t *testing.T) {
	b := openBus(t)
	publish(t, b, bus.Mail{Raw: noise(2 << 20)})
	got := fetch(t, b, 1)[0]
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	r, err := b.Open(ctx, got.Mail)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
