package processor

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/classify"
)

var mutations = flag.Int("mutations", 20, "how many forms of each mail with random bytes are read; more search longer")

const (
	cuts = 50
	// maxLines bounds the lines of a mail that are left out in turn.
	maxLines = 500
	// stuck is when a mail counts as one that never ends: reading takes microseconds.
	stuck = 2 * time.Minute
	// residue is what reading may leave on the heap over all mails, and perMail what it may allocate for one.
	residue = 16 << 20
	perMail = 4 << 20
)

type testMail struct {
	path string
	raw  []byte
}

// allMails are the mails below testdata and arf/testdata.
func allMails(t testing.TB) []testMail {
	t.Helper()
	var all []testMail
	for _, folder := range []string{testdata, "../arf/testdata"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if entry != nil && entry.Name() == "recordings-new" {
				return fs.SkipDir // not looked at by anybody yet
			}
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".eml" {
				return err
			}
			raw, err := os.ReadFile(path)
			all = append(all, testMail{path: path, raw: raw})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 200 {
		t.Fatalf("found only %d mails", len(all))
	}
	return all
}

// sample is every n-th mail of all, so that about most are left: all of them damaged in every way would take minutes. With a larger
// -mutations all are taken.
func sample(all []testMail, most int) []testMail {
	if *mutations > 20 {
		return all
	}
	every := max(1, len(all)/most)
	var some []testMail
	for i := 0; i < len(all); i += every {
		some = append(some, all[i])
	}
	return some
}

// damaged yields forms of a mail: cut off at 50 places, without each of its lines, with random bytes.
func damaged(mail []byte, random *rand.Rand, yield func(mail []byte)) {
	for i := range cuts {
		yield(mail[:len(mail)*i/cuts])
	}
	lines := bytes.SplitAfter(mail, []byte("\n"))
	for i := range min(len(lines), maxLines) {
		yield(bytes.Join(append(lines[:i:i], lines[i+1:]...), nil))
	}
	for range *mutations {
		yield(flipped(mail, random))
	}
}

// flipped changes up to 20 bytes: to any byte, or to one that means something in a mail.
func flipped(mail []byte, random *rand.Rand) []byte {
	const telling = "\r\n\t \x00\x1b:;=?<>@-_\"\\(){}.,/+\xff\x80"
	changed := bytes.Clone(mail)
	for range 1 + random.IntN(20) {
		at, b := random.IntN(len(changed)), byte(random.Uint32())
		if random.IntN(2) == 0 {
			b = telling[random.IntN(len(telling))]
		}
		changed[at] = b
	}
	return changed
}

// watch ends the test process when f reads one mail for so long that it never ends, and names that mail.
func watch(t *testing.T, f func(reading *atomic.Pointer[string])) {
	t.Helper()
	var reading atomic.Pointer[string]
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		before := reading.Load()
		for tick := time.NewTicker(stuck); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				if now := reading.Load(); now != nil && now == before {
					panic("reading hangs in a damaged form of " + *now)
				} else {
					before = now
				}
			}
		}
	})
	f(&reading)
	close(done)
	watching.Wait()
}

func heap() (now, total uint64) {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc, stats.TotalAlloc
}

func TestDamagedMailsAreReadToTheirEnd(t *testing.T) {
	all, rules := sample(allMails(t), 200), classify.Default()
	before, _ := heap()
	watch(t, func(reading *atomic.Pointer[string]) {
		for i, mail := range all {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			forms := 0
			var started, ended runtime.MemStats
			runtime.ReadMemStats(&started)
			damaged(mail.raw, random, func(form []byte) {
				name := mail.path
				reading.Store(&name)
				forms++
				if found := Recognize(bytes.NewReader(form), rules); found.Err != nil && strings.Contains(found.Err.Error(), "panicked") {
					t.Errorf("%s: %v\nthe mail, quoted: %q", mail.path, found.Err, form)
				}
			})
			runtime.ReadMemStats(&ended)
			if got := (ended.TotalAlloc - started.TotalAlloc) / uint64(forms); got > perMail {
				t.Errorf("%s: reading a damaged form allocated %d bytes on average, want at most %d", mail.path, got, perMail)
			}
		}
	})
	if after, _ := heap(); after > before+residue {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

// An address that is cut is another one, and might be somebody's.
func TestAReportThatIsCutOffNamesNobodyElse(t *testing.T) {
	for _, name := range []string{"postfix/nouser.failed.eml", "postfix/many.failed.eml", "exim4/nouser.failed.eml", "sendmail/nouser.failed.eml",
		"opensmtpd/nouser.failed.eml", "nullmailer/nouser.failed.eml", "pigeonhole/report-abuse.eml"} {
		raw, err := os.ReadFile(filepath.Join(testdata, "recordings", name))
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, recipient := range read(t, name).Recipients {
			known[recipient.Address] = true
		}
		for end := range raw {
			for _, recipient := range Parse(name, bytes.NewReader(raw[:end]), classify.Default()).Recipients {
				if !known[recipient.EmailAddress] {
					t.Errorf("%s, cut behind %q: got %q", name, raw[max(0, end-40):end], recipient.EmailAddress)
				}
			}
		}
	}
}

// Every reader has its own state: what sixteen of them answer at the same time is what one answers.
func TestSixteenReadersAgreeWithOne(t *testing.T) {
	all, rules := allMails(t), classify.Default()
	answer := func(mail testMail) string {
		text, err := json.Marshal(Parse(mail.path, bytes.NewReader(mail.raw), rules))
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	want := make([]string, len(all))
	for i, mail := range all {
		want[i] = answer(mail)
	}
	var readers sync.WaitGroup
	for n := range uint64(16) {
		readers.Go(func() {
			for _, i := range rand.New(rand.NewPCG(2, n)).Perm(len(all)) {
				if got := answer(all[i]); got != want[i] {
					t.Errorf("%s: got %s, want %s", all[i].path, got, want[i])
				}
			}
		})
	}
	readers.Wait()
}
