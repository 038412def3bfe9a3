package intake_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/intake"
)

// readStdin returns the mails that Walk finds in text, given as stdin.
func readStdin(t testing.TB, text string) []string {
	t.Helper()
	var mails []string
	err := intake.Walk([]string{"-"}, iotest.OneByteReader(strings.NewReader(text)), func(name string, r io.Reader) error {
		mail, err := io.ReadAll(r)
		mails = append(mails, string(mail))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

func TestMailboxGivesEachMail(t *testing.T) {
	const from = "From a@example.org Fri Jul  8 12:08:34 2011\n"
	tests := []struct {
		name, box string
		want      []string
	}{
		{"one mail", from + "Subject: 1\n\nbody\n\n", []string{"Subject: 1\n\nbody\n"}},
		{"two mails", from + "Subject: 1\n\nbody\n\n" + from + "Subject: 2\n\nbody\n\n", []string{"Subject: 1\n\nbody\n", "Subject: 2\n\nbody\n"}},
		{"only one empty line belongs to the mailbox", from + "A: 1\n\n\n\n" + from + "A: 2\n\n\n", []string{"A: 1\n\n\n", "A: 2\n\n"}},
		{"the last empty line is missing", from + "A: 1\n\nx\n" + from + "A: 2\n\ny", []string{"A: 1\n\nx\n", "A: 2\n\ny"}},
		{"the last mail breaks off in its header", from + "A: 1\n\nx\n\n" + from + "Subj", []string{"A: 1\n\nx\n", "Subj"}},
		{"the last mail breaks off after its From_ line", from + "A: 1\n\n" + from, []string{"A: 1\n", ""}},
		{"mboxo quoting", from + "A: 1\n\n>From here on\n", []string{"A: 1\n\nFrom here on\n"}},
		{"mboxrd quoting", from + "A: 1\n\n>>From here on\n\n>>>From\n> From\n>Fromage\n", []string{"A: 1\n\n>From here on\n\n>>>From\n> From\n>Fromage\n"}},
		{"a sentence that starts with From is none", from + "A: 1\n\nx\n\nFrom here on, at 12:30 all is well\nFrom me\n", []string{"A: 1\n\nx\n\nFrom here on, at 12:30 all is well\nFrom me\n"}},
		{"with a zone", "From a@b Fri Jul  8 12:08:34 CEST 2011\nA: 1\n\nFrom MAILER-DAEMON Fri Jul 08 12:08:34 2011 +0200\nA: 2\n", []string{"A: 1\n", "A: 2\n"}},
		{"Thunderbird", "From - Fri Jul 08 12:08:34 2011\nA: 1\n\nFrom \nA: 2\n\nFrom -\nA: 3\n", []string{"A: 1\n", "A: 2\n", "A: 3\n"}},
		{"an address alone", "From a@b\nA: 1\n\nFrom c@d\nA: 2\n", []string{"A: 1\n", "A: 2\n"}},
		{"a date in another order", from + "A: 1\n\nFrom c@d Fri, 8 Jul 2011 12:08:34 +0200\nA: 2\n", []string{"A: 1\n", "A: 2\n"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, readStdin(t, test.box)); diff != "" {
				t.Errorf("LF (-want +got):\n%s", diff)
			}
			var want []string
			for _, mail := range test.want {
				want = append(want, crlf(mail))
			}
			if diff := cmp.Diff(want, readStdin(t, crlf(test.box))); diff != "" {
				t.Errorf("CRLF (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMailboxPassesLongLinesWhole(t *testing.T) {
	const from = "From a@example.org Fri Jul  8 12:08:34 2011\n"
	long := strings.Repeat("0123456789abcdef", 20<<10) // 320 KiB
	want := []string{"A: 1\n\n" + long + "From x\n", "A: 2\n\n" + long}
	got := readStdin(t, from+want[0]+"\n"+from+want[1])
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("a mail changed")
	}
}

func TestUnreadMailsArePassedOver(t *testing.T) {
	const from = "From a@example.org Fri Jul  8 12:08:34 2011\n"
	box := from + "A: 1\n\nx\n\ny\n\n" + from + "A: 2\n\n" + from + "A: 3\n"
	var starts []string
	err := intake.Walk([]string{"-"}, strings.NewReader(box), func(_ string, r io.Reader) error {
		start := make([]byte, 4)
		_, err := io.ReadFull(r, start)
		starts = append(starts, string(start))
		return err
	})
	if diff := cmp.Diff([]string{"A: 1", "A: 2", "A: 3"}, starts); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s\nerror %v", diff, err)
	}
}

func TestMailboxThatBreaksOffGivesItsMailsAndTheError(t *testing.T) {
	broken := errors.New("input/output error")
	const box = "From a@b\nA: 1\n\nFrom c@d\nA: 2\n"
	var mails []string
	err := intake.Walk([]string{"-"}, io.MultiReader(strings.NewReader(box), iotest.ErrReader(broken)), func(_ string, r io.Reader) error {
		mail, err := io.ReadAll(r)
		mails = append(mails, string(mail))
		return err
	})
	if diff := cmp.Diff([]string{"A: 1\n", "A: 2\n"}, mails); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
}

func TestSkipAllEndsInsideAMailbox(t *testing.T) {
	calls := 0
	err := intake.Walk([]string{"-", "nowhere"}, strings.NewReader("From a@b\nA: 1\n\nFrom c@d\nA: 2\n"), func(string, io.Reader) error {
		calls++
		return fs.SkipAll
	})
	if calls != 1 || err != nil {
		t.Errorf("got %d calls and error %v, want 1 and none", calls, err)
	}
}

// FuzzMailbox holds that any bytes can be read, and that what was read, written as mboxrd, is read as the same mails.
func FuzzMailbox(f *testing.F) {
	f.Add("From a@b Fri Jul  8 12:08:34 2011\nA: 1\n\nx\n\nFrom c@d Fri Jul  8 12:08:34 2011\r\nA: 2\r\n\r\n>From y\r\n")
	f.Add("From \n\n\n\nFrom -\n>>From \n>From")
	f.Add(recordedMailbox(f))
	f.Add("A: 1\n\nno mailbox\n\nFrom a@b\n")
	f.Fuzz(func(t *testing.T, text string) {
		mails := readStdin(t, text)
		var box strings.Builder
		for i, mail := range mails {
			if mail != "" && !strings.HasSuffix(mail, "\n") {
				mail += "\n"
				mails[i] = mail
			}
			box.WriteString("From a@example.org Fri Jul  8 12:08:34 2011\n")
			for line := range strings.Lines(mail) {
				if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
					box.WriteString(">")
				}
				box.WriteString(line)
			}
			box.WriteString("\n")
		}
		if diff := cmp.Diff(mails, readStdin(t, box.String())); diff != "" {
			t.Errorf("written and read again (-want +got):\n%s", diff)
		}
	})
}

// recordedMailbox holds a few of the recorded mails.
func recordedMailbox(f *testing.F) string {
	f.Helper()
	var box strings.Builder
	for _, name := range []string{"postfix/nouser.failed.eml", "dma/nouser.nodsn.eml", "pigeonhole/report-abuse.eml", "autoreply/formail.eml"} {
		mail, err := os.ReadFile(filepath.Join("../../testdata/recordings", name))
		if err != nil {
			f.Fatal(err)
		}
		box.WriteString("From MAILER-DAEMON Sun Nov 22 05:29:15 2026\r\n" + string(mail) + "\r\n")
	}
	return box.String()
}

func crlf(s string) string {
	return strings.ReplaceAll(s, "\n", "\r\n")
}
