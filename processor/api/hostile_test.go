package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// The words that hostile URLs hold as their secrets. A path is shown to the owner as a part of the endpoint, and nowhere else.
const (
	secretPassword = "s3cret-password"
	secretQuery    = "s3cret-query"
	secretPath     = "s3cret-path"
)

// outside stands for the internet: the only address that may be reached.
var outside = netip.MustParsePrefix("127.0.0.2/32")

// innerV4 are addresses of all kinds that nobody may be sent to.
var innerV4 = []string{"127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "168.63.129.16", "192.0.0.192",
	"198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"}

var innerV6 = []string{"::1", "::", "0:0:0:0:0:0:0:1", "fe80::1", "fe80::1%25lo", "::1%25lo", "fd00:ec2::254", "fc00::1", "ff02::1", "fec0::1", "100::1",
	"64:ff9b:1::a00:1", "2001:db8::1", "3fff::1"}

// spellings are the ways to write an IPv4 address that some library somewhere takes for it.
func spellings(text string) []string {
	a := netip.MustParseAddr(text).As4()
	number := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	wide := strings.Map(func(r rune) rune {
		if r == '.' {
			return '。'
		}
		return r - '0' + '０'
	}, text)
	return []string{text, text + ".", wide, strings.ReplaceAll(text, ".", "。"), fmt.Sprint(number), fmt.Sprintf("0x%x", number), fmt.Sprintf("0%o", number),
		fmt.Sprintf("0%o.0%o.0%o.0%o", a[0], a[1], a[2], a[3]), fmt.Sprintf("0x%x.%d.%d.%d", a[0], a[1], a[2], a[3]),
		fmt.Sprintf("%d.%d", a[0], number&0xffffff), fmt.Sprintf("%03d.%03d.%03d.%03d", a[0], a[1], a[2], a[3]),
		"[::ffff:" + text + "]", fmt.Sprintf("[::ffff:%x:%x]", number>>16, number&0xffff), "[::" + text + "]",
		fmt.Sprintf("[64:ff9b::%x:%x]", number>>16, number&0xffff), fmt.Sprintf("[2002:%x:%x::1]", number>>16, number&0xffff),
		fmt.Sprintf("[2001:0:%x:%x::1]", number>>16, number&0xffff)}
}

// hostile lists the URLs; port is the one of the canary, and of the outside.
func hostile(port string) []string {
	var urls []string
	at := func(host string) {
		urls = append(urls, "http://jane:"+secretPassword+"@"+host+":"+port+"/"+secretPath+"?token="+secretQuery)
	}
	for _, address := range innerV4 {
		for _, host := range spellings(address) {
			at(host)
		}
	}
	for _, address := range innerV6 {
		at("[" + address + "]")
	}
	for _, host := range []string{"localhost", "localhost.", "LOCALHOST", "127.0.0.1.inside.test", "loop.inside.test", "loop6.inside.test", "metadata.inside.test",
		"mapped.inside.test", "both.inside.test", "rebind.inside.test", "missing.inside.test", "outside.test"} {
		at(host)
	}
	inner := "127.0.0.1:" + port
	redirects := "outside.test:" + port + "/" + secretPath
	return append(urls,
		"HTTP://jane:"+secretPassword+"@"+inner+"/", "hTTps://jane:"+secretPassword+"@"+inner+"/", "https://jane:"+secretPassword+"@loop.inside.test:"+port+"/",
		"http://outside.test@"+inner+"/?token="+secretQuery, "http://"+secretPassword+"@"+inner, "http://outside.test:80@"+inner+"/",
		"http://jane:"+secretPassword+"@outside.test@"+inner+"/", "http://outside.test\\@"+inner+"/?"+secretQuery, "http://outside.test#@"+inner+"/"+secretQuery,
		"http://jane:"+secretPassword+"@127.0.0.1:99999/", "http://jane:"+secretPassword+"@127.0.0.1:0/", "http://jane:"+secretPassword+"@127.0.0.1:022/",
		"http://jane:"+secretPassword+"@127.0.0.1:"+secretPassword+"/", "http://jane:"+secretPassword+"@[::1/", "http://jane:"+secretPassword+"@%31%32%37.0.0.1:"+port+"/",
		"http://jane:"+secretPassword+"@127%2e0%2e0%2e1:"+port+"/", "http:jane:"+secretPassword+"@"+inner, "http:/jane:"+secretPassword+"@"+inner+"/",
		"http:///jane:"+secretPassword+"@"+inner+"/", "jane:"+secretPassword+"@"+inner, "file:///"+secretPath, "gopher://"+inner+"/_"+secretQuery,
		"http://jane:"+secretPassword+"@\r\nHost: "+inner, "http://jane:"+secretPassword+"@"+inner+"\t/", "//jane:"+secretPassword+"@"+inner+"/",
		"http://jane:"+secretPassword+"@"+redirects+"/302", "http://jane:"+secretPassword+"@"+redirects+"/307", "http://jane:"+secretPassword+"@"+redirects+"/308?token="+secretQuery,
		"http://jane:"+secretPassword+"@"+redirects+"/refresh", "http://jane:"+secretPassword+"@"+redirects+"/broken?token="+secretQuery,
		"http://jane:"+secretPassword+"@"+redirects+"/long?token="+secretQuery)
}

// nameServer answers with addresses inside, and for every way to write a number with that address, as inet_aton would.
func nameServer(t *testing.T) *net.Resolver {
	t.Helper()
	numbers := map[string]string{}
	for _, address := range innerV4 {
		for _, spelling := range spellings(address) {
			numbers[strings.TrimSuffix(spelling, ".")] = address
		}
	}
	var rebound atomic.Int32
	look := func(name string) []string {
		switch name {
		case "outside.test":
			return []string{"127.0.0.2"}
		case "loop.inside.test", "127.0.0.1.inside.test", "localhost":
			return []string{"127.0.0.1"}
		case "loop6.inside.test":
			return []string{"::1", "fd00:ec2::254"}
		case "mapped.inside.test":
			return []string{"::ffff:127.0.0.1"}
		case "metadata.inside.test":
			return []string{"169.254.169.254", "fd00:ec2::254"}
		case "both.inside.test":
			return []string{"127.0.0.3", "127.0.0.1", "::1"}
		case "rebind.inside.test":
			if rebound.Add(1) == 1 {
				return []string{"127.0.0.2"}
			}
			return []string{"127.0.0.1"}
		}
		if address, ok := numbers[name]; ok {
			return []string{address}
		}
		return nil
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		packet := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if answer, ok := answerName(packet[:n], look); ok {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func answerName(packet []byte, look func(string) []string) ([]byte, bool) {
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil || len(m.Questions) != 1 {
		return nil, false
	}
	m.Response, m.Additionals = true, nil
	q := m.Questions[0]
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
	known := false
	if name := strings.ToLower(strings.TrimSuffix(q.Name.String(), ".")); q.Type == dnsmessage.TypeA || !strings.HasPrefix(name, "rebind.") {
		for _, text := range look(name) {
			known = true
			switch address := netip.MustParseAddr(text); {
			case address.Is4() && q.Type == dnsmessage.TypeA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
			case address.Is6() && q.Type == dnsmessage.TypeAAAA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
			}
		}
	}
	if !known && q.Type == dnsmessage.TypeA {
		m.RCode = dnsmessage.RCodeNameError
	}
	answer, err := m.Pack()
	return answer, err == nil
}

// canary listens where nobody may come, and returns the port that it has in both families, and who came.
func canary(t *testing.T) (port string, visits *atomic.Int32) {
	t.Helper()
	visits = &atomic.Int32{}
	v4, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(v4.Addr().String())
	listeners := []net.Listener{v4}
	if v6, err := net.Listen("tcp", "[::1]:"+port); err == nil { // where there is no IPv6, nobody comes by it
		listeners = append(listeners, v6)
	}
	for _, listener := range listeners {
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				visits.Add(1)
				_ = conn.Close()
			}
		}()
	}
	return port, visits
}

// startOutside is a public server that means ill: it asks for the credentials, repeats all it was told, and sends its visitors inside.
func startOutside(t *testing.T, port string) (visits *atomic.Int32) {
	t.Helper()
	visits = &atomic.Int32{}
	listener, err := net.Listen("tcp", outside.Addr().String()+":"+port)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		w.Header().Set("Connection", "close")
		user, password, ok := r.BasicAuth()
		if !ok {
			w.Header().Set("WWW-Authenticate", "Basic realm=x")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		told := fmt.Sprintf("%s %s: %s %s %v\n", r.Method, r.RequestURI, user, password, r.Header)
		switch status := 0; filepath.Base(r.URL.Path) {
		case "302", "307", "308":
			_, _ = fmt.Sscan(filepath.Base(r.URL.Path), &status)
			w.Header().Set("Location", "http://127.0.0.1:"+port+"/"+told)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, told)
		case "refresh":
			w.Header().Set("Refresh", "0; url=http://127.0.0.1:"+port+"/")
			w.Header().Set("Alt-Svc", `http/1.1="127.0.0.1:`+port+`"`)
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, told)
		case "broken":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, strings.ReplaceAll(told, "\n", " ")+"\r\n\r\n")
			_ = conn.Close()
		case "long":
			w.WriteHeader(http.StatusNotFound)
			for range 1000 {
				_, _ = io.WriteString(w, password+r.URL.RawQuery)
			}
		default:
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, told)
		}
	}))
	web.Listener.Close()
	web.Listener = listener
	web.Start()
	t.Cleanup(web.Close)
	return visits
}

// logged is a buffer for log lines of many goroutines.
type logged struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

var shownEndpoint = regexp.MustCompile(`"endpoint":"[^"]*"`)

// wantNoSecret looks for the secrets in what somebody may read.
func wantNoSecret(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range []string{secretPassword, secretQuery, "amFuZTpzM2NyZX"} { // the last is base64 of jane:s3cret
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s tells %s: …%s", where, secret, text[max(0, i-200):i+len(secret)])
		}
	}
	if strings.Contains(shownEndpoint.ReplaceAllString(text, ""), secretPath) {
		t.Errorf("%s tells the path outside of an endpoint: %s", where, text)
	}
}

// Whatever the URL of a subscriber, no private address is ever connected to, and its secrets are never told.
func TestHostileURLsReachNothingPrivateAndTellNoSecret(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	log := &logged{}
	s.api.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	port, canaryVisits := canary(t)
	outsideVisits := startOutside(t, port)
	urls := hostile(port)
	if len(urls) < 200 {
		t.Fatalf("only %d URLs", len(urls))
	}
	arn := s.topic("feedback")
	s.subscribeAll(arn, urls)

	signer, err := topic.LoadSigner(t.TempDir(), "https://sns.us-east-1.amazonaws.com", now)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := delivery.NewHTTPSender(delivery.HTTPOptions{Store: s.api.Store, Signer: signer, PublicURL: "https://api.example.net",
		Allow: []netip.Prefix{outside}, Resolver: nameServer(t)})
	if err != nil {
		t.Fatal(err)
	}
	s.deliverAll(sender)

	if n := canaryVisits.Load(); n != 0 {
		t.Errorf("%d connections came to a private address", n)
	}
	if outsideVisits.Load() < 10 {
		t.Errorf("%d requests came outside: this tests nothing", outsideVisits.Load())
	}
	entries, err := delivery.List(t.Context(), s.api.Store.Read, delivery.Filter{}, 0, 1000)
	if err != nil || len(entries) < 200 {
		t.Fatalf("%d entries are left, %v", len(entries), err)
	}
	reasons := regexp.MustCompile(`not a public address|no such host|invalid port|redirects are not followed|HTTP 404|HTTP 500|malformed|127\.0\.0\.2:80: connect|no suitable address|missing port|lookup `)
	for _, e := range entries {
		wantNoSecret(t, e.Endpoint+": the outbox", fmt.Sprintf("%d %s %s", e.LastStatus, e.LastError, e.LastAnswer))
		if !reasons.MatchString(e.LastError) {
			t.Errorf("%s failed by %q", e.Endpoint, e.LastError)
		}
	}
	for _, path := range []string{"/v1/subscriptions", "/v1/outbox?limit=1000", "/v1/outbox?state=failed&limit=1000"} {
		status, answer := s.ask(http.MethodGet, path, nil)
		if status != http.StatusOK || strings.Count(answer, `"endpoint"`) < 100 {
			t.Errorf("%s: %d with %d endpoints", path, status, strings.Count(answer, `"endpoint"`))
		}
		wantNoSecret(t, path, answer)
	}
	wantNoSecret(t, "the log", log.text.String())
}

// subscribeAll asks the API for subscriptions of the URLs; those that are refused never get anything.
func (s *server) subscribeAll(arn string, urls []string) {
	s.t.Helper()
	refused := 0
	for _, url := range urls {
		status, answer := s.ask(http.MethodPost, "/v1/subscriptions", api.Subscription{TopicARN: arn, Endpoint: url})
		wantNoSecret(s.t, url+": the answer", answer)
		if status != http.StatusOK && status != http.StatusBadRequest {
			s.t.Errorf("%s: %d %s", url, status, answer)
		}
		if status == http.StatusBadRequest {
			refused++
		}
	}
	if refused == 0 || refused > len(urls)/5 {
		s.t.Errorf("%d URLs of %d were refused: the others are the test", refused, len(urls))
	}
	subscriptions, _, err := topic.ListSubscriptions(s.t.Context(), s.api.Store.Read, "", "", "", 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	m := delivery.Message{ID: schemas.NewUUID(), TopicARN: arn, Kind: delivery.KindNotification, Body: "{}"}
	s.transact(func(tx *sql.Tx) error {
		for _, sub := range subscriptions {
			if _, err := topic.Confirm(s.t.Context(), tx, sub.Token, false, now); err != nil {
				return err
			}
			m.Targets = append(m.Targets, delivery.Target{SubscriptionARN: sub.ARN, Protocol: sub.Protocol, Endpoint: sub.Endpoint})
		}
		return delivery.Enqueue(s.t.Context(), tx, m, now)
	})
}

// deliverAll has an engine make all attempts at all entries, with a clock that jumps to the retries.
func (s *server) deliverAll(sender *delivery.HTTPSender) {
	s.t.Helper()
	outcomes := make(chan string, 10_000)
	var late atomic.Int64
	engine := delivery.New(s.api.Store, map[string]delivery.Sender{topic.HTTP: sender, topic.HTTPS: sender}, s.api.Log)
	engine.Now = func() time.Time { return now.Add(time.Duration(late.Load())) }
	engine.OnAttempt = func(_, outcome string, _ time.Duration) { outcomes <- outcome }
	ctx, stop := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	entries, err := delivery.List(s.t.Context(), s.api.Store.Read, delivery.Filter{}, 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for open := len(entries); open > 0; {
		again := 0
		for range open {
			select {
			case outcome := <-outcomes:
				if outcome == string(delivery.Retry) {
					again++
				}
			case <-time.After(time.Minute):
				s.t.Fatal("waited for an attempt")
			}
		}
		open = again
		late.Add(int64(2 * time.Minute))
		engine.Wake()
	}
	stop()
	if err := <-ended; err != nil {
		s.t.Error(err)
	}
}
