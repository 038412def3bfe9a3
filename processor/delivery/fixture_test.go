package delivery

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

const account = "123456789012"

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// clock stands still until a test moves it.
type clock struct {
	mutex sync.Mutex
	at    time.Time
}

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.at = c.at.Add(d)
}

// signer is one for all tests, because a key takes long to make.
var signer *topic.Signer

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "signing")
	if err == nil {
		signer, err = topic.LoadSigner(dir, "https://sns.us-east-1.amazonaws.com", start)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// fixture is an outbox with one topic.
type fixture struct {
	t      testing.TB
	store  *store.Store
	signer *topic.Signer
	clock  *clock
	topic  topic.Topic
	sender *HTTPSender
	log    *slog.Logger
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{t: t, store: s, signer: signer, clock: &clock{at: start}, log: slog.New(slog.DiscardHandler)}
	f.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		f.topic, err = topic.CreateTopic(ctx, tx, "us-east-1", topic.Topic{Account: account, Name: "bounces"}, start)
		return err
	})
	f.sender, err = NewHTTPSender(HTTPOptions{Store: s, Signer: f.signer, PublicURL: "https://api.example.net", Allow: loopback, Now: f.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) transact(do func(ctx context.Context, tx *sql.Tx) error) {
	f.t.Helper()
	ctx := context.WithoutCancel(f.t.Context())
	if err := f.store.Transact(ctx, func(tx *sql.Tx) error { return do(ctx, tx) }); err != nil {
		f.t.Fatal(err)
	}
}

// pending subscribes the endpoint.
func (f *fixture) pending(endpoint string) (s topic.Subscription) {
	f.t.Helper()
	f.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		s, err = topic.Subscribe(ctx, tx, topic.Subscription{TopicARN: f.topic.ARN, Protocol: topic.HTTP, Endpoint: endpoint}, f.clock.now())
		return err
	})
	return s
}

func (f *fixture) confirm(s topic.Subscription) (confirmed topic.Subscription) {
	f.t.Helper()
	f.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		confirmed, err = topic.Confirm(ctx, tx, s.Token, false, f.clock.now())
		return err
	})
	return confirmed
}

// subscribe subscribes the endpoint and confirms that.
func (f *fixture) subscribe(endpoint string) topic.Subscription {
	f.t.Helper()
	return f.confirm(f.pending(endpoint))
}

func target(s topic.Subscription) Target {
	return Target{SubscriptionARN: s.ARN, Protocol: s.Protocol, Endpoint: s.Endpoint}
}

// publish enqueues a notification for the subscriptions and returns its message id.
func (f *fixture) publish(body string, to ...topic.Subscription) string {
	f.t.Helper()
	m := Message{ID: schemas.NewUUID(), TopicARN: f.topic.ARN, Kind: KindNotification, Body: body, FeedbackID: "feedback-1"}
	for _, s := range to {
		m.Targets = append(m.Targets, target(s))
	}
	f.enqueue(m)
	return m.ID
}

func (f *fixture) enqueue(m Message) {
	f.t.Helper()
	f.transact(func(ctx context.Context, tx *sql.Tx) error { return Enqueue(ctx, tx, m, f.clock.now()) })
}

// senders are those of HTTP.
func (f *fixture) senders() map[string]Sender {
	return map[string]Sender{topic.HTTP: f.sender, topic.HTTPS: f.sender}
}

// working is an engine at work.
type working struct {
	*Engine
	t        testing.TB
	attempts chan string // the outcome of each attempt
	stop     func()      // ends the engine and waits for it; may be called more than once
}

// run starts an engine.
func (f *fixture) run(senders map[string]Sender) *working {
	f.t.Helper()
	w := f.prepare(senders)
	w.start()
	return w
}

// prepare makes an engine that start sets to work.
func (f *fixture) prepare(senders map[string]Sender) *working {
	f.t.Helper()
	w := &working{Engine: New(f.store, senders, f.log), t: f.t, attempts: make(chan string, 10_000)}
	w.Now = f.clock.now
	w.Jitter = func() float64 { return 0 }
	w.OnAttempt = func(_, outcome string, _ time.Duration) { w.attempts <- outcome }
	return w
}

func (w *working) start() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(w.stop)
}

// look has an engine of that name look for what is due, and claim it.
func (f *fixture) look(name string) turned {
	f.t.Helper()
	e := New(f.store, f.senders(), f.log)
	t := e.perform(context.WithoutCancel(f.t.Context()), order{now: f.clock.now(), owner: name})
	if t.err != nil {
		f.t.Fatal(t.err)
	}
	return t
}

// outcomes waits for n attempts and counts what they led to.
func (w *working) outcomes(n int) map[string]int {
	w.t.Helper()
	counts := map[string]int{}
	for range n {
		select {
		case outcome := <-w.attempts:
			counts[outcome]++
		case <-time.After(30 * time.Second):
			w.t.Fatalf("waited for %d attempts, got %v", n, counts)
		}
	}
	return counts
}

func (f *fixture) list(filter Filter) []Entry {
	f.t.Helper()
	entries, err := List(context.WithoutCancel(f.t.Context()), f.store.Read, filter, 0, 10_000)
	if err != nil {
		f.t.Fatal(err)
	}
	return entries
}

// one returns the only entry there is.
func (f *fixture) one() Entry {
	f.t.Helper()
	entries := f.list(Filter{})
	if len(entries) != 1 {
		f.t.Fatalf("got %d entries, want one", len(entries))
	}
	return entries[0]
}

func (f *fixture) wantDepth(waiting, failed int) {
	f.t.Helper()
	w, x, err := Depth(context.WithoutCancel(f.t.Context()), f.store.Read)
	if err != nil || w != waiting || x != failed {
		f.t.Errorf("got %d waiting and %d failed, error %v, want %d and %d", w, x, err, waiting, failed)
	}
}

// wantEmpty checks that nothing is left in the tables of entries and messages.
func (f *fixture) wantEmpty() {
	f.t.Helper()
	var entries, messages int
	err := f.store.Read.QueryRow(`SELECT (SELECT COUNT(*) FROM outbox_entry), (SELECT COUNT(*) FROM outbox_message)`).Scan(&entries, &messages)
	if err != nil || entries != 0 || messages != 0 {
		f.t.Errorf("%d entries and %d messages are left, error %v", entries, messages, err)
	}
}

// received is a request that a subscriber got.
type received struct {
	Header http.Header
	Body   string
	Proto  string
}

// subscriber is a web server that keeps what it got and answers as a test says.
type subscriber struct {
	*httptest.Server
	got chan received
}

func newSubscriber(t testing.TB, answer http.HandlerFunc) *subscriber {
	t.Helper()
	s := &subscriber{got: make(chan received, 10_000)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.got <- received{Header: r.Header, Body: string(body), Proto: r.Proto}
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// next waits for a request.
func (s *subscriber) next(t testing.TB) received {
	t.Helper()
	select {
	case r := <-s.got:
		return r
	case <-time.After(30 * time.Second):
		t.Fatal("waited for a request")
		return received{}
	}
}
