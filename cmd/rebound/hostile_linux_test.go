package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/schemas"
)

// maxResident is the memory that reading may take, the program itself included.
const maxResident = 64 << 20

const (
	reportHead  = "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
	statusPart  = "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; jane@example.net\nAction: failed\nStatus: 5.1.1\n\n"
	returnedTop = "--b\nContent-Type: message/rfc822\n\nFrom: news@sender.example\nSubject: News\n\n"
)

// hostile are mails that would cost a reader that holds them whole, or that follows all that they say.
var hostile = []struct {
	name string
	kind string
	mail func(w io.Writer)
}{
	{"a bounce of 16 MB", "bounce", func(w io.Writer) {
		io.WriteString(w, reportHead+statusPart+returnedTop)
		again(w, strings.Repeat("All the news. ", 5)+"\n", 16<<20/71)
	}},
	{"a line of 10 MB", "bounce", func(w io.Writer) {
		io.WriteString(w, reportHead+"--b\n\n")
		again(w, "All the news. ", 10<<20/14)
		io.WriteString(w, "\n"+statusPart+"--b--\n")
	}},
	{"100,000 parts", "bounce", func(w io.Writer) {
		io.WriteString(w, reportHead+statusPart)
		again(w, "--b\nContent-Type: text/plain\n\nAll the news.\n", 100_000)
		io.WriteString(w, "--b--\n")
	}},
	{"10,000 nested parts", "none", func(w io.Writer) {
		for i := range 10_000 {
			fmt.Fprintf(w, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
	}},
	{"10,000 nested parts behind the report", "bounce", func(w io.Writer) {
		io.WriteString(w, reportHead+statusPart+"--b\n")
		for i := range 10_000 {
			fmt.Fprintf(w, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
	}},
	{"a text of 16 MB with an address on every line", "bounce", func(w io.Writer) {
		io.WriteString(w, "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\n\n<jane@example.net>:\n550 5.1.1 no such user\n\n")
		again(w, "<jane@example.net>: 550 5.1.1 no such user\n", 16<<20/43)
	}},
	{"HTML of 16 MB", "none", func(w io.Writer) {
		io.WriteString(w, "From: news@sender.example\nSubject: News\nContent-Type: text/html\n\n")
		again(w, "<p><table><tr><td>All <b>the</b> news</td></tr></table>\n", 16<<20/57)
	}},
}

func again(w io.Writer, unit string, count int) {
	for range count {
		io.WriteString(w, unit)
	}
}

func TestHostileMailsAreParsedInLittleMemory(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "rebound")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			mail := filepath.Join(dir, "hostile.eml")
			write(t, mail, test.mail)
			out, peak := parseHeld(t, program, mail)
			var line schemas.Parsed
			if err := json.Unmarshal(out, &line); err != nil {
				t.Fatalf("got %q: %v", out, err)
			}
			if line.Kind != test.kind {
				t.Errorf("got %s, want %s: %s", line.Kind, test.kind, out)
			}
			if line.Kind == "bounce" && (len(line.Recipients) != 1 || line.Recipients[0].EmailAddress != "jane@example.net") {
				t.Errorf("got %+v, want jane@example.net", line.Recipients)
			}
			if peak > maxResident {
				t.Errorf("took %d bytes of memory, want at most %d", peak, maxResident)
			}
		})
	}
}

// parseHeld parses a file and tells the most memory that the process held by then. The process is kept at standard input meanwhile, because
// what rusage tells of a child that has ended begins with the memory of its parent.
func parseHeld(t *testing.T, program, file string) (line []byte, peak int64) {
	t.Helper()
	command := exec.Command(program, "parse", file, "-")
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	command.Stdout = &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: when it is written the process has come to its standard input.
	if _, err := io.WriteString(stdin, "Subject: a\n\n"+strings.Repeat("a\n", 128<<10)); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_ = stdin.Close()
	if err := command.Wait(); err != nil {
		t.Fatalf("rebound parse: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscanf(rest, "%d kB", &peak); err != nil {
		t.Fatalf("no VmHWM in the status of a process: %v", err)
	}
	line, _, _ = bytes.Cut(out.Bytes(), []byte("\n"))
	return line, peak << 10
}

func write(t *testing.T, path string, mail func(w io.Writer)) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	buffered := bufio.NewWriter(file)
	mail(buffered)
	if err := buffered.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
