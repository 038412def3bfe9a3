package awsapi_test

import (
	"database/sql"
	"encoding/json"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/awsapi/sigv4/sigv4test"
	"github.com/rebound-mail/rebound/processor/awsapi/sns"
	"github.com/rebound-mail/rebound/processor/store"
)

// port has SNS, a service of SES v1 with one action and SES v2 with one operation, and two accounts.
type port struct {
	t       *testing.T
	handler http.Handler
	auth    *auth.Authenticator
	store   *store.Store
	key     account.AccessKey // of 111111111111
}

func newPort(t *testing.T) *port {
	t.Helper()
	opened, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	p := &port{t: t, store: opened}
	err = opened.Transact(t.Context(), func(tx *sql.Tx) error {
		for _, id := range []string{account.DefaultID, "111111111111"} {
			if _, err := account.Create(t.Context(), tx, account.Account{ID: id}, now); err != nil {
				return err
			}
		}
		p.key, err = account.CreateKey(t.Context(), tx, "111111111111", now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	clock, log := func() time.Time { return now }, slog.New(slog.DiscardHandler)
	topics := &sns.API{Store: opened, Region: "us-east-1", Wake: func() {}, Now: clock, Log: log}
	mail := &query.Service{Names: []string{"ses", "email"}, Version: "2010-12-01", Namespace: "http://ses.amazonaws.com/doc/2010-12-01/", Internal: "InternalFailure", Log: log,
		Actions: map[string]query.Action{"ListIdentities": {Permission: account.Read, Handle: topics.Service().Actions["ListTopics"].Handle}}}
	v2 := http.NewServeMux()
	v2.HandleFunc("PUT /v2/email/echo/{Address}", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write([]byte(auth.From(r.Context()).Account + " " + r.PathValue("Address") + " " + string(body)))
	})
	v2.HandleFunc("/", awsapi.UnknownOperation)
	p.auth = &auth.Authenticator{DB: opened.Read, Now: clock}
	p.handler = (&awsapi.Server{Auth: p.auth, Services: []*query.Service{topics.Service(), mail}, V2: v2, Log: log}).Handler()
	return p
}

// request is one to the port, from this machine.
func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "127.0.0.1:8025"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// said is what an answer says: status, code, and its root in the namespace or the JSON message.
type said struct {
	status        int
	code, message string
	root          xml.Name
}

func (p *port) ask(r *http.Request) said {
	p.t.Helper()
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, r)
	got := said{status: recorder.Code}
	if exception := recorder.Header().Get("x-amzn-ErrorType"); exception != "" {
		var body struct{ Message string }
		if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil || recorder.Header().Get("Content-Type") != "application/json" || recorder.Header().Get("x-amzn-RequestId") == "" {
			p.t.Errorf("%v: %s", recorder.Header(), recorder.Body)
		}
		got.code, got.message = exception, body.Message
		return got
	}
	var answer struct {
		XMLName xml.Name
		Error   struct{ Code, Message string }
	}
	if xml.Unmarshal(recorder.Body.Bytes(), &answer) != nil {
		got.message = recorder.Body.String()
	}
	got.code, got.root = answer.Error.Code, answer.XMLName
	if got.message == "" {
		got.message = answer.Error.Message
	}
	return got
}

func (p *port) sign(r *http.Request, body, service string, at time.Time) *http.Request {
	sigv4test.Signer{KeyID: p.key.ID, Secret: p.key.Secret, Region: "eu-west-1", Service: service}.Sign(r, body, at)
	return r
}

// Each service is found by what a client's call has of it.
func TestCallsFindTheirService(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	const spaceSNS, spaceSES = "http://sns.amazonaws.com/doc/2010-03-31/", "http://ses.amazonaws.com/doc/2010-12-01/"
	for _, test := range []struct {
		service, body, space, root, code string
	}{
		{"sns", "Action=ListTopics&Version=2010-03-31", spaceSNS, "ListTopicsResponse", ""},
		{"sns", "Action=ListTopics", spaceSNS, "ListTopicsResponse", ""},
		{"ses", "Action=ListIdentities&Version=2010-12-01", spaceSES, "ListIdentitiesResponse", ""},
		{"email", "Action=ListIdentities&Version=2010-12-01", spaceSES, "ListIdentitiesResponse", ""},
		{"ses", "Action=ListTopics&Version=2010-03-31", spaceSES, "ErrorResponse", "InvalidAction"},
		{"s3", "Action=ListTopics&Version=2010-03-31", spaceSNS, "ErrorResponse", "SignatureDoesNotMatch"},
		{"s3", "Action=ListIdentities", spaceSNS, "ErrorResponse", "SignatureDoesNotMatch"},
		{"", "Action=ListIdentities&Version=2010-12-01", spaceSES, "ErrorResponse", "MissingAuthenticationToken"},
		{"", "Action=ListIdentities", spaceSES, "ErrorResponse", "MissingAuthenticationToken"},
		{"", "Action=ListTopics", spaceSNS, "ErrorResponse", "MissingAuthenticationToken"},
		{"", "Action=ConfirmSubscription&TopicArn=x", spaceSNS, "ErrorResponse", "InvalidParameter"},
		{"", "Action=Fly", spaceSNS, "ErrorResponse", "InvalidAction"}, {"", "Version=2010-12-01", spaceSES, "ErrorResponse", "MissingAction"},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			r, body := request(method, "/", test.body), test.body
			if method == http.MethodGet {
				r, body = request(method, "/?"+test.body, ""), ""
			}
			if test.service != "" {
				p.sign(r, body, test.service, now)
			}
			if got := p.ask(r); got.root != (xml.Name{Space: test.space, Local: test.root}) || got.code != test.code {
				t.Errorf("%s %s %s: got %+v", method, test.service, test.body, got)
			}
		}
	}
	if got := p.ask(request(http.MethodGet, "/", "")); got.status != http.StatusBadRequest || got.code != "MissingAction" || !strings.Contains(got.message, "This is Rebound") {
		t.Errorf("got %+v", got)
	}
	if got := p.ask(request(http.MethodDelete, "/", "")); got.status != http.StatusMethodNotAllowed {
		t.Errorf("got %+v", got)
	}
}

func TestV2GetsTheCallerAndTheBody(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	r := p.sign(request(http.MethodPut, "/v2/email/echo/a%2Bb%40c.example", "{}"), "{}", "ses", now)
	if got := p.ask(r); got.status != http.StatusOK || got.message != "111111111111 a+b@c.example {}" {
		t.Errorf("got %+v", got)
	}
	r = p.sign(request(http.MethodGet, "/v2/email/nothing", ""), "", "ses", now)
	if got := p.ask(r); got.status != http.StatusNotFound || got.code != "UnknownOperationException" {
		t.Errorf("got %+v", got)
	}
}

func TestWhoIsNotKnownIsRefusedInBothFormats(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	stranger, thief := *p, *p
	stranger.key.ID, thief.key.Secret = "AKIAAAAAAAAAAAAAAAAA", "x"
	for _, test := range []struct {
		name, xml, json, message string
		status                   int
		sign                     func(r *http.Request, body, service string)
	}{
		{"nothing", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "Request is missing Authentication Token", 403, func(*http.Request, string, string) {}},
		{"a password", "IncompleteSignature", "IncompleteSignatureException", "Unsupported authorization", 403, func(r *http.Request, _, _ string) { r.SetBasicAuth(p.key.ID, p.key.Secret) }},
		{"an unknown key", "InvalidClientTokenId", "UnrecognizedClientException", "The security token included in the request is invalid.", 403,
			func(r *http.Request, body, service string) { stranger.sign(r, body, service, now) }},
		{"a wrong secret", "SignatureDoesNotMatch", "InvalidSignatureException", "The request signature we calculated does not match", 403,
			func(r *http.Request, body, service string) { thief.sign(r, body, service, now) }},
		{"another body", "SignatureDoesNotMatch", "InvalidSignatureException", "The request signature we calculated does not match", 403,
			func(r *http.Request, body, service string) { p.sign(r, body+"x", service, now) }},
		{"late", "SignatureDoesNotMatch", "InvalidSignatureException", "Signature expired: ", 403,
			func(r *http.Request, body, service string) { p.sign(r, body, service, now.Add(-16*time.Minute)) }},
		{"a broken body", "IncompleteBody", "IncompleteBodyException", "The body ends early", 400, func(r *http.Request, body, service string) {
			p.sign(r, body, service, now)
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("A"), brokenReader{}))
		}},
		{"a body that is said to be too large", "RequestEntityTooLarge", "RequestEntityTooLargeException", "too large", 413, func(r *http.Request, body, service string) {
			p.sign(r, body, service, now)
			r.ContentLength = 1 << 30
		}},
		{"a stranger's large body", "RequestEntityTooLarge", "RequestEntityTooLargeException", "too large", 413, func(r *http.Request, _, _ string) {
			r.ContentLength, r.Body = -1, io.NopCloser(strings.NewReader(strings.Repeat("a", 64<<10+1)))
		}},
	} {
		r := request(http.MethodPost, "/", "Action=ListTopics")
		test.sign(r, "Action=ListTopics", "sns")
		if got := p.ask(r); got.status != test.status || got.code != test.xml || !strings.Contains(got.message, test.message) {
			t.Errorf("%s, XML: got %+v", test.name, got)
		}
		r = request(http.MethodPut, "/v2/email/echo/a", "{}")
		test.sign(r, "{}", "ses")
		if got := p.ask(r); got.status != test.status || got.code != test.json || !strings.Contains(got.message, test.message) {
			t.Errorf("%s, JSON: got %+v", test.name, got)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// With auth: none the account is that of a key id of 12 digits, or the first; only programs on this machine are answered.
func TestWithoutSignaturesOnlyThisMachineIsAnswered(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.auth.Open = true
	echo := func(change func(*http.Request)) said {
		r := request(http.MethodPut, "/v2/email/echo/a", "")
		change(r)
		return p.ask(r)
	}
	as := func(id string) func(*http.Request) {
		return func(r *http.Request) {
			sigv4test.Signer{KeyID: id, Secret: "any", Region: "us-east-1", Service: "ses"}.Sign(r, "", now.Add(-time.Hour))
		}
	}
	for _, test := range []struct {
		name, account string
		change        func(*http.Request)
	}{
		{"unsigned", "000000000000", func(*http.Request) {}}, {"any key", "000000000000", as("test")}, {"a real key", "000000000000", as(p.key.ID)},
		{"an account's id", "111111111111", as("111111111111")}, {"the id of none", "000000000000", as("999999999999")},
	} {
		if got := echo(test.change); got.status != http.StatusOK || !strings.HasPrefix(got.message, test.account+" ") {
			t.Errorf("%s: got %+v", test.name, got)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"another machine": func(r *http.Request) { r.RemoteAddr = "192.0.2.7:4000" }, "a proxy": func(r *http.Request) { r.Header.Set("Via", "1.1 x") },
		"a page": func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:8025") }, "an image in a page": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a name that was rebound": func(r *http.Request) { r.Host = "evil.example" },
	} {
		if got := echo(change); got.status != http.StatusForbidden || got.code != "AccessDeniedException" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestTroubleWithTheKeysIsTheServersFault(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := p.ask(p.sign(request(http.MethodPost, "/", "Action=ListTopics"), "Action=ListTopics", "sns", now)); got.status != 500 || got.code != "InternalError" {
		t.Errorf("got %+v", got)
	}
	if got := p.ask(p.sign(request(http.MethodPut, "/v2/email/echo/a", ""), "", "ses", now)); got.status != 500 || got.code != "InternalServiceErrorException" {
		t.Errorf("got %+v", got)
	}
}
