package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// command runs the program with arguments, as a person does, and returns what it prints and its exit status.
func command(t *testing.T, stdin string, arguments ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, words bytes.Buffer
	program := root()
	program.SetArgs(arguments)
	program.SetIn(strings.NewReader(stdin))
	program.SetOut(&out)
	program.SetErr(&words)
	status = statusOf(program.ExecuteContext(t.Context()), &words)
	return out.String(), words.String(), status
}

// must runs a command that has to succeed and returns what it prints.
func must(t *testing.T, arguments ...string) string {
	t.Helper()
	stdout, stderr, status := command(t, "", arguments...)
	if status != 0 {
		t.Fatalf("rebound %s: status %d: %s", strings.Join(arguments, " "), status, stderr)
	}
	return strings.TrimSpace(stdout)
}

// lines decodes what a command prints with --json.
func lines[T any](t *testing.T, stdout string) (values []T) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var value T
		if err := json.Unmarshal([]byte(line), &value); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		values = append(values, value)
	}
	return values
}

// running is a server in this process.
type running struct {
	t         *testing.T
	srv       *server
	url       string
	committed chan struct{} // a batch of reports has its effects
	attempted chan string   // the outcome of an attempt to deliver
	cancel    context.CancelFunc
	ended     chan error
}

// start runs a server with all roles on free ports, over the data in a folder.
func start(t *testing.T, data string, adapt ...func(*settings)) *running {
	t.Helper()
	s := demoSettings(data, "127.0.0.1:1")
	for _, change := range adapt {
		change(&s)
	}
	srv, err := openServer(t.Context(), s, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r := &running{t: t, srv: srv, url: "http://" + srv.listening["http"].Addr().String(), committed: make(chan struct{}, 10_000),
		attempted: make(chan string, 10_000), cancel: cancel, ended: make(chan error, 1)}
	wake, attempt := srv.worker.Wake, srv.engine.OnAttempt
	srv.worker.Wake = func() { wake(); r.committed <- struct{}{} }
	srv.engine.OnAttempt = func(protocol, outcome string, took time.Duration) {
		attempt(protocol, outcome, took)
		r.attempted <- outcome
	}
	go func() { r.ended <- srv.run(ctx) }()
	t.Cleanup(r.stop)
	return r
}

// stop ends the server as SIGTERM does, once.
func (r *running) stop() {
	r.t.Helper()
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.cancel = nil
	if err := <-r.ended; err != nil {
		r.t.Errorf("the server ends with %v", err)
	}
}

func (r *running) smtp() string { return r.srv.listening["smtp"].Addr().String() }

// must runs a command against the server.
func (r *running) must(arguments ...string) string {
	r.t.Helper()
	return must(r.t, append(arguments, "--url", r.url)...)
}

// until waits until reports were committed and something holds.
func (r *running) until(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.After(30 * time.Second); !holds(); {
		select {
		case <-r.committed:
		case <-deadline:
			r.t.Fatalf("still missing: %s", what)
		}
	}
}

// bounceOf is a delivery status notification about a mail to one address.
func bounceOf(messageID, recipient string) string {
	return fmt.Sprintf("From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nDate: Tue, 27 Jan 2026 14:59:39 +0000\r\nMessage-ID: <report.%s@mx.example>\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
		"--b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"+
		"Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"+
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <%s>\r\n\r\n--b--\r\n", recipient, recipient, messageID)
}
