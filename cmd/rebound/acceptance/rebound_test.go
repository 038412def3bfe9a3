//go:build acceptance

package acceptance

import (
	"bufio"
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
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "rebound-acceptance-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(folder, "rebound")
	if out, err := exec.Command("go", "build", "-o", binary, "..").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v: %s", err, out))
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// server is a running `rebound serve`.
type server struct {
	t         *testing.T
	data      string
	http      string
	smtp      string
	arguments []string
	env       []string
	process   *exec.Cmd
	output    *bytes.Buffer
}

// newServer chooses free ports; start runs it.
func newServer(t *testing.T, arguments ...string) *server {
	t.Helper()
	return &server{t: t, data: t.TempDir(), http: freeAddress(t), smtp: freeAddress(t), arguments: arguments, env: os.Environ()}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func (s *server) start() {
	s.t.Helper()
	s.output = &bytes.Buffer{}
	s.process = exec.Command(binary, append([]string{"serve", "--data", s.data, "--http", s.http, "--smtp", s.smtp}, s.arguments...)...)
	s.process.Env, s.process.Stdout, s.process.Stderr = s.env, s.output, s.output
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	process := s.process
	s.t.Cleanup(func() { _ = process.Process.Kill() }) // a test that failed half-way leaves nothing running
	deadline := time.Now().Add(30 * time.Second)
	for {
		response, err := http.Get("http://" + s.http + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the server is not ready: %v\n%s", err, s.output)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// stop asks the server to drain and end, and checks that it ends well.
func (s *server) stop() {
	s.t.Helper()
	_ = s.process.Process.Signal(syscall.SIGTERM)
	if err := s.process.Wait(); err != nil {
		s.t.Errorf("the server ended with %v:\n%s", err, s.output)
	}
}

func (s *server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// call asks the server's API and reads the answer into answer.
func (s *server) call(method, path string, body, answer any) {
	s.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequest(method, "http://"+s.http+path, bytes.NewReader(encoded))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			s.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
}

// subscribe makes a topic, an identity for a domain and a subscription of endpoint.
func (s *server) subscribe(domain, endpoint string) {
	s.t.Helper()
	var topic struct{ TopicArn string }
	s.call(http.MethodPost, "/v1/topics", map[string]any{"name": "feedback"}, &topic)
	s.call(http.MethodPut, "/v1/identities", map[string]any{"identity": domain, "bounceTopic": topic.TopicArn, "complaintTopic": topic.TopicArn,
		"deliveryTopic": topic.TopicArn, "forwarding": false}, nil)
	s.call(http.MethodPost, "/v1/subscriptions", map[string]any{"topicArn": topic.TopicArn, "endpoint": endpoint}, nil)
}

// register tells the server of a mail and returns the return path for its only recipient.
func (s *server) register(messageID, source, destination string) string {
	s.t.Helper()
	var answer struct{ ReturnPaths map[string]string }
	s.call(http.MethodPost, "/v1/sent", map[string]any{"messageId": messageID, "source": source, "destination": []string{destination}}, &answer)
	return answer.ReturnPaths[destination]
}

// suppressed asks whether an address is suppressed.
func (s *server) suppressed(address string) bool {
	s.t.Helper()
	var answer struct{ Results []struct{ Suppressed bool } }
	s.call(http.MethodPost, "/v1/suppression/check", map[string]any{"addresses": []string{address}}, &answer)
	return answer.Results[0].Suppressed
}

// rebound runs a command of the program and returns what it printed and its exit status.
func rebound(t *testing.T, stdin io.Reader, arguments ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errors bytes.Buffer
	command := exec.Command(binary, arguments...)
	command.Stdin, command.Stdout, command.Stderr = stdin, &out, &errors
	err := command.Run()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errors.String(), command.ProcessState.ExitCode()
}

// lines reads the JSON lines that a process prints.
func lines(t *testing.T, r io.Reader) <-chan map[string]any {
	t.Helper()
	out := make(chan map[string]any, 1000)
	go func() {
		defer close(out)
		scanner := bufio.NewScanner(r)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			var line map[string]any
			if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
				t.Errorf("not JSON: %s", scanner.Text())
				return
			}
			out <- line
		}
	}()
	return out
}

// next waits for a line.
func next(t *testing.T, from <-chan map[string]any, what string) map[string]any {
	t.Helper()
	select {
	case line, ok := <-from:
		if !ok {
			t.Fatalf("the process ended before %s", what)
		}
		return line
	case <-time.After(90 * time.Second):
		t.Fatalf("still missing: %s", what)
		return nil
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "\t", " ")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
