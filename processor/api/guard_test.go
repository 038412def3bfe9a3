package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/account"
)

// caller is where a request comes from and what it shows.
type caller struct {
	from, host string
	head       map[string]string
	key        *account.AccessKey
}

func (s *server) askAs(c caller, method, path, body string) (status int, answer string) {
	s.t.Helper()
	request := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	request.RemoteAddr, request.Host = "127.0.0.1:4000", "127.0.0.1:8025"
	if c.from != "" {
		request.RemoteAddr = c.from
	}
	if c.host != "" {
		request.Host = c.host
	}
	for name, value := range c.head {
		request.Header.Set(name, value)
	}
	if c.key != nil {
		request.SetBasicAuth(c.key.ID, c.key.Secret)
	}
	recorder := httptest.NewRecorder()
	s.api.Handler().ServeHTTP(recorder, request)
	if status = recorder.Code; status == http.StatusUnauthorized && !strings.HasPrefix(recorder.Header().Get("WWW-Authenticate"), "Basic ") {
		s.t.Errorf("%s %s: 401 does not say what is wanted", method, path)
	}
	return status, recorder.Body.String()
}

func TestCallersOnThisMachineNeedNoKeyAndAllOthersDo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, test := range map[string]struct {
		caller caller
		local  bool
	}{
		"this machine":                   {caller{}, true},
		"this machine by name":           {caller{host: "localhost:8025"}, true},
		"this machine over IPv6":         {caller{from: "[::1]:4000", host: "[::1]:8025"}, true},
		"this machine without a port":    {caller{from: "[::1]:4000", host: "[::1]"}, true},
		"IPv4 in IPv6":                   {caller{from: "[::ffff:127.0.0.1]:4000", host: "127.0.0.1"}, true},
		"another machine":                {caller{from: "192.0.2.7:4000"}, false},
		"a proxy here":                   {caller{head: map[string]string{"X-Forwarded-For": "192.0.2.7"}}, false},
		"a proxy here, in the new words": {caller{head: map[string]string{"Forwarded": "for=192.0.2.7"}}, false},
		"a cache here":                   {caller{head: map[string]string{"Via": "1.1 cache"}}, false},
		"a page that rebinds its name":   {caller{host: "evil.example:8025"}, false},
		"a name that begins like ours":   {caller{host: "localhost.evil.example"}, false},
		"another address of ours":        {caller{host: "192.0.2.1:8025"}, false},
		"no host":                        {caller{host: " "}, false},
		"no address":                     {caller{from: "@"}, false},
	} {
		status, _ := s.askAs(test.caller, http.MethodGet, "/v1/accounts", "")
		want := http.StatusUnauthorized
		if test.local {
			want = http.StatusOK
		}
		if status != want {
			t.Errorf("%s: got %d, want %d", name, status, want)
		}
		test.caller.key = &s.key
		if status, answer := s.askAs(test.caller, http.MethodGet, "/v1/accounts", ""); status != http.StatusOK {
			t.Errorf("%s with a key: got %d %s", name, status, answer)
		}
	}
}

func TestAKeyThatIsNotRightIsRefusedEvenOnThisMachine(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, key := range map[string]account.AccessKey{
		"wrong secret": {ID: s.key.ID, Secret: s.other.Secret}, "no secret": {ID: s.key.ID}, "unknown key": {ID: "AKIAAAAAAAAAAAAAAAAA", Secret: s.key.Secret},
	} {
		for _, from := range []string{"127.0.0.1:4000", "192.0.2.7:4000"} {
			if status, answer := s.askAs(caller{from: from, key: &key}, http.MethodGet, "/v1/accounts", ""); status != http.StatusUnauthorized {
				t.Errorf("%s from %s: got %d %s", name, from, status, answer)
			}
		}
	}
}

func TestAKeySpeaksForItsOwnAccountOnly(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	remote := caller{from: "192.0.2.7:4000", key: &s.other}
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/suppression", "", 200},
		{"GET", "/v1/suppression?account=" + otherAccount, "", 200},
		{"GET", "/v1/suppression?account=000000000000", "", 403},
		{"POST", "/v1/suppression/check?account=000000000000", `{"addresses":["a@b.example"]}`, 403},
		{"GET", "/v1/suppression?list=global", "", 403},
		{"PUT", "/v1/suppression", `{"emailAddress":"a@b.example","reason":"BOUNCE","list":"global"}`, 403},
		{"DELETE", "/v1/suppression?list=global&address=a@b.example", "", 403},
		{"GET", "/v1/topics?account=000000000000", "", 403},
		{"GET", "/v1/statistics?account=000000000000", "", 403},
		{"GET", "/v1/identities?account=000000000000", "", 403},
		{"POST", "/v1/sent", `{"accountId":"000000000000","source":"a@b.example","destination":["c@d.example"]}`, 403},
		{"POST", "/v1/sent", `{"accountId":"` + otherAccount + `","source":"a@b.example","destination":["c@d.example"]}`, 200},
		{"PUT", "/v1/accounts", `{"id":"222222222222"}`, 403},
		{"PUT", "/v1/accounts", `{"id":"` + otherAccount + `","name":"other"}`, 200},
		{"GET", "/v1/feedback/1/raw", "", 403},
		{"GET", "/v1/outbox", "", 403},
		{"POST", "/v1/outbox/redrive", `{}`, 403},
		{"POST", "/v1/outbox/drop", `{}`, 403},
	} {
		if status, answer := s.askAs(remote, test.method, test.path, test.body); status != test.status {
			t.Errorf("%s %s %s: got %d, want %d: %s", test.method, test.path, test.body, status, test.status, answer)
		}
	}
	if _, answer := s.askAs(remote, http.MethodGet, "/v1/accounts", ""); strings.Contains(answer, "000000000000") || !strings.Contains(answer, otherAccount) {
		t.Errorf("the accounts that another one sees: %s", answer)
	}
}

func TestAPageOfAnotherSiteCannotChangeAnything(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const body = `{"emailAddress":"a@b.example","reason":"BOUNCE"}`
	for name, head := range map[string]map[string]string{
		"a foreign origin": {"Origin": "https://evil.example"}, "a cross-site request": {"Sec-Fetch-Site": "cross-site"}, "a page without an origin": {"Origin": "null"},
	} {
		for _, key := range []*account.AccessKey{nil, &s.key} {
			if status, _ := s.askAs(caller{head: head, key: key}, http.MethodPut, "/v1/suppression", body); status != http.StatusForbidden {
				t.Errorf("%s: got %d, want 403", name, status)
			}
		}
	}
	if status, answer := s.askAs(caller{head: map[string]string{"Origin": "http://127.0.0.1:8025"}}, http.MethodPut, "/v1/suppression", body); status != http.StatusOK {
		t.Errorf("our own page: got %d %s", status, answer)
	}
}
