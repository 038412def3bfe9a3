package delivery

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

func (f *fixture) entry(s topic.Subscription) Entry {
	return Entry{ID: 1, MessageID: "3d891288-136d-417f-bc05-901c108273ee", TopicARN: s.TopicARN, Kind: KindNotification, Body: `{"a":1}`,
		Published: start, SubscriptionARN: s.ARN, Protocol: s.Protocol, Endpoint: s.Endpoint}
}

// send subscribes the endpoint and makes one attempt.
func (f *fixture) send(ctx context.Context, endpoint string) Result {
	f.t.Helper()
	return f.sender.Send(ctx, f.entry(f.subscribe(endpoint)))
}

// answer compares all of a result but its error.
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

func TestRequestsHaveTheHeadersOfSNS(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	sub := f.subscribe(s.URL)
	wantResult(t, f.sender.Send(t.Context(), f.entry(sub)), Result{Outcome: Delivered, Status: 200})
	got := s.next(t)
	want := http.Header{
		"X-Amz-Sns-Message-Type": {"Notification"}, "X-Amz-Sns-Message-Id": {"3d891288-136d-417f-bc05-901c108273ee"},
		"X-Amz-Sns-Topic-Arn": {f.topic.ARN}, "X-Amz-Sns-Subscription-Arn": {sub.ARN}, "Content-Type": {"text/plain; charset=UTF-8"},
		"User-Agent": {"Amazon Simple Notification Service Agent"}, "Accept-Encoding": {"gzip,deflate"}, "Connection": {"Keep-Alive"},
		"Content-Length": {fmt.Sprint(len(got.Body))},
	}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Error(diff)
	}
	certificate, ok := f.signer.Certificate(strings.TrimPrefix(f.signer.SigningCertURL(), "https://sns.us-east-1.amazonaws.com/"))
	e, err := topic.Verify([]byte(got.Body), certificate)
	if err != nil || !ok || e.Message != `{"a":1}` || e.Timestamp.Time != start {
		t.Errorf("got %+v, error %v", e, err)
	}
}

func TestRawSubscriptionsGetTheBodyAlone(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	sub := f.subscribe(s.URL)
	sub.Raw = true
	f.transact(func(ctx context.Context, tx *sql.Tx) error { return topic.UpdateSubscription(ctx, tx, sub) })
	wantResult(t, f.sender.Send(t.Context(), f.entry(sub)), Result{Outcome: Delivered, Status: 200})
	if got := s.next(t); got.Body != `{"a":1}` || got.Header.Get("x-amz-sns-rawdelivery") != "true" {
		t.Errorf("got %+v", got)
	}
}

func TestCredentialsAreSentOnlyWhenTheEndpointAsks(t *testing.T) {
	f := newFixture(t)
	for name, test := range map[string]struct {
		challenge string
		accept    bool
		want      Result
		requests  int
	}{
		"asked for Basic":       {`Basic realm="hooks"`, true, Result{Outcome: Delivered, Status: 200}, 2},
		"in small letters":      {`basic`, true, Result{Outcome: Delivered, Status: 200}, 2},
		"asked for another":     {`Bearer`, true, Result{Outcome: Final, Status: 401}, 1},
		"credentials not taken": {`Basic realm="hooks"`, false, Result{Outcome: Final, Status: 401}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSubscriber(t, func(w http.ResponseWriter, r *http.Request) {
				if user, password, ok := r.BasicAuth(); ok && user == "jane" && password == "s3c:ret" && test.accept {
					return
				}
				w.Header().Set("WWW-Authenticate", test.challenge)
				w.WriteHeader(http.StatusUnauthorized)
			})
			endpoint := strings.Replace(s.URL, "http://", "http://jane:s3c%3Aret@", 1)
			wantResult(t, f.send(t.Context(), endpoint), test.want)
			if first := s.next(t); first.Header.Get("Authorization") != "" {
				t.Error("the first request has credentials")
			}
			if got := len(s.got) + 1; got != test.requests {
				t.Errorf("%d requests, want %d", got, test.requests)
			}
			if test.requests == 2 && !strings.HasPrefix(s.next(t).Body, "{") {
				t.Error("the second request has no body")
			}
		})
	}
}

func TestErrorsDoNotTellCredentials(t *testing.T) {
	f := newFixture(t)
	for _, endpoint := range []string{
		"http://jane:s3cret@nowhere.invalid/?token=s3cret", "http://jane:s3cret@127.0.0.1:1/s3cret", "http://jane:s3cret@10.0.0.1/",
		"http://jane:s3cret@[::1", "http://jane:s3cret@%zz/",
	} {
		if got := f.sender.post(t.Context(), endpoint, nil, http.Header{}); got.Err == nil || strings.Contains(got.Err.Error(), "s3cret") {
			t.Errorf("%s: got %v", endpoint, got.Err)
		}
	}
}

func TestPrivateAddressesAreRefusedUnlessAllowed(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	guarded, err := NewHTTPSender(HTTPOptions{Store: f.store, Signer: f.signer, PublicURL: "https://api.example.net"})
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
		"168.63.129.16", "[::1]", "[::ffff:127.0.0.1]", "[fd00:ec2::254]", "[fe80::1]", "[::]", "2130706433", "0x7f000001"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		got := guarded.post(ctx, "http://"+host+":"+port+"/", nil, http.Header{})
		cancel()
		if !errors.Is(got.Err, ErrNotPublic) && !strings.Contains(fmt.Sprint(got.Err), "no such host") && !strings.Contains(fmt.Sprint(got.Err), "lookup") {
			t.Errorf("%s: got %+v", host, got)
		}
		if got.Outcome == Delivered || errors.Is(got.Err, ErrNotPublic) && got.Outcome != Final {
			t.Errorf("%s: got outcome %s", host, got.Outcome)
		}
	}
	if len(s.got) != 0 {
		t.Errorf("%d requests came through", len(s.got))
	}
	wantResult(t, f.send(t.Context(), s.URL), Result{Outcome: Delivered, Status: 200})
	if _, err := NewHTTPSender(HTTPOptions{Store: f.store, Allow: []netip.Prefix{{}}}); err == nil {
		t.Error("an invalid network was taken")
	}
}

func TestLongAnswersAreCutAndCompressedOnesLeftOut(t *testing.T) {
	f := newFixture(t)
	long := newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(strings.Repeat("é", 10<<20))) // the client may go before the end
	})
	got := f.send(t.Context(), long.URL)
	if len(got.Answer) != maxAnswer || strings.Trim(got.Answer, "é") != "" {
		t.Errorf("got %d bytes: %.20q", len(got.Answer), got.Answer)
	}
	compressed := newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte("\x1f\x8b"))
	})
	if got := f.send(t.Context(), compressed.URL); got.Answer != "" {
		t.Errorf("got %q", got.Answer)
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	f := newFixture(t)
	var connections atomic.Int32
	s := newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2*maxAnswer)) })
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	sub := f.subscribe(s.URL)
	for range 5 {
		wantDelivered(t, f.sender.Send(t.Context(), f.entry(sub)))
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 5 requests", n)
	}
}

// TestAConnectionThatClosesBetweenRequestsCostsNoAttempt has a server close a connection when the second request comes, as servers do
// whose idle time ends at that moment.
func TestAConnectionThatClosesBetweenRequestsCostsNoAttempt(t *testing.T) {
	f := newFixture(t)
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
			in := bufio.NewReader(conn)
			if request, err := http.ReadRequest(in); err == nil {
				_, _ = io.Copy(io.Discard, request.Body)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
			_, _ = in.Peek(1)
			conn.Close()
		}
	}()
	sub := f.subscribe("http://" + listener.Addr().String())
	for range 3 {
		wantDelivered(t, f.sender.Send(t.Context(), f.entry(sub)))
	}
}

func wantDelivered(t *testing.T, got Result) {
	t.Helper()
	if got.Outcome != Delivered {
		t.Errorf("got %+v", got)
	}
}

func TestHTTP2IsSpokenWhereOffered(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	encrypted := httptest.NewUnstartedServer(s.Config.Handler)
	encrypted.EnableHTTP2 = true
	encrypted.StartTLS()
	t.Cleanup(encrypted.Close)
	pool := x509.NewCertPool()
	pool.AddCert(encrypted.Certificate())
	f.sender.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	sub := f.subscribe(s.URL)
	e := f.entry(sub)
	e.Endpoint = encrypted.URL
	wantDelivered(t, f.sender.Send(t.Context(), e))
	if got := s.next(t); got.Proto != "HTTP/2.0" || got.Header.Get("x-amz-sns-subscription-arn") != sub.ARN {
		t.Errorf("got %+v", got)
	}
}

func TestEntriesWhoseSubscriptionIsGoneAreFinal(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	pending := f.pending(s.URL + "/pending")
	ended := f.subscribe(s.URL + "/ended")
	f.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := topic.Unsubscribe(ctx, tx, ended.ARN)
		return err
	})
	late := f.entry(pending)
	late.Kind = KindSubscriptionConfirmation
	deleted := f.entry(f.subscribe(s.URL))
	deleted.TopicARN += "x"
	for want, e := range map[string]Entry{
		"the topic was deleted": deleted, "the subscription has ended": f.entry(ended), "the subscription is not confirmed": f.entry(pending),
	} {
		if got := f.sender.Send(t.Context(), e); got.Outcome != Final || got.Err.Error() != want {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
	f.clock.advance(topic.TokenLife)
	if got := f.sender.Send(t.Context(), late); got.Outcome != Final || got.Err.Error() != "nobody confirmed the subscription in time" {
		t.Errorf("got %+v", got)
	}
	if len(s.got) != 0 {
		t.Errorf("%d requests were made", len(s.got))
	}
}

func TestAConfirmationGoesThroughTheOutbox(t *testing.T) {
	f := newFixture(t)
	answers := make(chan int, 2)
	answers <- 500
	answers <- 200
	s := newSubscriber(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(<-answers) })
	sub := f.pending(s.URL)
	f.enqueue(Message{ID: "3d891288-136d-417f-bc05-901c108273ee", TopicARN: f.topic.ARN, Kind: KindSubscriptionConfirmation, Targets: []Target{target(sub)}})
	w := f.run(f.senders())
	w.outcomes(1)
	first := s.next(t)
	f.clock.advance(20 * time.Second)
	w.Wake()
	w.outcomes(1)
	second := s.next(t)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the retry differs: %s", diff)
	}
	if err := schemas.Validate(schemas.EnvelopeSchema, []byte(first.Body)); err != nil {
		t.Error(err)
	}
	if !strings.Contains(first.Body, sub.Token) || first.Header.Get("x-amz-sns-message-type") != "SubscriptionConfirmation" {
		t.Errorf("got %+v", first)
	}
	w.stop()
	f.wantEmpty()
}

func TestAConfirmationThatWasAnsweredIsNotRepeated(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	sub := f.subscribe(s.URL)
	e := f.entry(sub)
	e.Kind = KindSubscriptionConfirmation
	wantDelivered(t, f.sender.Send(t.Context(), e))
	if len(s.got) != 0 {
		t.Error("it was sent")
	}
}
