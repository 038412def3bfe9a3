package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// wantResult compares all of a result but its error.
func wantResult(t *testing.T, got, want Result) {
	t.Helper()
	if (got.Err == nil) != (want.Outcome == Delivered) {
		t.Errorf("got error %v for outcome %s", got.Err, got.Outcome)
	}
	got.Err, want.Err = nil, nil
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestEveryAnswerMeansWhatItMeansToSNS is the conformance table of the sender.
func TestEveryAnswerMeansWhatItMeansToSNS(t *testing.T) {
	f := newFixture(t)
	tests := []struct {
		status     int
		retryAfter string
		want       Result
	}{
		{200, "", Result{Outcome: Delivered}},
		{201, "", Result{Outcome: Delivered}},
		{202, "", Result{Outcome: Delivered}},
		{204, "", Result{Outcome: Delivered}},
		{299, "", Result{Outcome: Delivered}},
		{300, "", Result{Outcome: Final}},
		{301, "", Result{Outcome: Final}},
		{302, "", Result{Outcome: Final}},
		{304, "", Result{Outcome: Final}},
		{307, "", Result{Outcome: Final}},
		{308, "", Result{Outcome: Final}},
		{400, "", Result{Outcome: Final}},
		{401, "", Result{Outcome: Final}},
		{403, "60", Result{Outcome: Final}},
		{404, "", Result{Outcome: Final}},
		{405, "", Result{Outcome: Final}},
		{408, "", Result{Outcome: Retry}},
		{409, "", Result{Outcome: Final}},
		{410, "", Result{Outcome: Final}},
		{413, "", Result{Outcome: Final}},
		{422, "", Result{Outcome: Final}},
		{425, "", Result{Outcome: Retry}},
		{429, "", Result{Outcome: Retry}},
		{429, "120", Result{Outcome: Retry, RetryAfter: 2 * time.Minute}},
		{429, "0", Result{Outcome: Retry}},
		{429, "-5", Result{Outcome: Retry}},
		{429, "soon", Result{Outcome: Retry}},
		{429, "86400", Result{Outcome: Retry, RetryAfter: time.Hour}},
		{429, "99999999999999999999", Result{Outcome: Retry}},
		{429, start.Add(90 * time.Second).Format(http.TimeFormat), Result{Outcome: Retry, RetryAfter: 90 * time.Second}},
		{429, start.Add(-time.Hour).Format(http.TimeFormat), Result{Outcome: Retry}},
		{429, start.Add(48 * time.Hour).Format(http.TimeFormat), Result{Outcome: Retry, RetryAfter: time.Hour}},
		{451, "", Result{Outcome: Final}},
		{500, "60", Result{Outcome: Retry}},
		{501, "", Result{Outcome: Retry}},
		{502, "", Result{Outcome: Retry}},
		{503, "30", Result{Outcome: Retry, RetryAfter: 30 * time.Second}},
		{504, "", Result{Outcome: Retry}},
		{599, "", Result{Outcome: Retry}},
		{600, "", Result{Outcome: Retry}},
	}
	var hits atomic.Int32
	elsewhere := newSubscriber(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	for _, test := range tests {
		t.Run(fmt.Sprint(test.status, test.retryAfter), func(t *testing.T) {
			s := newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", elsewhere.URL)
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				w.WriteHeader(test.status)
			})
			test.want.Status = test.status
			wantResult(t, f.send(t.Context(), s.URL), test.want)
		})
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("redirects were followed %d times", n)
	}
}

// rawServer answers each connection with the text and closes it.
func rawServer(t *testing.T, answer string) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 4096)
			_, _ = conn.Read(buffer) // the request, or as much as there is
			_, _ = conn.Write([]byte(answer))
			conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestEveryFailureWithoutAnAnswerIsTriedAgain(t *testing.T) {
	f := newFixture(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	encrypted := httptest.NewUnstartedServer(nil)
	encrypted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	encrypted.StartTLS()
	t.Cleanup(encrypted.Close)
	tests := map[string]string{
		"refused":           closed.URL,
		"closed at once":    rawServer(t, ""),
		"not HTTP":          rawServer(t, "220 mx.example.net ESMTP\r\n"),
		"a header too long": rawServer(t, "HTTP/1.1 200 OK\r\nX-A: "+strings.Repeat("a", 2*maxAnswerHead)+"\r\n\r\n"),
		"name unknown":      "http://nowhere.invalid/",
		"HTTP on a TLS port": func() string {
			return "http://" + encrypted.Listener.Addr().String()
		}(),
		"unknown certificate": encrypted.URL,
	}
	for name, endpoint := range tests {
		t.Run(name, func(t *testing.T) {
			got := f.sender.post(t.Context(), endpoint, []byte("{}"), http.Header{})
			if name == "HTTP on a TLS port" { // Go's servers answer that
				wantResult(t, Result{Outcome: got.Outcome, Status: got.Status, Err: got.Err}, Result{Outcome: Final, Status: 400})
				return
			}
			wantResult(t, got, Result{Outcome: Retry})
			if strings.Contains(got.Err.Error(), "Post ") {
				t.Errorf("the URL stands in the error: %v", got.Err)
			}
		})
	}
}

func TestAnEndpointThatDoesNotAnswerInTimeIsTriedAgain(t *testing.T) {
	f := newFixture(t)
	release := make(chan struct{})
	s := newSubscriber(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second)) // its time is over as soon as it begins
	defer cancel()
	got := f.send(ctx, s.URL)
	wantResult(t, got, Result{Outcome: Retry})
	if !strings.Contains(got.Err.Error(), "no answer in 15s") {
		t.Errorf("got %v", got.Err)
	}
}
