package delivery

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAnswersAndErrorsAreKeptWithoutTheSecretsOfTheURL(t *testing.T) {
	f := newFixture(t)
	long := strings.Repeat("x", 600)
	for name, test := range map[string]struct{ userinfo, target, answer, want string }{
		"the password":         {"jane:hunter2@", "/", "no hunter2 here", "no **** here"},
		"basic":                {"jane:hunter2@", "/", "got Basic amFuZTpodW50ZXIy!", "got Basic ****!"},
		"an escaped password":  {"jane:h%40nter2@", "/", "h@nter2 or h%40nter2", "**** or ****"},
		"a key as the user":    {"key-12345@", "/", "key-12345 is unknown", "**** is unknown"},
		"the query":            {"", "/?a=token%21&b=2", "a=token%21&b=2; token!; 2", "****; ****; 2"},
		"the path":             {"", "/hooks/T0K3N", "404: /hooks/T0K3N not found", "404: **** not found"},
		"short words are none": {"a:b@", "/c?d=e", "a b c d e", "a b c d e"},
		"at the end of what is kept": {"", "/?" + long, strings.Repeat("-", maxAnswer-10) + long + long,
			strings.Repeat("-", maxAnswer-10) + "********"},
		"cut in two":              {"", "/?" + long, strings.Repeat(long, 20), ""},
		"what is no secret stays": {"jane:hunter2@", "/hook?x=y", "try again later", "try again later"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSubscriber(t, func(w http.ResponseWriter, r *http.Request) {
				if _, _, ok := r.BasicAuth(); !ok && test.userinfo != "" {
					w.Header().Set("WWW-Authenticate", "Basic realm=x")
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, test.answer)
			})
			endpoint := strings.Replace(s.URL, "://", "://"+test.userinfo, 1) + test.target
			got := f.sender.post(t.Context(), endpoint, nil, http.Header{})
			if got.Answer != test.want || got.Status != 500 {
				t.Errorf("got %d %q, want %q", got.Status, got.Answer, test.want)
			}
		})
	}
	got := newSecrets(parsed(t, "http://jane:hunter2@h/")).hide(Result{Outcome: Retry, Err: errors.New(`malformed HTTP response "hunter2"`)})
	if got.Err.Error() != `malformed HTTP response "****"` {
		t.Errorf("got %v", got.Err)
	}
}

// An endpoint that answers a byte at a time, whether of the header or of the body, holds a place no longer than any other.
func TestAnswersThatDripAreCutOff(t *testing.T) {
	f := newFixture(t)
	for name, test := range map[string]struct {
		first, drip string
		want        Outcome
	}{
		"the header":         {"HTTP/1.1 200 OK\r\n", "X", Retry},
		"header after other": {"HTTP/1.1 200 OK\r\n", "X: y\r\n", Retry},
		"interim answers":    {"", "HTTP/1.1 103 Early Hints\r\n\r\n", Retry},
		"the body":           {"HTTP/1.1 500 No\r\n\r\n", "x", Retry},
		"a delivery's body":  {"HTTP/1.1 200 OK\r\n\r\n", "x", Delivered}, // the status has decided
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				if _, err = http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, err = io.WriteString(conn, test.first)
				}
				for err == nil {
					_, err = io.WriteString(conn, test.drip)
					time.Sleep(time.Millisecond)
				}
			}()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			got := f.sender.post(ctx, "http://"+listener.Addr().String(), nil, http.Header{})
			if got.Outcome != test.want {
				t.Errorf("got %+v", got)
			}
			<-gone // the connection is closed, or this never ends
			listener.Close()
		})
	}
}

func parsed(t *testing.T, endpoint string) *url.URL {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
