package intake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/intake"
)

// post sends a request and returns the status, the value of the answer's only field, and its header.
func post(t *testing.T, method, target, contentType, body string, fields http.Header) (status int, said map[string]string, header http.Header) {
	t.Helper()
	request, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = fields.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, said, response.Header
}

func TestHTTPAnswers(t *testing.T) {
	tests := []struct {
		name, method, query, contentType, body string
		err                                    error
		status                                 int
		want                                   string
	}{
		{name: "a mail", contentType: "message/rfc822", body: "x", status: 202, want: "id-1"},
		{name: "a mail with parameters", contentType: "Message/RFC822; charset=utf-8", body: "x", status: 202, want: "id-1"},
		{name: "an internationalized mail", contentType: "message/global", body: "x", status: 202, want: "id-1"},
		{name: "bytes", contentType: "application/octet-stream", body: "x", status: 202, want: "id-1"},
		{name: "no type", body: "x", status: 202, want: "id-1"},
		{name: "a form", contentType: "application/x-www-form-urlencoded", body: "x", status: 415, want: "send the mail as it is, with Content-Type message/rfc822"},
		{name: "no method for it", method: "GET", status: 405, want: "send a mail with POST"},
		{name: "nothing", contentType: "message/rfc822", status: 400, want: "the body is empty; send the mail as the body"},
		{name: "the largest mail", body: strings.Repeat("x", 1000), status: 202, want: "id-1"},
		{name: "a larger mail", body: strings.Repeat("x", 1001), status: 413, want: "the mail is too large"},
		{name: "a bad sender", query: "from=a", body: "x", status: 400, want: "from is not a mail address: a"},
		{name: "a bad recipient", query: "to=a@b&to=c", body: "x", status: 400, want: "to is not a mail address: c"},
		{name: "too many recipients", query: "to=a@b&to=a@b&to=a@b", body: "x", status: 400, want: "too many recipients"},
		{name: "no room", body: "x", err: bus.ErrFull, status: 507, want: "no room for more mails"},
		{name: "not now", body: "x", err: bus.ErrUnavailable, status: 503, want: "the mail cannot be accepted now"},
		{name: "never", body: "x", err: bus.ErrTooLarge, status: 413, want: "the mail is too large"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kept := &store{err: test.err}
			server := httptest.NewServer(intake.Handler(kept.accept, intake.Limits{MessageBytes: 1000, Recipients: 2}))
			defer server.Close()
			method := test.method
			if method == "" {
				method = "POST"
			}
			status, said, header := post(t, method, server.URL+"?"+test.query, test.contentType, test.body, nil)
			if status != test.status || said["id"]+said["message"] != test.want {
				t.Errorf("got %d %v, want %d %q", status, said, test.status, test.want)
			}
			if retry := header.Get("Retry-After"); (retry != "") != (status == 503 || status == 507) {
				t.Errorf("got Retry-After %q with %d", retry, status)
			}
			if accepted := len(kept.all()) == 1; accepted != (status == 202) {
				t.Errorf("got %d mails with %d", len(kept.all()), status)
			}
		})
	}
}

func TestHTTPMailComesAsSentWithItsEnvelope(t *testing.T) {
	kept := new(store)
	server := httptest.NewServer(intake.Handler(kept.accept, intake.Limits{}))
	defer server.Close()
	query := url.Values{"from": {"<>"}, "to": {"<a@example.org>", "b+1@example.org"}}.Encode()
	post(t, "POST", server.URL+"?"+query, "", "A: 1\n\n.\n\xff\x00", nil)
	post(t, "POST", server.URL, "", "x", http.Header{"X-Envelope-From": {"c@example.org"}, "X-Envelope-To": {"d@example.org", "e@example.org"}})
	want := []bus.Mail{
		{Raw: []byte("A: 1\n\n.\n\xff\x00"), Source: "http", To: []string{"a@example.org", "b+1@example.org"}, RemoteIP: "127.0.0.1"},
		{Raw: []byte("x"), Source: "http", From: "c@example.org", To: []string{"d@example.org", "e@example.org"}, RemoteIP: "127.0.0.1"},
	}
	if diff := cmp.Diff(want, kept.all(), cmpopts.IgnoreFields(bus.Mail{}, "Received")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, mail := range kept.all() {
		if mail.Received.IsZero() || mail.Received.After(time.Now()) {
			t.Errorf("got received %v", mail.Received)
		}
	}
}

func TestHTTPMailThatEndsEarlyIsNotAccepted(t *testing.T) {
	kept := new(store)
	request := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("Subject: x"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	answer := httptest.NewRecorder()
	intake.Handler(kept.accept, intake.Limits{}).ServeHTTP(answer, request)
	if answer.Code != 400 || len(kept.all()) != 0 {
		t.Errorf("got %d and %d mails, want 400 and none", answer.Code, len(kept.all()))
	}
}

func TestHTTPRequestsAtATimeAreLimited(t *testing.T) {
	g := newGate()
	server := httptest.NewServer(intake.Handler(g.accept, intake.Limits{Connections: 1}))
	defer server.Close()
	first := make(chan int)
	go func() {
		status, _, _ := post(t, "POST", server.URL, "", "x", nil)
		first <- status
	}()
	<-g.entered
	if status, _, header := post(t, "POST", server.URL, "", "x", nil); status != 503 || header.Get("Retry-After") == "" {
		t.Errorf("got %d, want 503 with Retry-After", status)
	}
	close(g.open)
	if status := <-first; status != 202 {
		t.Errorf("got %d, want 202", status)
	}
	if status, _, _ := post(t, "POST", server.URL, "", "x", nil); status != 202 {
		t.Errorf("got %d, want 202 when the first is done", status)
	}
}

func TestHTTPLargeMailsAtATimeAreLimited(t *testing.T) {
	memory := intake.NewMemory(200 << 10)
	server := httptest.NewServer(intake.Handler(new(store).accept, intake.Limits{Memory: memory}))
	defer server.Close()
	release := hold(t, memory)
	if status, _, _ := post(t, "POST", server.URL, "", strings.Repeat("x", 100<<10), nil); status != 503 {
		t.Errorf("got %d, want 503", status)
	}
	release()
	if status, _, _ := post(t, "POST", server.URL, "", strings.Repeat("x", 100<<10), nil); status != 202 {
		t.Errorf("got %d, want 202", status)
	}
}
