package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endWait is how long a server may drain before it is killed.
const endWait = 40 * time.Second

// child is a running `rebound serve`.
type child struct {
	process    *exec.Cmd
	http, smtp string
	log        string // the file that takes what it says
	ended      chan error
}

// build makes the program that is measured.
func (b *bench) build(ctx context.Context) (binary string, err error) {
	b.say("building rebound")
	binary = filepath.Join(b.folder, "rebound")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/rebound")
	build.Dir = b.root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building rebound: %w\n%s", err, out)
	}
	return binary, nil
}

// startChild runs the server over a data folder and waits until it is ready.
func startChild(ctx context.Context, binary, data string) (*child, error) {
	c := &child{log: data + ".log", ended: make(chan error, 1)}
	for _, addr := range []*string{&c.http, &c.smtp} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		*addr = listener.Addr().String()
		_ = listener.Close() // nobody connected
	}
	out, err := os.Create(c.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	c.process = exec.CommandContext(ctx, binary, "serve", "--data", data, "--domain", ourDomain, "--http", c.http, "--smtp", c.smtp)
	c.process.Cancel = func() error { return c.process.Process.Signal(syscall.SIGTERM) }
	c.process.WaitDelay = endWait
	c.process.Env = withoutSettings(os.Environ())
	c.process.Stdout, c.process.Stderr = out, out
	if err := c.process.Start(); err != nil {
		return nil, err
	}
	go func() { c.ended <- c.process.Wait() }()
	if err := c.awaitReady(); err != nil {
		return nil, c.fail(err)
	}
	return c, nil
}

// withoutSettings takes out what would change the server that is measured.
func withoutSettings(environment []string) []string {
	var kept []string
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "REBOUND_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

func (c *child) awaitReady() error {
	const patience = 30 * time.Second
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		response, err := http.Get("http://" + c.http + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-c.ended: // also when ctx of the process has ended
			c.ended <- err
			return errors.New("the server ended at its start")
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("the server is not ready after %s", patience)
}

// stop asks the server to drain and end.
func (c *child) stop() error {
	_ = c.process.Process.Signal(syscall.SIGTERM)
	patience := time.AfterFunc(endWait, func() { _ = c.process.Process.Kill() })
	defer patience.Stop()
	if err := <-c.ended; err != nil {
		return c.explain(err)
	}
	return nil
}

// fail ends the server at once and says what went wrong, with its own last words.
func (c *child) fail(cause error) error {
	_ = c.process.Process.Kill()
	<-c.ended
	return c.explain(cause)
}

func (c *child) explain(cause error) error {
	const last = 2000
	said, _ := os.ReadFile(c.log)
	return fmt.Errorf("rebound serve: %w; it said:\n%s", cause, said[max(0, len(said)-last):])
}

// call asks the server's API and reads the answer into answer, unless that is nil.
func (c *child) call(ctx context.Context, method, path string, body, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.http+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// subscribe makes a topic with endpoints, to which the feedback on the senders' domain goes.
func (c *child) subscribe(ctx context.Context, endpoints []string) error {
	var topic struct{ TopicArn string }
	if err := c.call(ctx, http.MethodPost, "/v1/topics", map[string]any{"name": "feedback"}, &topic); err != nil {
		return err
	}
	if err := c.call(ctx, http.MethodPut, "/v1/identities", map[string]any{"identity": senderDomain, "bounceTopic": topic.TopicArn,
		"complaintTopic": topic.TopicArn, "deliveryTopic": topic.TopicArn, "forwarding": false}, nil); err != nil {
		return err
	}
	for _, endpoint := range endpoints {
		if err := c.call(ctx, http.MethodPost, "/v1/subscriptions", map[string]any{"topicArn": topic.TopicArn, "endpoint": endpoint}, nil); err != nil {
			return err
		}
	}
	return nil
}

// awaitEmptyOutbox waits until the results of all attempts are written.
func (c *child) awaitEmptyOutbox(ctx context.Context) error {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var answer struct{ Entries []struct{} }
		if err := c.call(ctx, http.MethodGet, "/v1/outbox?limit=1", nil, &answer); err != nil {
			return err
		}
		if len(answer.Entries) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the outbox is not empty a minute after the last webhook")
		}
	}
}

// metrics reads /metrics: each series as it is written there, with its value.
func (c *child) metrics() (map[string]float64, error) {
	response, err := http.Get("http://" + c.http + "/metrics")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	series := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if number, err := strconv.ParseFloat(value, 64); err == nil {
			series[name] = number
		}
	}
	return series, nil
}
