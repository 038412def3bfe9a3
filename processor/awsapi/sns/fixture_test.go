package sns_test

import (
	"database/sql"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/awsapi/sigv4/sigv4test"
	"github.com/rebound-mail/rebound/processor/awsapi/sns"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

const (
	owner = "111111111111"
	other = "222222222222"
)

var now = time.Date(2026, 1, 27, 15, 0, 0, 0, time.UTC)

// server is SNS over a real database and real HTTP.
type server struct {
	t      *testing.T
	store  *store.Store
	api    *sns.API
	signer *topic.Signer
	url    string
	clock  time.Time
	key    account.AccessKey // of owner
}

func newServer(t *testing.T) *server {
	t.Helper()
	opened, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	s := &server{t: t, store: opened, clock: now}
	clock, log := func() time.Time { return s.clock }, slog.New(slog.DiscardHandler)
	if s.signer, err = topic.LoadSigner(t.TempDir(), "https://sns.us-east-1.amazonaws.com", now); err != nil {
		t.Fatal(err)
	}
	s.api = &sns.API{Store: opened, Region: "us-east-1", Wake: func() {}, Now: clock, Log: log}
	web := httptest.NewServer((&awsapi.Server{Auth: &auth.Authenticator{DB: opened.Read, Now: clock}, Signer: s.signer,
		Services: []*query.Service{s.api.Service()}, Log: log}).Handler())
	t.Cleanup(web.Close)
	s.url = web.URL
	s.transact(func(tx *sql.Tx) error {
		for _, id := range []string{owner, other} {
			if _, err := account.Create(t.Context(), tx, account.Account{ID: id}, now); err != nil {
				return err
			}
		}
		s.key, err = account.CreateKey(t.Context(), tx, owner, now)
		return err
	})
	return s
}

func (s *server) transact(write func(tx *sql.Tx) error) {
	s.t.Helper()
	if err := s.store.Transact(s.t.Context(), write); err != nil {
		s.t.Fatal(err)
	}
}

// keyOf makes a key with permissions.
func (s *server) keyOf(id string, may ...account.Permission) account.AccessKey {
	s.t.Helper()
	var key account.AccessKey
	s.transact(func(tx *sql.Tx) (err error) {
		if key, err = account.CreateKey(s.t.Context(), tx, id, now); err != nil {
			return err
		}
		key.Permissions = may
		return account.PutKey(s.t.Context(), tx, key)
	})
	return key
}

// answer is an answer read into a tree.
type answer struct {
	status int
	node
}

type node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []node `xml:",any"`
}

// at returns the element that a path of names leads to.
func (n node) at(path ...string) node {
	if len(path) == 0 {
		return n
	}
	for _, inner := range n.Nodes {
		if inner.XMLName.Local == path[0] {
			return inner.at(path[1:]...)
		}
	}
	return node{}
}

func (n node) has(name string) bool { return n.at(name).XMLName.Local == name }

func (n node) text(path ...string) string { return n.at(path...).Text }

// attributes is a map of Attributes.
func (n node) attributes() map[string]string {
	m := map[string]string{}
	for _, entry := range n.at("Attributes").Nodes {
		m[entry.text("key")] = entry.text("value")
	}
	return m
}

// ask calls an action with pairs of names and values, signed with the key; the zero key signs nothing.
func (s *server) ask(key account.AccessKey, action string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-03-31"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	body := form.Encode()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if key.ID != "" {
		sigv4test.Signer{KeyID: key.ID, Secret: key.Secret, Region: "us-east-1", Service: "sns"}.Sign(r, body, s.clock)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(response)
}

func (s *server) read(response *http.Response) answer {
	s.t.Helper()
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	got := answer{status: response.StatusCode}
	if err := xml.Unmarshal(text, &got.node); err != nil {
		s.t.Fatalf("%v: %s", err, text)
	}
	if response.Header.Get("x-amzn-RequestId") == "" || response.Header.Get("Content-Type") != "text/xml" || got.XMLName.Space != "http://sns.amazonaws.com/doc/2010-03-31/" {
		s.t.Errorf("header %v, namespace %s", response.Header, got.XMLName.Space)
	}
	return got
}

// do calls an action that has to succeed and returns its result; the answer has a …Result element but where SNS has none.
func (s *server) do(action string, pairs ...string) node {
	s.t.Helper()
	got := s.ask(s.key, action, pairs...)
	if got.status != http.StatusOK || got.XMLName.Local != action+"Response" || got.text("ResponseMetadata", "RequestId") == "" {
		s.t.Fatalf("%s %v: got %d %+v", action, pairs, got.status, got.node)
	}
	without := strings.Contains(" AddPermission RemovePermission DeleteTopic SetTopicAttributes SetSubscriptionAttributes Unsubscribe PutDataProtectionPolicy ", " "+action+" ")
	if got.has(action+"Result") == without {
		s.t.Errorf("%s: a result element: %t", action, !without)
	}
	return got.at(action + "Result")
}

// refuses calls an action that has to fail.
func (s *server) refuses(key account.AccessKey, status int, code, message, action string, pairs ...string) {
	s.t.Helper()
	got := s.ask(key, action, pairs...)
	if got.status != status || got.text("Error", "Type") != "Sender" || got.text("Error", "Code") != code || got.text("Error", "Message") != message || got.text("RequestId") == "" {
		s.t.Errorf("%s %.300q: got %d %s %q, want %d %s %q", action, fmt.Sprint(pairs), got.status, got.text("Error", "Code"), got.text("Error", "Message"), status, code, message)
	}
}

// topic makes a topic and returns its ARN.
func (s *server) topic(name string, pairs ...string) string {
	s.t.Helper()
	return s.do("CreateTopic", append([]string{"Name", name}, pairs...)...).text("TopicArn")
}

// subscribe makes a subscription, confirms it and returns its ARN.
func (s *server) subscribe(topicARN, endpoint string, pairs ...string) string {
	s.t.Helper()
	protocol, _, isURL := strings.Cut(endpoint, "://")
	if !isURL {
		protocol = "email"
	}
	arn := s.do("Subscribe", append([]string{"TopicArn", topicARN, "Protocol", protocol, "Endpoint", endpoint, "ReturnSubscriptionArn", "true"}, pairs...)...).text("SubscriptionArn")
	s.do("ConfirmSubscription", "TopicArn", topicARN, "Token", s.token(arn))
	return arn
}

// token reads the token that the endpoint of a subscription gets.
func (s *server) token(arn string) string {
	s.t.Helper()
	var token string
	if err := s.store.Read.QueryRowContext(s.t.Context(), `SELECT token FROM subscription WHERE arn = $1`, arn).Scan(&token); err != nil {
		s.t.Fatal(err)
	}
	return token
}

// outbox returns what waits of a kind.
func (s *server) outbox(kind delivery.Kind) []delivery.Entry {
	s.t.Helper()
	entries, err := delivery.List(s.t.Context(), s.store.Read, delivery.Filter{}, 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	var found []delivery.Entry
	for _, entry := range entries {
		if entry.Kind == kind {
			found = append(found, entry)
		}
	}
	return found
}

// numbered writes a list as pairs: PREFIX.1, PREFIX.2 and so on.
func numbered(prefix string, values ...string) (pairs []string) {
	for i, value := range values {
		pairs = append(pairs, prefix+"."+strconv.Itoa(i+1), value)
	}
	return pairs
}
