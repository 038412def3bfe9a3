package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const recordingsDir = "../../testdata/recordings"

// recordings returns every recorded mail by its name, "postfix/nouser.failed".
func recordings(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(recordingsDir + "/*/*.eml")
	if err != nil || len(files) < 150 {
		t.Fatalf("got %d recordings, %v", len(files), err)
	}
	mails := make(map[string][]byte, len(files))
	for _, file := range files {
		mail, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(recordingsDir, file)
		mails[strings.TrimSuffix(name, ".eml")] = mail
	}
	return mails
}

func recording(t testing.TB, name string) []byte {
	t.Helper()
	mail, err := os.ReadFile(filepath.Join(recordingsDir, name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

func read(t testing.TB, mail string) *Message {
	t.Helper()
	m, err := Read(strings.NewReader(mail))
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return m
}

func TestEveryRecordingIsReadWithoutAProblem(t *testing.T) {
	for name, mail := range recordings(t) {
		m := read(t, string(mail))
		if len(m.Problems) > 0 {
			t.Errorf("%s: got the problems %v", name, m.Problems)
		}
		if m.Size != int64(len(mail)) {
			t.Errorf("%s: got size %d, want %d", name, m.Size, len(mail))
		}
		if strings.TrimSpace(m.Text) == "" {
			t.Errorf("%s: no text", name)
		}
		reporter, _, _ := strings.Cut(name, "/")
		plain := reporter == "dma" || reporter == "autoreply" || strings.Contains(name, "vacation")
		if plain != (len(m.Machine) == 0) || plain != (m.Returned == nil) {
			t.Errorf("%s: got %d machine parts and a returned header of %d fields", name, len(m.Machine), len(m.Returned))
		}
		if !plain && m.Returned.Get("Subject") == "" {
			t.Errorf("%s: the returned header has no subject", name)
		}
	}
}

func TestLineEndsMakeNoDifference(t *testing.T) {
	for name, mail := range recordings(t) {
		mail := strings.ReplaceAll(string(mail), "\r\r\n", "\r\n") // in replies that dma quotes
		want := read(t, mail)
		for ends, replacement := range map[string]string{"LF": "\n", "CR": "\r", "CR CR LF": "\r\r\n"} {
			got := read(t, strings.ReplaceAll(mail, "\r\n", replacement))
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Message{}, "Size")); diff != "" {
				t.Errorf("%s with %s (-CRLF +%s):\n%s", name, ends, ends, diff)
			}
		}
	}
}

func TestPiecesOfTheInputMakeNoDifference(t *testing.T) {
	for _, name := range []string{"postfix/nouser.failed", "nullmailer/multiline.failed", "pigeonhole/report-abuse"} {
		mail := recording(t, name)
		for _, ends := range []string{"\r\n", "\r", "\r\r\n"} {
			mail := strings.ReplaceAll(string(mail), "\r\n", ends)
			want := read(t, mail)
			for piece, r := range map[string]io.Reader{
				"one byte": iotest.OneByteReader(strings.NewReader(mail)), "half": iotest.HalfReader(strings.NewReader(mail)),
				"data and EOF": iotest.DataErrReader(strings.NewReader(mail)),
			} {
				got, err := Read(r)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("%s, %s, %q: %v\n%s", name, piece, ends, err, diff)
				}
			}
		}
	}
}

// Buffers are used again: what was read before, or is read elsewhere at the same
// time, must not show.
func TestReadingAtTheSameTimeMakesNoDifference(t *testing.T) {
	mails := recordings(t)
	want := make(map[string]*Message, len(mails))
	for name, mail := range mails {
		want[name] = read(t, string(mail))
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for name, mail := range mails {
				got, err := Read(bytes.NewReader(mail))
				if diff := cmp.Diff(want[name], got); diff != "" || err != nil {
					t.Errorf("%s: %v, -want +got:\n%s", name, err, diff)
				}
			}
		})
	}
	group.Wait()
}

// A mail that is cut off gives what stands before the cut, and never panics.
func TestTruncatedRecordingsAreRead(t *testing.T) {
	for name, mail := range recordings(t) {
		for i := range 50 {
			cut := 1 + (len(mail)-1)*i/50
			m, err := Read(bytes.NewReader(mail[:cut]))
			if err != nil {
				t.Fatalf("%s cut at %d: %v", name, cut, err)
			}
			if m.Size != int64(cut) {
				t.Errorf("%s cut at %d: got size %d", name, cut, m.Size)
			}
		}
	}
}

// Archives and filters lose lines. A report that lost one anywhere behind its
// own header must still show its recipient.
func TestARecordingWithoutOneLineKeepsItsFields(t *testing.T) {
	for _, name := range []string{"postfix/nouser.failed", "exim4/nouser.failed", "sendmail/nouser.failed", "opensmtpd/nouser.failed", "nullmailer/nouser.failed"} {
		lines := strings.SplitAfter(string(recording(t, name)), "\r\n")
		for i, line := range lines {
			m, err := Read(strings.NewReader(strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")))
			if err != nil {
				t.Fatalf("%s without line %d: %v", name, i+1, err)
			}
			want := 1
			if strings.HasPrefix(line, "Final-Recipient:") {
				want = 0
			}
			got := 0
			for _, part := range m.Machine {
				for _, group := range part.Groups {
					got += len(group.Values("Final-Recipient"))
				}
			}
			if got != want {
				t.Errorf("%s without line %d %q: got %d recipients, want %d", name, i+1, line, got, want)
			}
		}
	}
}

func TestAFailingReaderIsToldWithWhatWasRead(t *testing.T) {
	mail := recording(t, "postfix/nouser.failed")
	broken := errors.New("connection lost")
	m, err := Read(io.MultiReader(bytes.NewReader(mail[:1500]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
	if m == nil || m.Header.Get("Subject") != "Undelivered Mail Returned to Sender" || m.Size != 1500 {
		t.Errorf("got %+v, want what was read before", m)
	}
	if _, err := Read(stuck{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got error %v, want io.ErrNoProgress", err)
	}
}

// stuck never gives anything, and never ends.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }
