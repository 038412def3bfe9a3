package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/intake"
	"github.com/rebound-mail/rebound/processor/sentmail"
)

// SIGTERM comes while mails are being sent: each that was answered with 250 has its effects, at the latest after the next start.
func TestEveryAcceptedMailHasItsEffectsAfterAStop(t *testing.T) {
	t.Parallel()
	const mails, senders, before = 240, 4, 60
	data := t.TempDir()
	r := start(t, data)
	recipient := func(i int) string { return fmt.Sprintf("r%d@example.net", i) }
	paths := r.registerAll(mails, recipient)
	var accepted [mails]atomic.Bool
	var count atomic.Int64
	enough := make(chan struct{})
	var sending sync.WaitGroup
	for sender := range senders {
		sending.Go(func() {
			for i := sender; i < mails; i += senders {
				mail := bounceOf(fmt.Sprintf("m%d@sender.example", i), recipient(i))
				if smtp.SendMail(r.smtp(), nil, "", []string{paths[i]}, []byte(mail)) != nil {
					continue // not accepted: the sender keeps it
				}
				accepted[i].Store(true)
				if count.Add(1) == before {
					close(enough)
				}
			}
		})
	}
	<-enough
	r.stop()
	sending.Wait()
	if n := count.Load(); n == mails {
		t.Logf("all %d mails were accepted before the stop", n)
	}

	r = start(t, data)
	missing := func() (left []string) {
		for i := range mails {
			if accepted[i].Load() {
				left = append(left, recipient(i))
			}
		}
		var answer api.CheckAnswer
		if err := (client{base: r.url}).call(t.Context(), http.MethodPost, "/v1/suppression/check", nil, api.CheckQuestion{Addresses: left}, &answer); err != nil {
			t.Fatal(err)
		}
		left = nil
		for _, result := range answer.Results {
			if !result.Suppressed {
				left = append(left, result.Address)
			}
		}
		return left
	}
	r.until("the effects of what was accepted", func() bool { return len(missing()) == 0 })
}

// registerAll records mails with one recipient each in one transaction, and returns their return paths.
func (r *running) registerAll(mails int, recipient func(i int) string) (paths []string) {
	r.t.Helper()
	now := time.Now()
	registrar := processor.Registrar{DB: r.srv.store.Read}
	err := r.srv.store.Transact(r.t.Context(), func(tx *sql.Tx) error {
		for i := range mails {
			mail, err := sentmail.Registration{MessageID: fmt.Sprintf("<m%d@sender.example>", i), Source: "news@sender.example", Destination: []string{recipient(i)}}.Mail(now)
			if err != nil {
				return err
			}
			if err := registrar.Record(r.t.Context(), tx, &mail, now); err != nil {
				return err
			}
			paths = append(paths, r.srv.keys.Make(mail.Account, mail.Recipients[0].ID, now)+"@"+r.srv.settings.Domain)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return paths
}

func TestASecondServerOnTheSameFolderSaysWhoHasIt(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	start(t, data)
	_, err := openServer(t.Context(), demoSettings(data, ""), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d", os.Getpid())) || !strings.Contains(err.Error(), "--data") {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatCannotOpenSaysWhatToMend(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*settings)
		want   []string
	}{
		"an address in use":   {func(s *settings) { s.SMTP = listener.Addr().String() }, []string{listener.Addr().String(), `"smtp"`, "--smtp", "in use"}},
		"a file for a folder": {func(s *settings) { s.Data = file }, []string{"data folder", "--data"}},
		"no certificate":      {func(s *settings) { s.TLS.Certificate, s.TLS.Key = "/nowhere.pem", "/nowhere.key" }, []string{"tls", "/nowhere.pem"}},
		"no rules":            {func(s *settings) { s.Classify.Rules = "/nowhere.yaml" }, []string{"/nowhere.yaml", "classify.rules"}},
	} {
		s := demoSettings(t.TempDir(), "127.0.0.1:1")
		test.change(&s)
		srv, err := openServer(t.Context(), s, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%s: it opens; closing: %v", name, srv.close())
			continue
		}
		for _, word := range test.want {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %v does not say %s", name, err, word)
			}
		}
	}
}

// What fails while opening leaves nothing open: the same folder can be used at once.
func TestAServerThatCouldNotOpenLeavesItsFolderFree(t *testing.T) {
	t.Parallel()
	s := demoSettings(t.TempDir(), "127.0.0.1:1")
	s.Classify.Rules = "/nowhere.yaml" // found out last
	if _, err := openServer(t.Context(), s, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("it opens")
	}
	start(t, s.Data)
}

func TestHealthReadinessAndMetricsAreServed(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n", "/metrics": "rebound_outbox_entries 0"} {
		if status, body := get(t, r.url+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if err := r.srv.store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, body := get(t, r.url+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "closed") {
		t.Errorf("a closed database: %d %s", status, body)
	}
	if status, _ := get(t, r.url+"/healthz"); status != http.StatusOK {
		t.Errorf("it lives all the same, and says %d", status)
	}
	r.cancel() // the engine may say that the database is closed
	<-r.ended
	r.cancel = nil
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestTheFirstStartMakesAnAccessKeyThatStays(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	read := func() string {
		r := start(t, data)
		r.stop()
		path := filepath.Join(data, "credentials")
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v", info, err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	first := read()
	if !strings.Contains(first, "aws_access_key_id") || first != read() {
		t.Errorf("got %q", first)
	}
}

func TestAServerWithOneRoleDoesThatOnly(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), func(s *settings) { s.Roles = []string{roleAPI} })
	if len(r.srv.listening) != 1 {
		t.Errorf("it listens for %d things", len(r.srv.listening))
	}
	r.must("topic", "create", "feedback")
}

// LMTP is spoken on a socket, and a mail that comes so has its effects.
func TestLMTPOnASocket(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "lmtp")
	r := start(t, t.TempDir(), func(s *settings) { s.LMTP = socket })
	path := r.register("m1@sender.example", "jane@example.net")
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "LHLO mx.example\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n%s.\r\nQUIT\r\n", path, bounceOf("m1@sender.example", "jane@example.net"))
	said, err := io.ReadAll(conn)
	if err != nil || bytes.Count(said, []byte("\n250 ")) < 3 {
		t.Fatalf("%v: %s", err, said)
	}
	r.until("the bounce", func() bool {
		_, _, status := command(t, "", "check", "jane@example.net", "--url", r.url)
		return status == 1
	})
}

func TestTheGreetingNamesTheListeners(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	var out bytes.Buffer
	greet(&out, r.srv, 0)
	for _, shown := range []string{"smtp://" + r.smtp(), r.url, r.srv.settings.Data, "rebound simulate bounce"} {
		if !strings.Contains(out.String(), shown) {
			t.Errorf("%s is not shown: %s", shown, &out)
		}
	}
}

// REBOUND_KEY is shown to servers elsewhere, by ingest too.
func TestTheAccessKeyOfTheEnvironmentIsShown(t *testing.T) {
	r := start(t, t.TempDir())
	t.Setenv("REBOUND_KEY", "AKIAAAAAAAAAAAAAAAAA:wrong")
	for _, arguments := range [][]string{{"topic", "list"}, {"ingest", filepath.Join(recordings, "postfix/nouser.failed.eml")}} {
		if _, stderr, status := command(t, "", append(arguments, "--url", r.url)...); status == 0 || !strings.Contains(stderr, "access key") {
			t.Errorf("%v with a wrong key: %d %s", arguments, status, stderr)
		}
	}
	content, err := os.ReadFile(filepath.Join(r.srv.settings.Data, "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if name, value, ok := strings.Cut(line, "="); ok {
			values[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	key := values["aws_access_key_id"] + ":" + values["aws_secret_access_key"]
	t.Setenv("REBOUND_KEY", key)
	r.must("topic", "create", "feedback")
	r.must("ingest", filepath.Join(recordings, "postfix/nouser.failed.eml"))
	client := &intake.Client{URL: r.url, HTTP: client{key: key}.web()}
	if _, err := client.Send(context.WithoutCancel(t.Context()), strings.NewReader("Subject: x\r\n\r\n"), "", nil); err != nil {
		t.Error(err)
	}
}
