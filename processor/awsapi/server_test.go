package awsapi_test

import (
	"bytes"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/awsapi"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/awsapi/sns"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

var now = time.Date(2026, 1, 27, 15, 0, 0, 0, time.UTC)

// server answers links over a real database, in which one subscription waits for its confirmation.
type server struct {
	t            *testing.T
	store        *store.Store
	signer       *topic.Signer
	url          string
	clock        time.Time
	subscription topic.Subscription
}

func newServer(t *testing.T) *server {
	t.Helper()
	opened, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	signer, err := topic.LoadSigner(t.TempDir(), "http://127.0.0.1:8025", now)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, store: opened, signer: signer, clock: now}
	s.transact(func(tx *sql.Tx) error {
		made, err := topic.CreateTopic(t.Context(), tx, "us-east-1", topic.Topic{Account: "000000000000", Name: "feedback"}, now)
		if err != nil {
			return err
		}
		s.subscription, err = topic.Subscribe(t.Context(), tx, topic.Subscription{TopicARN: made.ARN, Protocol: topic.HTTP, Endpoint: "http://hook.example/"}, now)
		return err
	})
	clock, log := func() time.Time { return s.clock }, slog.New(slog.DiscardHandler)
	topics := &sns.API{Store: opened, Region: "us-east-1", Wake: func() {}, Now: clock, Log: log}
	answering := &awsapi.Server{Auth: &auth.Authenticator{DB: opened.Read, Now: clock}, Signer: signer, Services: []*query.Service{topics.Service()}, Log: log}
	web := httptest.NewServer(answering.Handler())
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

func (s *server) transact(write func(tx *sql.Tx) error) {
	s.t.Helper()
	if err := s.store.Transact(s.t.Context(), write); err != nil {
		s.t.Fatal(err)
	}
}

// get visits a link.
func (s *server) get(pathAndQuery string) (status int, contentType, body string) {
	s.t.Helper()
	response, err := http.Get(s.url + pathAndQuery)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(content)
}

// answer is what any answer of SNS may hold.
type answer struct {
	XMLName   xml.Name
	ARN       string `xml:"ConfirmSubscriptionResult>SubscriptionArn"`
	RequestID string `xml:"ResponseMetadata>RequestId"`
	Error     struct{ Type, Code, Message string }
}

func (s *server) ask(query url.Values) (int, answer) {
	s.t.Helper()
	status, contentType, body := s.get("/?" + query.Encode())
	var got answer
	if err := xml.Unmarshal([]byte(body), &got); err != nil {
		s.t.Fatalf("%v: %s", err, body)
	}
	if contentType != "text/xml" || got.XMLName.Space != "http://sns.amazonaws.com/doc/2010-03-31/" {
		s.t.Errorf("%v: %s in the namespace %s", query, contentType, got.XMLName.Space)
	}
	return status, got
}

func (s *server) confirm(token string) (int, answer) {
	s.t.Helper()
	return s.ask(url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {s.subscription.TopicARN}, "Token": {token}})
}

func (s *server) unsubscribe(arn string) (int, answer) {
	s.t.Helper()
	return s.ask(url.Values{"Action": {"Unsubscribe"}, "SubscriptionArn": {arn}})
}

// isConfirmed says whether the subscription gets notifications.
func (s *server) isConfirmed() bool {
	s.t.Helper()
	confirmed, _, err := topic.Confirmed(s.t.Context(), s.store.Read, s.subscription.TopicARN)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(confirmed) == 1
}

func TestTheConfirmationLinkMayBeVisitedAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if s.isConfirmed() {
		t.Fatal("confirmed before anybody visited the link")
	}
	for _, wait := range []time.Duration{0, time.Hour, 90 * 24 * time.Hour} {
		s.clock = now.Add(wait)
		status, got := s.confirm(s.subscription.Token)
		if status != http.StatusOK || got.XMLName.Local != "ConfirmSubscriptionResponse" || got.ARN != s.subscription.ARN || got.RequestID == "" {
			t.Errorf("after %s: got %d %+v", wait, status, got)
		}
		if !s.isConfirmed() {
			t.Errorf("after %s: not confirmed", wait)
		}
	}
}

func TestATokenThatIsNotTheSubscriptionsConfirmsNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for token, message := range map[string]string{
		"": "Invalid parameter: Token", "short": "Invalid parameter: Token", strings.Repeat("g", 256): "Invalid parameter: Token",
		strings.Repeat("a", 256): "Invalid token", s.subscription.Token + "0": "Invalid parameter: Token",
	} {
		status, got := s.confirm(token)
		if status != http.StatusBadRequest || got.XMLName.Local != "ErrorResponse" || got.Error.Type != "Sender" || got.Error.Code != "InvalidParameter" || got.Error.Message != message {
			t.Errorf("%.20q: got %d %+v, want %q", token, status, got, message)
		}
	}
	s.clock = now.Add(topic.TokenLife)
	if status, got := s.confirm(s.subscription.Token); status != http.StatusBadRequest || got.Error.Message != "Invalid token" {
		t.Errorf("too late: got %d %+v", status, got)
	}
	if s.isConfirmed() {
		t.Error("it is confirmed all the same")
	}
}

func TestTheUnsubscribeLinkEndsASubscription(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.confirm(s.subscription.Token)
	for range 2 { // what is not there any more is no error, as in SNS
		if status, got := s.unsubscribe(s.subscription.ARN); status != http.StatusOK || got.XMLName.Local != "UnsubscribeResponse" || got.RequestID == "" {
			t.Errorf("got %d %+v", status, got)
		}
		if s.isConfirmed() {
			t.Error("it still gets notifications")
		}
	}
	for _, arn := range []string{"", "arn:aws:sns:us-east-1:000000000000:feedback", "x"} {
		if status, got := s.unsubscribe(arn); status != http.StatusBadRequest || got.Error.Code != "InvalidParameter" {
			t.Errorf("%q: got %d %+v", arn, status, got)
		}
	}
}

// Whoever reads one notification has its unsubscribe link. An owner who confirmed with a signed call is safe from that.
func TestTheUnsubscribeLinkDoesNotEndWhatItsOwnerConfirmed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.transact(func(tx *sql.Tx) error {
		_, err := topic.Confirm(t.Context(), tx, s.subscription.Token, true, now)
		return err
	})
	s.confirm(s.subscription.Token) // visiting the link afterwards takes nothing from it
	if status, got := s.unsubscribe(s.subscription.ARN); status != http.StatusForbidden || got.Error.Code != "AuthorizationError" || got.Error.Type != "Sender" {
		t.Errorf("got %d %+v", status, got)
	}
	if !s.isConfirmed() {
		t.Error("it gets no notifications any more")
	}
}

func TestTheCertificateIsServedUnderTheNameThatMessagesGive(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	name := path.Base(s.signer.SigningCertURL())
	status, contentType, body := s.get("/" + name)
	block, rest := pem.Decode([]byte(body))
	if status != http.StatusOK || contentType != "application/x-pem-file" || block == nil || len(bytes.TrimSpace(rest)) != 0 {
		t.Fatalf("got %d %s %q", status, contentType, body)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil || certificate.Subject.CommonName != "sns.amazonaws.com" {
		t.Errorf("got %v, %v", certificate.Subject, err)
	}
	for _, other := range []string{"/SimpleNotificationService-00000000000000000000000000000000.pem", "/signing.key", "/..%2fsigning.key", "/" + name + "x", "/favicon.ico"} {
		if status, _, body := s.get(other); status != http.StatusNotFound {
			t.Errorf("%s: got %d %q", other, status, body)
		}
	}
}

func TestUnknownActionsAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for action, code := range map[string]string{"": "MissingAction", "Publis": "InvalidAction", "<script>": "InvalidAction"} {
		if status, got := s.ask(url.Values{"Action": {action}}); status != http.StatusBadRequest || got.Error.Code != code || !strings.Contains(got.Error.Message, action) {
			t.Errorf("%q: got %d %+v", action, status, got)
		}
	}
}

func TestTroubleOfTheDatabaseIsTheServersFault(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func(string) (int, answer){"ConfirmSubscription": s.confirm, "Unsubscribe": s.unsubscribe} {
		subject := s.subscription.Token
		if name == "Unsubscribe" {
			subject = s.subscription.ARN
		}
		status, got := ask(subject)
		if status < http.StatusInternalServerError || got.Error.Type != "Receiver" || strings.Contains(got.Error.Message, "database") {
			t.Errorf("%s: got %d %+v", name, status, got)
		}
	}
}
