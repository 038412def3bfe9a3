// Package awsapitest runs SES v1, SES v2 and SNS over a real database and real HTTP, and calls them as clients of AWS do, for tests.
package awsapitest

import (
	"database/sql"
	"encoding/json"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/awsapi/sesv1"
	"github.com/rebound-mail/rebound/processor/awsapi/sesv2"
	"github.com/rebound-mail/rebound/processor/awsapi/sigv4/sigv4test"
	"github.com/rebound-mail/rebound/processor/awsapi/sns"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

// The accounts that there are. Server.Key is one of Owner.
const (
	Owner = "111111111111"
	Other = "222222222222"
)

// Now is what the clock of a new server says.
var Now = time.Date(2026, 1, 27, 15, 0, 0, 0, time.UTC)

// Server is a running server.
type Server struct {
	*testing.T
	Store *store.Store
	Jobs  *jobs.Runner // does a job when Next is called
	Data  string       // the folder that holds the buckets
	URL   string
	Clock time.Time
	Key   account.AccessKey
	SES1  *sesv1.API
}

// New starts a server. SES1.Bus is nil.
func New(t *testing.T) *Server {
	t.Helper()
	data := t.TempDir()
	opened, err := store.Open(t.Context(), filepath.Join(data, "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	buckets, err := jobs.OpenBuckets(filepath.Join(data, "buckets"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = buckets.Close(), opened.Close() })
	s := &Server{T: t, Store: opened, Data: data, Clock: Now}
	clock, log, wake := func() time.Time { return s.Clock }, slog.New(slog.DiscardHandler), func() {}
	signer, err := topic.LoadSigner(t.TempDir(), "https://sns.us-east-1.amazonaws.com", Now)
	if err != nil {
		t.Fatal(err)
	}
	s.Jobs = jobs.NewRunner(opened, buckets, clock, log)
	topics := &sns.API{Store: opened, Region: "us-east-1", Wake: wake, Now: clock, Log: log}
	s.SES1 = &sesv1.API{Store: opened, Region: "us-east-1", Domain: "bounces.example", Wake: wake, Now: clock, Log: log}
	ses2 := &sesv2.API{Store: opened, Jobs: s.Jobs, Region: "us-east-1", Wake: wake, Now: clock, Log: log}
	web := httptest.NewServer((&awsapi.Server{Auth: &auth.Authenticator{DB: opened.Read, Now: clock}, Signer: signer,
		Services: []*query.Service{topics.Service(), s.SES1.Service()}, V2: ses2.Handler(), Log: log}).Handler())
	t.Cleanup(web.Close)
	s.URL = web.URL
	s.Transact(func(tx *sql.Tx) error {
		for _, id := range []string{Owner, Other} {
			if _, err := account.Create(t.Context(), tx, account.Account{ID: id}, Now); err != nil {
				return err
			}
		}
		return nil
	})
	s.Key = s.KeyOf(Owner, account.Administer)
	return s
}

// OpenBus gives SendBounce a bus and returns it.
func (s *Server) OpenBus() *bus.Bus {
	s.Helper()
	opened, err := bus.Open(s.Context(), bus.Options{Dir: s.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = opened.Close() })
	s.SES1.Bus = opened
	return opened
}

// Transact writes into the database.
func (s *Server) Transact(write func(tx *sql.Tx) error) {
	s.Helper()
	if err := s.Store.Transact(s.Context(), write); err != nil {
		s.Fatal(err)
	}
}

// KeyOf makes an access key with permissions.
func (s *Server) KeyOf(id string, may ...account.Permission) account.AccessKey {
	s.Helper()
	var key account.AccessKey
	s.Transact(func(tx *sql.Tx) (err error) {
		if key, err = account.CreateKey(s.Context(), tx, id, Now); err != nil {
			return err
		}
		key.Permissions = may
		return account.PutKey(s.Context(), tx, key)
	})
	return key
}

// Topic makes a topic of Owner with one confirmed subscription and returns its ARN.
func (s *Server) Topic(name string) string {
	s.Helper()
	var made topic.Topic
	s.Transact(func(tx *sql.Tx) (err error) {
		if made, err = topic.CreateTopic(s.Context(), tx, "us-east-1", topic.Topic{Account: Owner, Name: name}, Now); err != nil {
			return err
		}
		pending, err := topic.Subscribe(s.Context(), tx, topic.Subscription{TopicARN: made.ARN, Protocol: topic.HTTP, Endpoint: "http://hook.example/"}, Now)
		if err != nil {
			return err
		}
		_, err = topic.Confirm(s.Context(), tx, pending.Token, true, Now)
		return err
	})
	return made.ARN
}

// Waiting is a message that waits for its delivery to one endpoint.
type Waiting struct{ Subject, Body, Endpoint string }

// Outbox returns the messages of a kind that wait, in their order.
func (s *Server) Outbox(kind delivery.Kind) (found []Waiting) {
	s.Helper()
	rows, err := s.Store.Read.QueryContext(s.Context(), `SELECT m.subject, m.body, p.endpoint FROM outbox_message m JOIN outbox_entry e ON e.message = m.seq
		JOIN outbox_endpoint p ON p.id = e.endpoint WHERE m.kind = $1 ORDER BY e.id`, string(kind))
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one Waiting
		if err := rows.Scan(&one.Subject, &one.Body, &one.Endpoint); err != nil {
			s.Fatal(err)
		}
		found = append(found, one)
	}
	return found
}

// Answer is the answer to a call.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Node   // of the Query protocol
}

// Node is an element of an answer of the Query protocol.
type Node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []Node `xml:",any"`
}

// At returns the first element that a path of names leads to.
func (n Node) At(path ...string) Node {
	for _, inner := range n.Nodes {
		if len(path) > 0 && inner.XMLName.Local == path[0] {
			return inner.At(path[1:]...)
		}
	}
	if len(path) > 0 {
		return Node{}
	}
	return n
}

// Has tells whether there is an element of the name.
func (n Node) Has(name string) bool { return n.At(name).XMLName.Local == name }

// Get returns the text of the element that a path of names leads to.
func (n Node) Get(path ...string) string { return n.At(path...).Text }

// Members returns the texts of all <member> elements.
func (n Node) Members() (texts []string) {
	for _, inner := range n.Nodes {
		texts = append(texts, inner.Text)
	}
	return texts
}

func (s *Server) send(key account.AccessKey, method, target, contentType, body string) Answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.URL+target, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if key.ID != "" {
		sigv4test.Signer{KeyID: key.ID, Secret: key.Secret, Region: "us-east-1", Service: "ses"}.Sign(r, body, s.Clock)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	if response.Header.Get("x-amzn-RequestId") == "" {
		s.Errorf("%s %s: an answer without a request id", method, target)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: string(content)}
}

// Query calls an action of SES v1 with pairs of names and values, signed with the key; the zero key signs nothing.
func (s *Server) Query(key account.AccessKey, action string, pairs ...string) Answer {
	s.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-12-01"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	got := s.send(key, http.MethodPost, "/", "application/x-www-form-urlencoded; charset=utf-8", form.Encode())
	if err := xml.Unmarshal([]byte(got.Body), &got.Node); err != nil {
		s.Fatalf("%s: %v: %s", action, err, got.Body)
	}
	if got.XMLName.Space != "http://ses.amazonaws.com/doc/2010-12-01/" {
		s.Errorf("%s: namespace %s", action, got.XMLName.Space)
	}
	return got
}

// Do calls an action of SES v1 that has to succeed and returns its result.
func (s *Server) Do(action string, pairs ...string) Node {
	s.Helper()
	got := s.Query(s.Key, action, pairs...)
	if got.Status != http.StatusOK || got.XMLName.Local != action+"Response" || got.Get("ResponseMetadata", "RequestId") == "" {
		s.Fatalf("%s %q: got %d %s", action, pairs, got.Status, got.Body)
	}
	return got.At(action + "Result")
}

// Refuses calls an action of SES v1 that has to fail with status 400.
func (s *Server) Refuses(code, message, action string, pairs ...string) {
	s.Helper()
	got := s.Query(s.Key, action, pairs...)
	if got.Status != http.StatusBadRequest || got.Get("Error", "Code") != code || got.Get("Error", "Message") != message || got.Get("Error", "Type") != "Sender" {
		s.Errorf("%s %q: got %d %s %q, want %s %q", action, pairs, got.Status, got.Get("Error", "Code"), got.Get("Error", "Message"), code, message)
	}
}

// REST calls an operation of SES v2, with a body that is encoded unless it is nil or a text.
func (s *Server) REST(key account.AccessKey, method, target string, body any) Answer {
	s.Helper()
	text, isText := body.(string)
	if body != nil && !isText {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.Fatal(err)
		}
		text = string(encoded)
	}
	got := s.send(key, method, "/v2/email"+target, "application/json", text)
	if !json.Valid([]byte(got.Body)) || got.Header.Get("Content-Type") != "application/json" {
		s.Fatalf("%s %s: got %d %v %q", method, target, got.Status, got.Header, got.Body)
	}
	return got
}

// Call calls an operation of SES v2 that has to succeed and returns the answer as a compact text.
func (s *Server) Call(method, target string, body any) string {
	s.Helper()
	got := s.REST(s.Key, method, target, body)
	if got.Status != http.StatusOK {
		s.Fatalf("%s %s %v: got %d %s %s", method, target, body, got.Status, got.Header.Get("x-amzn-ErrorType"), got.Body)
	}
	return strings.TrimSpace(got.Body)
}

// Into is Call that reads the answer into a pointer.
func (s *Server) Into(answer any, method, target string, body any) {
	s.Helper()
	if err := json.Unmarshal([]byte(s.Call(method, target, body)), answer); err != nil {
		s.Fatal(err)
	}
}

// Fails calls an operation of SES v2 that has to fail.
func (s *Server) Fails(status int, exception, message, method, target string, body any) {
	s.Helper()
	got := s.REST(s.Key, method, target, body)
	var failure struct{ Message string }
	_ = json.Unmarshal([]byte(got.Body), &failure) // REST has checked that it is JSON
	if got.Status != status || got.Header.Get("x-amzn-ErrorType") != exception || failure.Message != message {
		s.Errorf("%s %s %.200v: got %d %s %s,\nwant %d %s %q", method, target, body, got.Status, got.Header.Get("x-amzn-ErrorType"), got.Body, status, exception, message)
	}
}
