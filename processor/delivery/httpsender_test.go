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
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
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
	peers := make(chan string, 5)
	s := newSubscriber(t, func(w http.ResponseWriter, r *http.Request) {
		peers <- r.RemoteAddr
		_, _ = w.Write(make([]byte, 2*maxAnswer)) // more than is kept of it
	})
	sub := f.subscribe(s.URL)
	connections := map[string]bool{}
	for range 5 {
		wantDelivered(t, f.sender.Send(t.Context(), f.entry(sub)))
		connections[<-peers] = true
	}
	if n := len(connections); n != 1 {
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

// The webhook whose unsubscribe link was visited gets the link that restores it, unless that has happened already.
func TestTheEndOfASubscriptionIsToldToItsEndpoint(t *testing.T) {
	f := newFixture(t)
	s := newSubscriber(t, nil)
	sub := f.subscribe(s.URL)
	f.transact(func(ctx context.Context, tx *sql.Tx) error { return EndSubscription(ctx, tx, sub.ARN, f.clock.now()) })
	ended, err := topic.GetEnded(t.Context(), f.store.Read, sub.ARN)
	if err != nil {
		t.Fatal(err)
	}
	w := f.run(f.senders())
	if got := w.outcomes(1); got["delivered"] != 1 {
		t.Errorf("got %v", got)
	}
	if got := s.next(t); got.Header.Get("x-amz-sns-message-type") != "UnsubscribeConfirmation" || !strings.Contains(got.Body, ended.Token) {
		t.Errorf("got %+v", got)
	}
	w.stop()
	f.confirm(ended)
	entry := f.entry(sub)
	entry.Kind = KindUnsubscribeConfirmation
	if got := f.sender.Send(t.Context(), entry); got.Outcome != Final {
		t.Errorf("restored in the meantime: got %+v", got)
	}
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
