package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func openInternal(t *testing.T, o Options) *Bus {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	b, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// messages returns mails for a batch, of which those at the odd places are too large for the stream.
func messages(count int, odd ...int) []*nats.Msg {
	list := make([]*nats.Msg, count)
	for i := range list {
		list[i] = &nats.Msg{Subject: subjectRaw, Header: nats.Header{}, Data: fmt.Append(nil, "mail ", i)}
	}
	for _, i := range odd {
		list[i].Header.Set(headerReason, strings.Repeat("x", 70<<10))
	}
	return list
}

func TestABatchIsKeptAsAWholeOrNotAtAll(t *testing.T) {
	b := openInternal(t, Options{Dir: t.TempDir()})
	var refusal *jetstream.APIError
	if _, err := b.publisher.batch(t.Context(), messages(100, 60)); !errors.As(err, &refusal) {
		t.Errorf("got %v, want a refusal", err)
	}
	stats, err := b.Stats(t.Context())
	if err != nil || stats.Mails != 0 {
		t.Errorf("got %d mails, error %v; want none", stats.Mails, err)
	}
	last, err := b.publisher.batch(t.Context(), messages(100))
	if err != nil || last != 100 {
		t.Errorf("got last sequence %d, error %v; want 100", last, err)
	}
}

func TestOneMailThatIsRefusedDoesNotCostTheOthersOfItsGroup(t *testing.T) {
	b := openInternal(t, Options{Dir: t.TempDir()})
	kept := map[uint64]bool{}
	for i, r := range b.publisher.publish(t.Context(), messages(100, 0, 60, 99)) {
		if odd := i == 0 || i == 60 || i == 99; odd != (causeOf(r.err) == ErrTooLarge) || odd == (r.err == nil) {
			t.Errorf("mail %d: got error %v", i, r.err)
		}
		if r.err == nil {
			kept[r.sequence] = true
		}
	}
	if len(kept) != 97 {
		t.Errorf("got %d sequences, want 97", len(kept))
	}
	stats, err := b.Stats(t.Context())
	if err != nil || stats.Mails != 97 {
		t.Errorf("got %d mails, error %v; want 97", stats.Mails, err)
	}
}

func TestADiskThatIsNearlyFullRefusesMailsAndLargeMails(t *testing.T) {
	b := openInternal(t, Options{Dir: t.TempDir()})
	b.server.reserve = math.MaxInt64
	for _, size := range []int{10, 1 << 20} {
		if _, err := b.PublishMail(t.Context(), Mail{Raw: make([]byte, size)}); !errors.Is(err, ErrFull) {
			t.Errorf("%d bytes: got %v, want ErrFull", size, err)
		}
	}
	if err := b.Healthy(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("got health %v, want ErrFull", err)
	}
	b.server.reserve = reserveBytes
	if _, err := b.PublishMail(t.Context(), Mail{Raw: []byte("x")}); err != nil {
		t.Error(err)
	}
	if err := b.Healthy(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestADiskThatFailsIsSaidAndStaysSo runs itself once more as a process whose files cannot grow, because that limit
// holds for a whole process.
func TestADiskThatFailsIsSaidAndStaysSo(t *testing.T) {
	if dir := os.Getenv("BUS_TEST_FAILING_DISK"); dir != "" {
		publishWithoutRoom(t, dir)
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "BUS_TEST_FAILING_DISK="+dir)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b := openInternal(t, Options{Dir: dir})
	stats, err := b.Stats(t.Context())
	if err != nil || stats.Mails != 1 {
		t.Errorf("got %d mails after a new start, error %v; want the one that was kept", stats.Mails, err)
	}
}

func publishWithoutRoom(t *testing.T, dir string) {
	b, err := Open(t.Context(), Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	b.publisher.wait = time.Second
	if _, err := b.PublishMail(t.Context(), Mail{Raw: make([]byte, 100<<10)}); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // or the system ends the process instead of failing the write
	limit := syscall.Rlimit{Cur: 150 << 10, Max: 1 << 40}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if seq, err := b.PublishMail(t.Context(), Mail{Raw: make([]byte, 100<<10)}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got sequence %d, error %v; want ErrUnavailable", seq, err)
	}
	if err := b.Healthy(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "check the disk") {
		t.Errorf("got health %v, want ErrUnavailable that tells of the disk", err)
	}
	b.publisher.wait = time.Hour // nobody waits for the server any more
	if _, err := b.PublishMail(t.Context(), Mail{Raw: []byte("x")}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

func TestEscapeKeepsAnyBytesAndWritesOnlyVisibleASCII(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, value := range []string{"", "a@b", string(all), "%41", "%", "%zz", "\r\n", "ü"} {
		safe := escape(value)
		for _, c := range []byte(safe) {
			if c <= ' ' || c >= 0x7f {
				t.Errorf("%q: got byte %#x", value, c)
			}
		}
		if got := unescape(safe); got != value {
			t.Errorf("got %q, want %q", got, value)
		}
	}
	if got := unescape("50%off"); got != "50%off" {
		t.Errorf("got %q for what escape did not write", got)
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a@b\r\n%41")
	f.Fuzz(func(t *testing.T, value string) {
		if got := unescape(escape(value)); got != value {
			t.Errorf("got %q, want %q", got, value)
		}
	})
}

func TestTheServerInsideSyncsEveryMessage(t *testing.T) {
	b := openInternal(t, Options{Dir: t.TempDir()})
	if !b.server.nats.JetStreamConfig().SyncAlways {
		t.Error("the server does not sync every message")
	}
	if got := b.Warnings(); len(got) > 0 {
		t.Errorf("got warnings %q", got)
	}
}

func TestAListenerForOtherMachinesIsSaid(t *testing.T) {
	for listen, want := range map[string]int{
		"": 0, "127.0.0.1:4222": 0, "[::1]:4222": 0, "localhost:4222": 0, "0.0.0.0:4222": 1, ":4222": 1, "192.0.2.1:4222": 1,
	} {
		var b Bus
		if b.checkListener(listen); len(b.warnings) != want {
			t.Errorf("%q: got warnings %q, want %d", listen, b.warnings, want)
		}
	}
}

func TestAtLeastComparesVersions(t *testing.T) {
	for version, want := range map[string]bool{
		"2.15.0": true, "2.15.2-RC.1": true, "2.16.1": true, "3.0.0": true, "2.14.9": false, "1.99.0": false, "": false, "dev": false,
	} {
		if got := atLeast(version, 2, 15); got != want {
			t.Errorf("%q: got %v, want %v", version, got, want)
		}
	}
}

// TestTheCommitterGathersOnlyUnderLoad holds the committer still and looks at what it would do.
func TestTheCommitterGathersOnlyUnderLoad(t *testing.T) {
	c := &committer{timer: time.NewTimer(time.Hour)}
	c.add(&publication{size: 1})
	if !c.due() {
		t.Error("a lone message waits")
	}
	c.busy = true
	if c.due() {
		t.Error("a second group is sent while one is on its way")
	}
	c.busy, c.before = false, 400
	if c.due() {
		t.Error("the group after a large one does not wait for the callers to come back")
	}
	c.late = true
	if !c.due() {
		t.Error("the group after a large one waits without end")
	}
	c.late, c.size = false, groupBytes
	if !c.due() || !c.full() {
		t.Error("a group of full size waits")
	}
}
