package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/schemas"
)

// file writes a file into a folder of its own and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dead writes many addresses as SES exports them, with some rows amiss among them.
func dead(rows int) string {
	var b strings.Builder
	b.WriteString("emailAddress,reason\r\n")
	for n := range rows {
		switch {
		case n%4000 == 17:
			b.WriteString("nobody,BOUNCE\r\n")
		case n%2 == 0:
			fmt.Fprintf(&b, "dead%d@example.net,BOUNCE\r\n", n)
		default:
			fmt.Fprintf(&b, "\"dead%d@example.net\",COMPLAINT\r\n", n)
		}
	}
	return b.String()
}

func TestAListIsImportedCheckedCleanedAndExported(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	const rows = 12_000
	path := file(t, "ses.csv", dead(rows))
	_, words, status := command(t, "", "suppression", "import", path, "--url", r.url)
	if status != 0 || !strings.Contains(words, "11997 addresses are on the account list") || !strings.Contains(words, "3 rows were refused: see "+path+".rejects.csv") {
		t.Errorf("import: %d %s", status, words)
	}
	want := "line,emailAddress,problem\n19,nobody,not a mail address\n4019,nobody,not a mail address\n8019,nobody,not a mail address\n"
	if diff := cmp.Diff(want, content(t, path+".rejects.csv")); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(path + ".import"); err == nil {
		t.Error("the state of an import that is done is left")
	}

	list := file(t, "members.csv", "name;E-Mail\n"+strings.Repeat("Ann;ann@example.org\nBob;dead2@example.net\n", 6000)+"Eve;dead3@example.net\nZed;zed\nShort\n")
	_, words, status = command(t, "", "clean", list, "--url", r.url)
	if status != 0 || !strings.Contains(words, "6000 rows kept in ") || !strings.Contains(words, "(6000 BOUNCE, 1 COMPLAINT, 2 INVALID)") {
		t.Errorf("clean: %d %s", status, words)
	}
	stem := strings.TrimSuffix(list, ".csv")
	if got := content(t, stem+".keep.csv"); got != "name;E-Mail\n"+strings.Repeat("Ann;ann@example.org\n", 6000) {
		t.Errorf("kept: %.200s", got)
	}
	if got := content(t, stem+".drop.csv"); got != "name;E-Mail;reason\n"+strings.Repeat("Bob;dead2@example.net;BOUNCE\n", 6000)+
		"Eve;dead3@example.net;COMPLAINT\nZed;zed;INVALID\nShort;;INVALID\n" {
		t.Errorf("dropped: %.200s", got)
	}

	answers, _, status := command(t, `{"email":"dead4@example.net"}`+"\n"+`{"email":"free@example.net"}`+"\n", "check", "-", "--json", "--url", r.url)
	if got := lines[api.CheckResult](t, answers); status != 1 || len(got) != 2 || !got[0].Suppressed || got[1].Suppressed || got[1].Address != "free@example.net" {
		t.Errorf("check: %d %s", status, answers)
	}

	out := filepath.Join(t.TempDir(), "all.ndjson")
	_, words, status = command(t, "", "suppression", "export", out, "--format", "ndjson", "--url", r.url)
	if entries := lines[api.SuppressionEntry](t, content(t, out)); status != 0 || len(entries) != 11_997 || !strings.Contains(words, "export --since 11997") {
		t.Errorf("export: %d, %d entries: %s", status, len(entries), words)
	}
	r.must("suppression", "delete", "dead2@example.net")
	changes, words, _ := command(t, "", "suppression", "export", "--since", "11997", "--format", "ndjson", "--url", r.url)
	if got := lines[schemas.SuppressionChange](t, changes); len(got) != 1 || got[0].Action != "delete" || got[0].EmailAddress != "dead2@example.net" || !strings.Contains(words, "--since 11998") {
		t.Errorf("changes: %s %s", changes, words)
	}
	// What was exported can be imported elsewhere, with reasons and ends.
	other := start(t, t.TempDir())
	other.must("suppression", "import", out)
	csv := other.must("suppression", "export", "--reason", "COMPLAINT")
	if n := strings.Count(csv, ",COMPLAINT,account,"); n != strings.Count(content(t, out), "COMPLAINT") || n < 5000 {
		t.Errorf("%d complaints came over: %.300s", n, csv)
	}
}

// halting passes on what an import sends, up to some bytes, and then nothing until cut is called, which fails it.
func halting(t *testing.T, to string, after int64) (through string, cut func()) {
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	halted := make(chan struct{})
	cut = sync.OnceFunc(func() { close(halted) })
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		r.Header["X-Forwarded-For"] = nil // as if it were not there: callers on this machine need no key
		r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, after), &halt{halted}))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { cut(); server.Close() })
	return server.URL, cut
}

// halt is a connection that is silent until it is cut.
type halt struct{ halted chan struct{} }

// Read waits for the cut.
func (h *halt) Read([]byte) (int, error) {
	<-h.halted
	return 0, io.ErrUnexpectedEOF
}

// importing runs an import until it has noted that rows are done, ends it, and returns its words.
func importing(t *testing.T, path, through string, end func(kill func())) string {
	t.Helper()
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	program := root()
	var words bytes.Buffer
	program.SetArgs([]string{"suppression", "import", path, "--url", through})
	program.SetErr(&words)
	ended := make(chan error, 1)
	go func() { ended <- program.ExecuteContext(ctx) }()
	noted := time.NewTicker(5 * time.Millisecond)
	defer noted.Stop()
	for deadline := time.After(time.Minute); ; {
		select {
		case <-noted.C:
			if _, err := os.Stat(path + ".import"); err != nil {
				continue
			}
			end(kill)
			err := <-ended
			if err == nil {
				t.Fatal("the import came to its end")
			}
			return err.Error()
		case err := <-ended:
			t.Fatalf("the import ended: %v", err)
		case <-deadline:
			t.Fatal("nothing is committed")
		}
	}
}

func TestAnInterruptedImportGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	path := file(t, "ses.csv", dead(20_000))
	if _, words, status := command(t, "", "suppression", "import", "--resume", path, "--url", r.url); status != 1 || !strings.Contains(words, "leave --resume out") {
		t.Errorf("resuming nothing: %d %s", status, words)
	}
	through, cut := halting(t, r.url, 900_000)
	words := importing(t, path, through, func(func()) { cut() })
	if !strings.Contains(words, "go on with: rebound suppression import --resume "+path) {
		t.Errorf("interrupted: %s", words)
	}
	_, words, status := command(t, "", "suppression", "import", "--resume", path, "--url", r.url)
	if status != 0 || !strings.Contains(words, "19995 addresses are on the account list (") || !strings.Contains(words, "5 rows were refused") {
		t.Errorf("resumed: %d %s", status, words)
	}
	if n := strings.Count(content(t, path+".rejects.csv"), "nobody"); n != 5 {
		t.Errorf("%d rows among the rejects, want each of 5 once", n)
	}
	if n := strings.Count(r.must("suppression", "export"), "@example.net,"); n != 19_995 {
		t.Errorf("%d addresses are on the list", n)
	}
	// What was committed is not sent again, but for what was on its way.
	if changes := strings.Count(r.must("suppression", "export", "--since", "0"), ",put,"); changes < 19_995 || changes >= 2*19_995-5000 {
		t.Errorf("%d changes", changes)
	}
}

func TestAnImportThatIsKilledLeavesWhatItCommitted(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	path := file(t, "ses.csv", dead(20_000))
	through, cut := halting(t, r.url, 900_000)
	importing(t, path, through, func(kill func()) { kill() })
	cut()
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	r.must("suppression", "import", "--resume", path)
	if n := strings.Count(r.must("suppression", "export"), "@example.net,"); n != 19_995 {
		t.Errorf("%d addresses are on the list", n)
	}
}

func TestWrongFilesAreRefusedWithTheirCause(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	for name, test := range map[string]struct {
		text string
		args []string
		want string
	}{
		"UTF-16":        {"\xff\xfea\x00", []string{"suppression", "import"}, "iconv"},
		"no addresses":  {"a,b\nc,d\n", []string{"clean"}, "with --column"},
		"no such list":  {"a@example.net\n", []string{"suppression", "import", "--list", "mine"}, `not "mine"`},
		"a wrong quote": {"email\n\"" + strings.Repeat("x", 2<<20), []string{"suppression", "import"}, "is a quote not closed?"},
		"no format":     {"a@example.net\n", []string{"suppression", "import", "--format", "xls"}, "csv or ndjson"},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, "list.csv", test.text)
			_, words, status := command(t, "", slices.Concat(test.args, []string{path, "--url", r.url})...)
			if status != 1 || !strings.Contains(words, test.want) {
				t.Errorf("got %d %s, want %q", status, words, test.want)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// An operator follows a bounce to its cause, corrects what was wrong, and in the end the person asks to be forgotten.
func TestFromABounceToItsCauseAndBack(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	r := start(t, data)
	client := client{base: r.url}
	if err := client.call(t.Context(), http.MethodPost, "/v1/sent", nil, map[string]any{"messageId": "<m1@example.org>", "source": "news@example.org",
		"destination": []string{"jane@example.net", "joe@example.net"}, "headers": []schemas.Header{{Name: "To", Value: "jane@example.net, joe@example.net"}}}, nil); err != nil {
		t.Fatal(err)
	}
	bounce := file(t, "bounce.eml", bounceOf("m1@example.org", "jane@example.net"))
	unmatched := file(t, "unmatched.eml", bounceOf("m2@example.org", "jane@example.net"))
	r.must("ingest", bounce)
	r.until("the bounce", func() bool {
		return strings.Contains(r.must("suppression", "why", "jane@example.net"), "BOUNCE on the account list")
	})
	why := r.must("suppression", "why", "Jane@example.net")
	if !strings.Contains(why, "smtp; 550 5.1.1 no such user") || !strings.Contains(why, "Permanent/NoEmail") {
		t.Errorf("why: %s", why)
	}
	report := r.must("feedback", "show", "1")
	if !strings.Contains(report, `"raw": "/v1/feedback/1/raw"`) || !strings.Contains(report, `"listed": true`) {
		t.Errorf("show: %s", report)
	}

	// An operator's mistake is undone by running the mail once more.
	r.must("suppression", "delete", "jane@example.net")
	got := lines[processor.Replayed](t, r.must("feedback", "replay", "1", "--json"))
	if len(got) != 1 || len(got[0].Listed) != 1 || got[0].Listed[0].Address != "jane@example.net" || got[0].Notifications != 0 {
		t.Errorf("replay: %+v", got)
	}
	// A report that came before its mail was registered.
	r.must("ingest", unmatched)
	r.until("the second bounce", func() bool {
		return len(lines[processor.Arrived](t, r.must("feedback", "list", "--json", "--unmatched"))) == 0
	})

	removed := r.must("suppression", "forget", "JANE@example.net")
	for _, want := range []string{"entries of lists 1", "mails that came in 2", "sent mails to others as well, cut out 1"} {
		if !strings.Contains(strings.Join(strings.Fields(removed), " "), want) {
			t.Errorf("forget: no %q in\n%s", want, removed)
		}
	}
	if why := r.must("suppression", "why", "jane@example.net"); !strings.HasPrefix(why, "jane@example.net is not suppressed") || strings.Contains(why, "SEQ") {
		t.Errorf("why, after it was forgotten: %s", why)
	}
	r.stop()
	err := filepath.WalkDir(data, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if text := bytes.ToLower([]byte(content(t, path))); bytes.Contains(text, []byte("jane@example.net")) {
			t.Errorf("the address stands in %s", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
