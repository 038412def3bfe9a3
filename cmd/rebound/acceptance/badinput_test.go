//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const mebibyte = 1 << 20

// hostileMails are mails that nobody wishes for, and how parse must answer: with a line of one of the kinds, never with silence.
func hostileMails() map[string]struct {
	mail  []byte
	kinds string
} {
	whole := bounceFor(1)
	nested := &bytes.Buffer{}
	for i := range 10_000 {
		fmt.Fprintf(nested, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	crowd := &bytes.Buffer{}
	crowd.WriteString("From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\n" +
		strings.Repeat("The user at host mx[", 3000) + "\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n")
	for i := range 600 {
		fmt.Fprintf(crowd, "\r\nFinal-Recipient: rfc822; user%d@crowd.example\r\nAction: failed\r\n", i)
	}
	longHeader := "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n" +
		strings.Repeat("X-Filler: "+strings.Repeat("x", 60)+"\r\n", 20*mebibyte/72) + "\r\ntext\r\n--b--\r\n"
	return map[string]struct {
		mail  []byte
		kinds string
	}{
		"a truncated DSN":          {whole[:bytes.Index(whole, []byte("Status:"))], "bounce"},
		"10,000 nested parts":      {nested.Bytes(), "none error"},
		"a text about none of 600": {append(crowd.Bytes(), "\r\n--b--\r\n"...), "bounce"},
		"a 39 MiB mail":            {append(bytes.Clone(whole), bytes.Repeat([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n"), 39*mebibyte/64)...), "bounce"},
		"a 20 MB part header":      {[]byte(longHeader), "none error bounce"},
		"a mail with no header":    {[]byte("this is only text\r\nand nothing else\r\n"), "none error"},
		"a mail of nothing at all": {nil, "error"},
	}
}

func TestParseAnswersForEachHostileMail(t *testing.T) {
	for name, test := range hostileMails() {
		out, stderr, _ := rebound(t, bytes.NewReader(test.mail), "parse", "-")
		var line struct{ Kind, Error string }
		if err := json.Unmarshal([]byte(out), &line); err != nil {
			t.Errorf("%s: %v: %q (%s)", name, err, out, stderr)
			continue
		}
		if !strings.Contains(test.kinds, line.Kind) || line.Kind == "error" && line.Error == "" || strings.Contains(line.Error, "panic") {
			t.Errorf("%s: got kind %q, error %q; want one of %s", name, line.Kind, line.Error, test.kinds)
		}
	}
}

func TestAMailboxWithABrokenLastMailGivesItsOthers(t *testing.T) {
	box := &bytes.Buffer{}
	for i := range 3 {
		fmt.Fprintf(box, "From MAILER-DAEMON Sun Nov 22 05:29:15 2026\n%s\n", strings.ReplaceAll(string(bounceFor(i)), "\r\n", "\n"))
	}
	broken := box.Bytes()[:box.Len()-700]
	out, stderr, _ := rebound(t, bytes.NewReader(broken), "parse", "-")
	if got := strings.Count(out, `"kind":"bounce"`); strings.Count(out, "\n") != 3 || got < 2 {
		t.Errorf("got %d bounces: %s %s", got, out, stderr)
	}
}

// The same mails by SMTP: each is accepted, kept and shown, and those before and after them have their effects.
func TestAServerKeepsHostileMailsAndGoesOn(t *testing.T) {
	hook := newCollector(t)
	s := newServer(t, "--domain", "rebound.example")
	s.start()
	defer s.stop()
	s.subscribe("shop.example", hook.server.URL)
	hook.waitConfirmed(t)
	send := func(i int) {
		path := s.register(fmt.Sprintf("<%d.kill@shop.example>", i), "news@shop.example", recipientOf(i))
		if !deliver(s.smtp, path, bounceFor(i)) {
			t.Fatalf("report %d was not accepted", i)
		}
	}
	send(0)
	accepted := 1
	for name, test := range hostileMails() {
		if len(test.mail) == 0 {
			continue // SMTP cannot send it
		}
		if !deliver(s.smtp, "bounces@rebound.example", test.mail) {
			t.Errorf("%s was not accepted", name)
		}
		accepted++
	}
	send(100)
	hook.waitFor(t, 2)
	var answer struct{ Feedback []struct{ Seq uint64 } }
	for deadline := time.Now().Add(30 * time.Second); len(answer.Feedback) < accepted+1; time.Sleep(100 * time.Millisecond) {
		if s.call(http.MethodGet, "/v1/feedback", nil, &answer); time.Now().After(deadline) {
			t.Fatalf("%d reports are shown, want %d", len(answer.Feedback), accepted+1)
		}
	}
	for _, arrived := range answer.Feedback {
		response, err := http.Get(fmt.Sprintf("http://%s/v1/feedback/%d/raw", s.http, arrived.Seq))
		if err != nil {
			t.Fatal(err)
		}
		size, err := io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if err != nil || size == 0 || response.StatusCode != http.StatusOK {
			t.Errorf("mail %d: %s, %d bytes, %v", arrived.Seq, response.Status, size, err)
		}
	}
}

// refused runs serve with arguments that cannot work and returns what it says.
func refused(t *testing.T, arguments ...string) string {
	t.Helper()
	out, stderr, status := rebound(t, nil, append([]string{"serve", "--http", freeAddress(t), "--smtp", freeAddress(t)}, arguments...)...)
	if status != 1 || !strings.HasPrefix(stderr, "rebound: ") || strings.Contains(stderr, "panic") {
		t.Errorf("serve %s: status %d, %q %q", arguments, status, out, stderr)
	}
	return stderr
}

func TestServeSaysWhatToMend(t *testing.T) {
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "config.yaml"), "region: us-east-1\nsmtp: 127.0.0.1:2525\nnats:\n  lisen: 127.0.0.1:4222\n")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := write(t, filepath.Join(folder, "file"), "not a folder")
	for _, test := range []struct {
		arguments []string
		want      []string
	}{
		{[]string{"--config", config}, []string{"config.yaml:4", `unknown key "nats.lisen"`, `did you mean "nats.listen"`}},
		{[]string{"--data", t.TempDir(), "--http", taken.Addr().String()}, []string{taken.Addr().String(), "address already in use", "--http"}},
		{[]string{"--data", file}, []string{file, "--data"}},
		{[]string{"--roles", "wroker"}, []string{`did you mean "worker"`}},
	} {
		said := refused(t, test.arguments...)
		for _, want := range test.want {
			if !strings.Contains(said, want) {
				t.Errorf("serve %s says %q, which lacks %q", test.arguments, said, want)
			}
		}
	}
}

func TestASecondServerKeepsOutOfAFolderInUse(t *testing.T) {
	s := newServer(t)
	s.start()
	defer s.stop()
	if said := refused(t, "--data", s.data); !strings.Contains(said, "in use by process") {
		t.Errorf("got %q", said)
	}
}

// mount puts a small file system on a folder.
func mount(t *testing.T, options string) string {
	t.Helper()
	folder := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "rebound-acceptance", folder).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", folder).Run() })
	return folder
}

func TestAReadOnlyDataFolderIsRefused(t *testing.T) {
	folder := mount(t, "size=1m,ro")
	if said := refused(t, "--data", folder); !strings.Contains(said, folder) || !strings.Contains(said, "read-only") {
		t.Errorf("got %q", said)
	}
}

// When the disk fills up new mails are refused with a temporary error, and what was accepted before keeps its effects.
func TestAFullDiskRefusesNewMailsAndLosesNoOldOnes(t *testing.T) {
	hook := newCollector(t)
	s := newServer(t, "--domain", "rebound.example")
	s.data = mount(t, "size=400m")
	s.start()
	s.subscribe("shop.example", hook.server.URL)
	hook.waitConfirmed(t)
	const before = 50
	paths := make([]string, before)
	for i := range before {
		paths[i] = s.register(fmt.Sprintf("<%d.kill@shop.example>", i), "news@shop.example", recipientOf(i))
	}
	for i := range before {
		if !deliver(s.smtp, paths[i], bounceFor(i)) {
			t.Fatalf("report %d was not accepted", i)
		}
	}
	hook.waitFor(t, before)
	filler := filepath.Join(s.data, "filler")
	if out, err := exec.Command("sh", "-c", "dd if=/dev/zero of="+filler+" bs=1M; true").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	large := append(bounceFor(1000), bytes.Repeat([]byte("x\r\n"), 100_000)...)
	refusals := 0
	for range 20 {
		if !deliver(s.smtp, "bounces@rebound.example", large) {
			refusals++
		}
	}
	if refusals == 0 {
		t.Error("a full disk refuses nothing")
	}
	s.kill()
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.start()
	defer s.stop()
	for i := range before {
		if !s.suppressed(recipientOf(i)) {
			t.Errorf("%s is no longer suppressed", recipientOf(i))
		}
	}
	path := s.register("<100.kill@shop.example>", "news@shop.example", recipientOf(100))
	if !deliver(s.smtp, path, bounceFor(100)) {
		t.Error("no mail is accepted although there is room again")
	}
	hook.waitFor(t, before+1)
}

func TestIngestTellsAnMTAToKeepTheMail(t *testing.T) {
	_, stderr, status := rebound(t, bytes.NewReader(bounceFor(1)), "ingest", "--url", "http://"+freeAddress(t), "-")
	if status != 75 {
		t.Errorf("status %d, want 75 (EX_TEMPFAIL): %s", status, stderr)
	}
}
