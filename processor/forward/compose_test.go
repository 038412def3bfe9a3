package forward_test

import (
	"bytes"
	"errors"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor/forward"
	"github.com/rebound-mail/rebound/schemas"
)

func options() forward.Options {
	return forward.Options{
		To: "news@example.org", From: "MAILER-DAEMON@rebound.example.org", Domain: "rebound.example.org",
		FeedbackID: "0100017000000001-aaaa-000000", Now: time.Date(2026, 1, 27, 14, 59, 38, 0, time.UTC),
	}
}

func compose(t *testing.T, original string) string {
	t.Helper()
	var out bytes.Buffer
	if err := forward.Compose(&out, iotest.OneByteReader(strings.NewReader(original)), options()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const ours = "Received: by rebound.example.org (Rebound) id 0100017000000001-aaaa-000000;\r\n\tTue, 27 Jan 2026 14:59:38 +0000\r\n" +
	"From: MAILER-DAEMON@rebound.example.org\r\nTo: news@example.org\r\n" +
	"Message-ID: <0100017000000001-aaaa-000000@rebound.example.org>\r\nAuto-Submitted: auto-generated\r\n" +
	"X-Rebound-Feedback-Id: 0100017000000001-aaaa-000000\r\n"

const today = "Date: Tue, 27 Jan 2026 14:59:38 +0000\r\n"

func TestComposeRewritesTheHeadAndKeepsTheContent(t *testing.T) {
	tests := []struct{ name, original, want string }{
		{
			"a report",
			"Return-Path: <>\r\nReceived: from mx\r\n\tby us; today\r\nFrom: MAILER-DAEMON@mx.example.net\r\nTo: bounce+abc@example.org\r\n" +
				"Reply-To: x@y.example\r\nSubject: Undelivered\r\nDate: Mon, 26 Jan 2026 10:00:00 +0000\r\nMessage-Id: <1@mx>\r\n" +
				"Auto-Submitted: auto-replied\r\nDKIM-Signature: v=1;\r\n b=abc\r\nMIME-Version: 1.0\r\n" +
				"Content-Type: multipart/report;\r\n\tboundary=b\r\n\r\n--b\r\n\r\nFrom: kept\r\n--b--\r\n",
			"Received: from mx\r\n\tby us; today\r\nSubject: Undelivered\r\nDate: Mon, 26 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n" +
				"Content-Type: multipart/report;\r\n\tboundary=b\r\n\r\n--b\r\n\r\nFrom: kept\r\n--b--\r\n",
		},
		{"LF", "From: a\nSubject: s\n\nbody\nline\n", "Subject: s\r\n" + today + "\r\nbody\nline\n"},
		{"CR", "From: a\rSubject: s\r\rbody\r", "Subject: s\r\n" + today + "\r\nbody\r"},
		{"CR CR LF", "From: a\r\r\nSubject: s\r\r\n\r\r\nbody", "Subject: s\r\n" + today + "\r\nbody"},
		{"mailbox file", "From x@y Tue Jan 27\nSubject: s\n\nbody", "Subject: s\r\n" + today + "\r\nbody"},
		{"leading blank lines and BOM", "\r\n\n\uFEFFSubject: s\r\n\r\nbody", "Subject: s\r\n" + today + "\r\nbody"},
		{"no blank line", "Subject: s\r\nDear all\r\nhello", "Subject: s\r\n" + today + "\r\nDear all\r\nhello"},
		{"no content", "Subject: s\r\n\r\n", "Subject: s\r\n" + today + "\r\n"},
		{"cut off in the head", "Subject: s\r\n\tmo", "Subject: s\r\n\tmo\r\n" + today + "\r\n"},
		{"empty", "", today + "\r\n"},
		{"blank before the colon", "To : a@b\r\nSubject : s\r\n\r\n", "Subject : s\r\n" + today + "\r\n"},
		{"field in disguise", "Subject: s\rBcc: a@b\r\n\r\nx", "Subject: s\r\n" + today + "\r\nx"},
		{"zero bytes", "Sub\x00ject: s\r\n\r\nx\x00y", today + "\r\nSub\x00ject: s\r\n\r\nx\x00y"},
		{"zero bytes in a value", "Subject: a\x00b\r\n\r\nx\x00y", "Subject: ab\r\n" + today + "\r\nx\x00y"},
		{"every bad field", "Sender: a\r\nCC: a\r\nBcc: a\r\nErrors-To: a\r\nResent-To: a\r\n b\r\nReturn-Receipt-To: a\r\n" +
			"Disposition-Notification-To: a\r\nARC-Seal: a\r\nX-Other: a\r\n\r\n", "X-Other: a\r\n" + today + "\r\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(ours+test.want, compose(t, test.original)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestComposeKeepsTheContentOfRecordedReports(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/recordings/*/*.eml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %d recordings, error %v", len(paths), err)
	}
	for _, path := range paths {
		original, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, err := mail.ReadMessage(bytes.NewReader(original))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		after, err := mail.ReadMessage(strings.NewReader(compose(t, string(original))))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, name := range []string{"Content-Type", "Mime-Version", "Subject", "Date"} {
			if diff := cmp.Diff(before.Header[name], after.Header[name]); diff != "" {
				t.Errorf("%s: %s: %s", path, name, diff)
			}
		}
		want, errWant := io.ReadAll(before.Body)
		got, errGot := io.ReadAll(after.Body)
		if err := errors.Join(errWant, errGot); err != nil || !bytes.Equal(want, got) {
			t.Errorf("%s: the content changed, error %v", path, err)
		}
	}
}

func TestOptionsCannotInjectFields(t *testing.T) {
	evil := "x\r\nBcc: victim@example.net"
	tests := map[string]func(*forward.Options){
		"To":                 func(o *forward.Options) { o.To = "a@b.example\r\nBcc: victim@example.net" },
		"To with a name":     func(o *forward.Options) { o.To = "\"x\r\nBcc: victim@example.net\" <a@b.example>" },
		"two in To":          func(o *forward.Options) { o.To = "a@b.example, c@d.example" },
		"no To":              func(o *forward.Options) { o.To = "" },
		"From":               func(o *forward.Options) { o.From = "a@b.example\nBcc: victim@example.net" },
		"no From":            func(o *forward.Options) { o.From = "" },
		"domain":             func(o *forward.Options) { o.Domain = evil },
		"no domain":          func(o *forward.Options) { o.Domain = "" },
		"feedback id":        func(o *forward.Options) { o.FeedbackID = evil },
		"feedback id, blank": func(o *forward.Options) { o.FeedbackID = "a b" },
		"no feedback id":     func(o *forward.Options) { o.FeedbackID = "" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			o := options()
			change(&o)
			var out bytes.Buffer
			err := forward.Compose(&out, strings.NewReader("Subject: s\r\n\r\n"), o)
			if err == nil {
				if m, parseErr := mail.ReadMessage(&out); parseErr != nil || m.Header.Get("Bcc") != "" || m.Header.Get("To") != "<a@b.example>" && m.Header.Get("To") != "a@b.example" {
					t.Errorf("the head is %v, error %v", m.Header, parseErr)
				}
				return
			}
			if !errors.Is(err, forward.ErrOptions) || out.Len() > 0 {
				t.Errorf("got %v and %q, want ErrOptions and nothing", err, out.String())
			}
		})
	}
}

func TestWhatWasForwardedIsNotForwardedAgain(t *testing.T) {
	first := compose(t, "From: a\r\nSubject: s\r\n\r\nbody")
	err := forward.Compose(io.Discard, strings.NewReader("Received: from x\r\n"+first), options())
	if !errors.Is(err, forward.ErrLoop) {
		t.Errorf("got %v, want ErrLoop", err)
	}
	m, err := mail.ReadMessage(strings.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	head := report.Header{{Name: "Received", Value: "from x"}, {Name: "X-REBOUND-FEEDBACK-ID", Value: m.Header.Get("X-Rebound-Feedback-Id")},
		{Name: "auto-submitted", Value: m.Header.Get("Auto-Submitted") + " ; owner-token=x"}}
	if !forward.IsLoop(head) {
		t.Error("a forwarded mail is not recognized")
	}
	for name, other := range map[string]report.Header{
		"another program's":      head[2:],
		"no head":                nil,
		"an answer to a forward": {head[1], {Name: "Auto-Submitted", Value: "auto-replied"}},
	} {
		if forward.IsLoop(other) {
			t.Errorf("%s is taken for a forwarded mail", name)
		}
	}
}

func TestDefaultFromIsTheOneThatProgramsKnow(t *testing.T) {
	for kind, want := range map[schemas.NotificationType]string{
		schemas.TypeBounce: "MAILER-DAEMON@example.org", schemas.TypeComplaint: "complaints@example.org",
	} {
		if got := forward.DefaultFrom(kind, "example.org"); got != want {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
}

func TestComposePassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	for name, original := range map[string]io.Reader{
		"at once":        iotest.ErrReader(broken),
		"in the head":    io.MultiReader(strings.NewReader("Subject: s\r\nX"), iotest.ErrReader(broken)),
		"in the content": io.MultiReader(strings.NewReader("Subject: s\r\n\r\n"+strings.Repeat("x", 100_000)), iotest.ErrReader(broken)),
	} {
		if err := forward.Compose(io.Discard, original, options()); !errors.Is(err, broken) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// endless yields n copies of a line, without holding them.
type endless struct {
	line string
	n    int
	rest string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		if e.n == 0 {
			return 0, io.EOF
		}
		e.n, e.rest = e.n-1, e.line
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestComposeHoldsNoMailInMemory(t *testing.T) {
	const size = 40 << 20
	for name, original := range map[string]io.Reader{
		"large content":    io.MultiReader(strings.NewReader("Subject: s\r\n\r\n"), &endless{line: strings.Repeat("x", 78) + "\r\n", n: size / 80}),
		"endless head":     &endless{line: "X-A: " + strings.Repeat("x", 73) + "\r\n", n: size / 800},
		"one line of head": io.MultiReader(strings.NewReader("X-A: "), &endless{line: strings.Repeat("x", 80), n: size / 800}),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := forward.Compose(io.Discard, original, options()); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 { // most of it names of fields, freed at once
				t.Errorf("%d bytes were allocated", allocated)
			}
		})
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("Subject: s\r\nTo: a\r\n\r\nbody")
	f.Add("From x\n\nSubject: s\n\tmore\n\nbody")
	f.Fuzz(func(t *testing.T, original string) {
		var out bytes.Buffer
		err := forward.Compose(&out, strings.NewReader(original), options())
		if errors.Is(err, forward.ErrLoop) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		rest, ok := strings.CutPrefix(out.String(), ours)
		if !ok {
			t.Fatalf("our fields are not at the top: %q", out.String())
		}
		head, body, ok := strings.Cut("\r\n"+rest, "\r\n\r\n")
		if !ok || !strings.HasSuffix(original, body) {
			t.Fatalf("%q is not the end of %q", body, original)
		}
		for line := range strings.SplitSeq(head, "\r\n") {
			name, _, _ := strings.Cut(strings.ToLower(line), ":")
			switch strings.TrimRight(name, " \t") {
			case "from", "to", "cc", "bcc", "message-id", "auto-submitted":
				t.Fatalf("%q is left in", line)
			}
			if strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("a line end inside %q", line)
			}
		}
	})
}
