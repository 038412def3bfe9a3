package report

import (
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// repeated gives prefix, then unit count times, without holding them.
func repeated(prefix, unit string, count int) io.Reader {
	return io.MultiReader(strings.NewReader(prefix), &repeater{unit: unit, left: count})
}

type repeater struct {
	unit string
	left int
	rest string
}

func (r *repeater) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if r.rest == "" {
			if r.left == 0 {
				return n, io.EOF
			}
			r.rest, r.left = r.unit, r.left-1
		}
		c := copy(b[n:], r.rest)
		r.rest = r.rest[c:]
		n += c
	}
	return n, nil
}

// numbered gives unit count times, "#" in it replaced by 0, 1, 2 …
func numbered(unit string, count int) io.Reader {
	i, next := 0, []byte(nil)
	return readerFunc(func(b []byte) (int, error) {
		n := 0
		for i < count {
			next = next[:0]
			for _, c := range []byte(unit) {
				if c == '#' {
					next = strconv.AppendInt(next, int64(i), 10)
				} else {
					next = append(next, c)
				}
			}
			if len(next) > len(b)-n {
				break
			}
			n += copy(b[n:], next)
			i++
		}
		if n == 0 {
			return 0, io.EOF
		}
		return n, nil
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

const (
	reportTop = "From: MAILER-DAEMON@example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
	statusTop = reportTop + "--b\nContent-Type: message/delivery-status\n\n"
	kept      = 1 << 20 // what one message may hold
	allocated = 8 << 20 // what reading it may allocate on the way
)

func TestHostileMailsAreReadInBoundedMemory(t *testing.T) {
	tests := []struct {
		name string
		mail func() io.Reader
		want error // among the problems; nil when nothing needs to be left out
	}{
		{"20 MB of part header", func() io.Reader { return repeated(reportTop+"--b\n", "X-A: b\n", 20<<20/7) }, ErrTooLarge},
		{"5 MB of header", func() io.Reader { return repeated("", "X-A: b\n", 5<<20/7) }, ErrTooLarge},
		{"5 MB of one folded field", func() io.Reader { return repeated("Subject: a\n", " b\n", 5<<20/3) }, ErrTooLarge},
		{"5 MB of lines that are no fields", func() io.Reader { return repeated("Subject: a\n", "no field\nX: y\n", 5<<20/14) }, ErrTooLarge},
		{"5 MB of returned header", func() io.Reader {
			return repeated(reportTop+"--b\nContent-Type: message/rfc822\n\n", "X-A: b\n", 5<<20/7)
		}, ErrTooLarge},
		{"5 MB of base64 returned header", func() io.Reader {
			return repeated(reportTop+"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n", "WC1BOiBiCg==\n", 5<<20/13)
		}, ErrTooLarge},
		{"10,000 nested multiparts", nestedMultiparts(10_000), ErrTooDeep},
		{"100,000 nested multiparts", nestedMultiparts(100_000), ErrTooDeep},
		{"100,000 nested mails", func() io.Reader {
			return repeated("From: a@example.net\n", "Content-Type: message/rfc822\n\n", 100_000)
		}, nil},
		{"100,000 nested reports", func() io.Reader {
			return repeated("", "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n", 100_000)
		}, nil},
		{"100,000 parts", func() io.Reader { return repeated(reportTop, "--b\nContent-Type: text/plain\n\na\n", 100_000) }, ErrTooMany},
		{"200,000 empty parts", func() io.Reader { return repeated(reportTop, "--b\n\n", 200_000) }, ErrTooMany},
		{"100,000 machine parts", func() io.Reader {
			return repeated(reportTop, "--b\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n", 100_000)
		}, ErrTooMany},
		{"large machine parts", func() io.Reader {
			return repeated(reportTop, "--b\nContent-Type: message/delivery-status\n\n"+strings.Repeat("Status: 5.1.1\n\n", 5000), 100)
		}, ErrTooMany},
		{"a million fields", func() io.Reader { return repeated(statusTop, "a:\n", 1_000_000) }, ErrTooLarge},
		{"a million groups", func() io.Reader { return repeated(statusTop, "a:\n\n", 1_000_000) }, ErrTooLarge},
		{"10 MB line in the header", func() io.Reader { return repeated("Subject: ", "a", 10<<20) }, ErrTooLarge},
		{"10 MB line in the text", func() io.Reader { return repeated(reportTop+"--b\n\n", "a", 10<<20) }, ErrTooLarge},
		{"10 MB line in the machine part", func() io.Reader { return repeated(statusTop+"Status: ", "5", 10<<20) }, ErrTooLarge},
		{"10 MB line of base64", func() io.Reader {
			return repeated(reportTop+"--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n", "U3RhdHVzOiA1CgoK", 10<<20/16)
		}, ErrTooLarge},
		{"10 MB line that begins like a delimiter", func() io.Reader { return repeated(reportTop+"--", "b", 10<<20) }, ErrTooLarge},
		{"39 MiB of text", func() io.Reader { return repeated("Subject: a\n\n", strings.Repeat("a", 70)+"\n", 39<<20/71) }, ErrTooLarge},
		{"10 MiB of HTML", func() io.Reader { return repeated("Content-Type: text/html\n\n", "<p><b>a</b>\n", 10<<20/12) }, ErrTooLarge},
		{"39 MiB of returned body", func() io.Reader {
			return repeated(reportTop+"--b\nContent-Type: message/rfc822\n\nSubject: a\n\n", strings.Repeat("a", 70)+"\r\n", 39<<20/72)
		}, nil},
		{"2 MiB of CR", func() io.Reader { return repeated("Subject: a\r\r", "\r", 2<<20) }, nil},
		{"5 MiB with CR only", func() io.Reader { return repeated("Subject: a\r\r", "abc\r", 5<<20/4) }, ErrTooLarge},
		{"2 MiB of blank lines", func() io.Reader { return repeated("", "\n", 2<<20) }, ErrEmpty},
		{"5 MiB of delimiters", func() io.Reader { return repeated("Subject: a\n\n", "--a\nContent-Type: text/plain\n", 5<<20/29) }, ErrTooMany},
		{"200,000 different delimiters", func() io.Reader {
			return numbered("--#\nContent-Type: multipart/mixed; boundary=#0\n\n", 200_000)
		}, nil},
		{"10 MiB of inline fields", func() io.Reader {
			return repeated("From: MAILER-DAEMON\n\n", "Final-Recipient: rfc822; a@example.net\nAction: failed\na:\nb:\nc:\n\n", 10<<20/67)
		}, ErrTooLarge},
		{"10 MiB of Latin-1", func() io.Reader { return repeated("Subject: a\n\n", strings.Repeat("\xe9", 70)+"\n", 10<<20/71) }, ErrTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Read(strings.NewReader("Subject: the buffers are made\n\n")); err != nil {
				t.Fatal(err)
			}
			var before, after, end runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			m, err := Read(test.mail())
			runtime.ReadMemStats(&after)
			runtime.GC()
			runtime.ReadMemStats(&end)
			if test.want == ErrEmpty {
				if err != ErrEmpty {
					t.Fatalf("got %v, want ErrEmpty", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := int64(after.TotalAlloc - before.TotalAlloc); got > allocated {
				t.Errorf("allocated %d bytes, want at most %d", got, allocated)
			}
			if got := int64(end.HeapAlloc) - int64(before.HeapAlloc); got > kept {
				t.Errorf("kept %d bytes, want at most %d", got, kept)
			}
			if test.want != nil && !hasProblem(m, test.want) {
				t.Errorf("got the problems %v, want %v among them", m.Problems, test.want)
			}
			if len(m.Text) > maxText {
				t.Errorf("got a text of %d bytes", len(m.Text))
			}
			runtime.KeepAlive(m)
		})
	}
}

func nestedMultiparts(depth int) func() io.Reader {
	return func() io.Reader { return numbered("Content-Type: multipart/mixed; boundary=b#\n\n--b#\n", depth) }
}

func hasProblem(m *Message, want error) bool {
	for _, p := range m.Problems {
		if errors.Is(p.Err, want) {
			return true
		}
	}
	return false
}

func TestAFieldBehindTheOneThatReachesTheBoundIsLeftOut(t *testing.T) {
	filled := "A: " + strings.Repeat("a", 60000) + "\nB: " + strings.Repeat("b", maxHeader-60000-100) + "\n"
	m, err := Read(strings.NewReader(filled + strings.Repeat("Long", 40) + ": x\nC: c\nD: d\n\nThe text.\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Header) != 2 || !hasProblem(m, ErrTooLarge) || m.Text != "The text." {
		t.Errorf("got %d fields, the problems %v and the text %q", len(m.Header), m.Problems, m.Text)
	}
}

// What is over a bound is left out, what is before and behind it is not.
func TestTheReportBehindAHostilePartIsRead(t *testing.T) {
	status := "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; jane@example.net\n--b--\n"
	for name, part := range map[string]string{
		"large text":            "--b\n\n" + strings.Repeat("text\n", 100_000),
		"long line":             "--b\n\n" + strings.Repeat("text", 100_000) + "\n",
		"large header":          "--b\n" + strings.Repeat("X-A: b\n", 100_000) + "\n",
		"deep nesting":          "--b\n" + strings.Repeat("Content-Type: multipart/mixed; boundary=c\n\n--c\n", 50),
		"header without a body": "--b\nContent-Type: text/plain\n",
	} {
		m := read(t, reportTop+part+status)
		if len(m.Machine) != 1 || m.Machine[0].Groups[0].Get("Final-Recipient") != "rfc822; jane@example.net" {
			t.Errorf("%s: got the machine parts %v", name, m.Machine)
		}
	}
}

func TestReadingAReportAllocatesLittle(t *testing.T) {
	mail := string(recording(t, "postfix/nouser.failed"))
	r := strings.NewReader(mail)
	got := testing.AllocsPerRun(200, func() {
		r.Reset(mail)
		if _, err := Read(r); err != nil {
			t.Fatal(err)
		}
	})
	if got > 60 {
		t.Errorf("got %v allocations, want at most 60", got)
	}
}
