package bus_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rebound-mail/rebound/processor/bus"
)

func TestWhatWasPublishedIsThereAfterReopening(t *testing.T) {
	dir := t.TempDir()
	b := openWith(t, bus.Options{Dir: dir})
	publish(t, b, bus.Mail{Raw: []byte("done")})
	publish(t, b, bus.Mail{Raw: []byte("small")})
	large := noise(2 << 20)
	publish(t, b, bus.Mail{Raw: large})
	if err := b.Ack(t.Context(), fetch(t, b, 1)); err != nil {
		t.Fatal(err)
	}
	closeBus(t, b)
	again := openWith(t, bus.Options{Dir: dir})
	got := fetch(t, again, 2)
	if content(t, again, got[0].Mail) != "small" || content(t, again, got[1].Mail) != string(large) {
		t.Error("the content changed")
	}
	fetchNone(t, again)
}

// TestWhatWasPublishedIsOnTheDiskWithoutClosing opens a copy of the files that a running server has, which is what is
// there after the process is gone.
func TestWhatWasPublishedIsOnTheDiskWithoutClosing(t *testing.T) {
	dir := t.TempDir()
	b := openWith(t, bus.Options{Dir: dir})
	const count = 300
	var done sync.WaitGroup
	for i := range count {
		done.Go(func() {
			if _, err := b.PublishMail(t.Context(), bus.Mail{Raw: []byte(fmt.Sprint("mail ", i))}); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	large := noise(2 << 20)
	publish(t, b, bus.Mail{Raw: large})
	files := t.TempDir()
	if err := os.CopyFS(filepath.Join(files, "copy"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	copied := openWith(t, bus.Options{Dir: filepath.Join(files, "copy")})
	got := fetch(t, copied, count+1)
	texts := map[string]bool{}
	for _, m := range got[:count] {
		texts[string(m.Mail.Raw)] = true
	}
	if len(texts) != count {
		t.Errorf("got %d different mails, want %d", len(texts), count)
	}
	if content(t, copied, got[count].Mail) != string(large) {
		t.Error("the large mail changed")
	}
}

// TestNoAcknowledgedMailIsLostByKill runs itself as another process that publishes from many callers and prints what
// was acknowledged, and kills it with SIGKILL, round after round over the same folder.
func TestNoAcknowledgedMailIsLostByKill(t *testing.T) {
	if dir := os.Getenv("BUS_TEST_PUBLISH_INTO"); dir != "" {
		publishUntilKilled(t, dir)
		return
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 4 {
		killOnce(t, dir, round, acknowledged)
	}
	b := openWith(t, bus.Options{Dir: dir})
	stats, err := b.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range stats.Mails {
		m := fetch(t, b, 1)[0]
		if err := b.Ack(t.Context(), []*bus.Received{m}); err != nil {
			t.Fatal(err)
		}
		id, _, _ := strings.Cut(content(t, b, m.Mail), "\n")
		delete(acknowledged, id)
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged mails are lost", len(acknowledged))
	}
}

// killOnce lets a process publish into dir until enough was acknowledged, and kills it in the middle of the rest.
func killOnce(t *testing.T, dir string, round int, acknowledged map[string]bool) {
	t.Helper()
	const enough = 1000
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "BUS_TEST_PUBLISH_INTO="+dir, fmt.Sprint("BUS_TEST_ROUND=", round))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for before := len(acknowledged); lines.Scan(); {
		id, ok := strings.CutPrefix(lines.Text(), "acknowledged ")
		if !ok {
			t.Fatalf("the publisher said %q", lines.Text())
		}
		acknowledged[id] = true
		if len(acknowledged) == before+enough {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("round %d: got %v, want a killed process", round, err)
	}
}

func publishUntilKilled(t *testing.T, dir string) {
	b, err := bus.Open(t.Context(), bus.Options{Dir: dir, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	var output sync.Mutex
	var done sync.WaitGroup
	for caller := range 100 {
		done.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", os.Getenv("BUS_TEST_ROUND"), caller, i)
				raw := make([]byte, 2000)
				if caller == 0 {
					raw = make([]byte, 600<<10)
				}
				copy(raw, id+"\n")
				if _, err := b.PublishMail(context.Background(), bus.Mail{Raw: raw}); err != nil {
					panic(err)
				}
				output.Lock()
				fmt.Println("acknowledged", id)
				output.Unlock()
			}
		})
	}
	done.Wait()
}
