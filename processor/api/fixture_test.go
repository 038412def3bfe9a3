package api_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/intake"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/suppression"
)

var now = time.Date(2026, 1, 27, 15, 0, 0, 0, time.UTC)

// otherAccount is a second one, with an access key of its own.
const otherAccount = "111111111111"

// server is the API over a real database and bus, on a listener of this machine.
type server struct {
	t     *testing.T
	api   *api.API
	url   string
	key   account.AccessKey // of the first account
	other account.AccessKey // of otherAccount
	woken int
}

func newServer(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	opened, err := store.Open(t.Context(), filepath.Join(dir, "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	mails, err := bus.Open(t.Context(), bus.Options{Dir: filepath.Join(dir, "nats"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mails.Close() })
	keys, err := returnpath.LoadKeys(filepath.Join(dir, "returnpath.json"), now)
	if err != nil {
		t.Fatal(err)
	}
	index, err := suppression.OpenIndex(t.Context(), opened.Read, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := index.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	opened.Committed = func(ctx context.Context) {
		if err := index.Follow(ctx); err != nil {
			t.Error(err)
		}
	}
	s := &server{t: t}
	worker := &processor.Worker{Bus: mails, Store: opened, Rules: classify.Default(), Keys: keys, Region: "us-east-1", Metrics: statistics.NewMetrics(prometheus.NewRegistry()),
		Wake: func() {}, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}
	s.api = &api.API{Worker: worker, Store: opened, Index: index, Bus: mails, Keys: keys, Region: "us-east-1", Sent: processor.Registrar{DB: opened.Read, Region: "us-east-1"}, Domain: "rebound.example", Wake: func() { s.woken++ },
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Feedback: intake.Handler(accept(mails), intake.Limits{})}
	s.transact(func(tx *sql.Tx) error {
		if s.key, _, err = account.CreateDefault(t.Context(), tx, now); err != nil {
			return err
		}
		if _, err = account.Create(t.Context(), tx, account.Account{ID: otherAccount}, now); err != nil {
			return err
		}
		s.other, err = account.CreateKey(t.Context(), tx, otherAccount, now)
		return err
	})
	web := httptest.NewServer(s.api.Handler())
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

func accept(mails *bus.Bus) intake.Accept {
	return func(ctx context.Context, mail bus.Mail) (string, error) {
		seq, err := mails.PublishMail(ctx, mail)
		return strconv.FormatUint(seq, 10), err
	}
}

func (s *server) transact(write func(tx *sql.Tx) error) {
	s.t.Helper()
	if err := s.api.Store.Transact(s.t.Context(), write); err != nil {
		s.t.Fatal(err)
	}
}

// ask sends a request with a JSON body (a string goes as it is) and returns the answer. Both have to be as they are described; what is
// refused may be otherwise.
func (s *server) ask(method, path string, body any) (status int, answer string) {
	s.t.Helper()
	return s.send(method, path, body, true)
}

// unchecked is ask with a body that is partly refused.
func (s *server) unchecked(method, path, body string) (status int, answer string) {
	s.t.Helper()
	return s.send(method, path, body, false)
}

func (s *server) send(method, path string, body any, described bool) (status int, answer string) {
	s.t.Helper()
	text, isText := body.(string)
	if !isText && body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		text = string(encoded)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType(method, request.URL.Path))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if !described {
		text = ""
	}
	conforms(s.t, request, text, response, string(content))
	return response.StatusCode, strings.TrimSpace(string(content))
}

func contentType(method, path string) string {
	switch method + " " + path {
	case "POST /v1/feedback":
		return "message/rfc822"
	case "POST /v1/suppression/import":
		return "application/x-ndjson"
	}
	return "application/json"
}

// do sends a request that has to succeed, and decodes the answer.
func (s *server) do(method, path string, body, answer any) {
	s.t.Helper()
	status, text := s.ask(method, path, body)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		s.t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
}

// refusal is a request that is refused, with a part of the reason that is given.
type refusal struct {
	name, method, path string
	body               any
	status             int
	reason             string
}

func (s *server) refuses(refusals []refusal) {
	s.t.Helper()
	for _, r := range refusals {
		status, text := s.ask(r.method, r.path, r.body)
		var answer struct{ Message string }
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			s.t.Errorf("%s: no JSON: %s", r.name, text)
		}
		if status != r.status || !strings.Contains(answer.Message, r.reason) {
			s.t.Errorf("%s: got %d %q, want %d … %q", r.name, status, answer.Message, r.status, r.reason)
		}
	}
}

// topic makes a topic and returns its ARN.
func (s *server) topic(name string) string {
	s.t.Helper()
	var made api.Topic
	s.do(http.MethodPost, "/v1/topics", api.Topic{Name: name}, &made)
	return made.ARN
}
