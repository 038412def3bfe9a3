package intake_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/intake"
)

func TestClientSendsAMailWithItsEnvelope(t *testing.T) {
	kept := new(store)
	mux := http.NewServeMux()
	mux.Handle(intake.Path, intake.Handler(kept.accept, intake.Limits{}))
	server := httptest.NewServer(mux)
	defer server.Close()

	c := intake.Client{URL: server.URL + "/"}
	id, err := c.Send(t.Context(), strings.NewReader("A: 1\r\n\r\n\xff"), "a&b@example.org", []string{"c+1@example.org", "d@example.org"})
	if err != nil || id != "id-1" {
		t.Fatalf("got id %q and error %v", id, err)
	}
	if id, err = c.Send(t.Context(), strings.NewReader("x"), "", nil); err != nil || id != "id-2" {
		t.Fatalf("got id %q and error %v", id, err)
	}
	got := kept.all()
	if diff := cmp.Diff([]string{"c+1@example.org", "d@example.org"}, got[0].To); diff != "" || got[0].From != "a&b@example.org" {
		t.Errorf("got from %q to (-want +got):\n%s", got[0].From, diff)
	}
	if string(got[0].Raw) != "A: 1\r\n\r\n\xff" || got[1].From != "" || got[1].To != nil {
		t.Errorf("got %+v", got)
	}
}

func TestClientTellsTemporaryFromFinalErrors(t *testing.T) {
	for _, test := range []struct {
		status    int
		body      string
		temporary bool
		want      string
	}{
		{400, `{"message":"the body is empty"}`, false, "400 Bad Request: the body is empty"},
		{403, "<html>", true, "403 Forbidden"},
		{404, "", true, "404 Not Found"},
		{413, `{"message":"the mail is too large"}`, false, "the mail is too large"},
		{415, `{}`, false, "415 Unsupported Media Type"},
		{307, `{}`, true, "307 Temporary Redirect"},
		{408, `{}`, true, "408 Request Timeout"},
		{429, `{}`, true, "429 Too Many Requests"},
		{500, "", true, "500 Internal Server Error"},
		{503, `{"message":"not now"}`, true, "not now"},
		{507, `{"message":"no room"}`, true, "no room"},
		{202, `{"id":`, true, "the answer was cut off"},
	} {
		t.Run(http.StatusText(test.status), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			}))
			defer server.Close()
			_, err := (&intake.Client{URL: server.URL}).Send(t.Context(), strings.NewReader("x"), "", nil)
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, intake.ErrTemporary) != test.temporary {
				t.Errorf("got %v, want %q, temporary %v", err, test.want, test.temporary)
			}
		})
	}
}

func TestClientWithoutAServerFailsForNow(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	if _, err := (&intake.Client{URL: server.URL}).Send(t.Context(), strings.NewReader("x"), "", nil); !errors.Is(err, intake.ErrTemporary) {
		t.Errorf("got %v, want a temporary error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&intake.Client{URL: server.URL}).Send(ctx, strings.NewReader("x"), "", nil); !errors.Is(err, intake.ErrTemporary) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a temporary error that wraps %v", err, context.Canceled)
	}
}

func TestClientWithAMailOrAnAddressItCannotReadFailsForGood(t *testing.T) {
	server := httptest.NewServer(intake.Handler(new(store).accept, intake.Limits{}))
	defer server.Close()
	broken := errors.New("input/output error")
	_, err := (&intake.Client{URL: server.URL}).Send(t.Context(), iotest.ErrReader(broken), "", nil)
	if !errors.Is(err, broken) || errors.Is(err, intake.ErrTemporary) {
		t.Errorf("got %v, want a final error that wraps %v", err, broken)
	}
	for _, url := range []string{"", "127.0.0.1:8025", "ftp://example.org", "http://", ":"} {
		if _, err := (&intake.Client{URL: url}).Send(t.Context(), strings.NewReader("x"), "", nil); err == nil || errors.Is(err, intake.ErrTemporary) {
			t.Errorf("%q: got %v, want a final error", url, err)
		}
	}
}

func TestClientLeavesTheReaderAloneWhenSendReturns(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnsupportedMediaType) // before the body is read
	}))
	defer server.Close()
	r := &endless{}
	(&intake.Client{URL: server.URL}).Send(t.Context(), r, "", nil)
	r.released = true // the race detector sees a read after this
}

// endless is a mail without an end, whose reads can be told from those after its release.
type endless struct{ released bool }

func (e *endless) Read(p []byte) (int, error) {
	if e.released {
		panic("read after Send")
	}
	return len(p), nil
}
