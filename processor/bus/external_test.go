package bus_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rebound-mail/rebound/processor/bus"
)

// startNATS starts a server apart from the bus, from a configuration file as operators write it. DIR stands for its
// folder.
func startNATS(t *testing.T, config string) (url string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(config, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	nats, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	nats.Start()
	t.Cleanup(func() {
		nats.Shutdown()
		nats.WaitForShutdown()
	})
	if !nats.ReadyForConnections(soon) {
		t.Fatal("the server does not start")
	}
	return nats.ClientURL()
}

func warnings(b *bus.Bus) string { return strings.Join(b.Warnings(), "\n") }

func TestAnExternalServerWorksAsTheOneInside(t *testing.T) {
	b := openWith(t, bus.Options{URL: startNATS(t, `listen: "127.0.0.1:-1", jetstream { store_dir: "DIR", sync_interval: always }`)})
	large := noise(2 << 20)
	publish(t, b, bus.Mail{Raw: large})
	publishMany(t, b, 600)
	got := fetch(t, b, 601)
	if content(t, b, got[0].Mail) != string(large) {
		t.Error("the large mail changed")
	}
	if err := b.Quarantine(t.Context(), got[1], errors.New("no")); err != nil {
		t.Error(err)
	}
	if err := b.Ack(t.Context(), got); err != nil {
		t.Error(err)
	}
	if err := b.PublishEvent(t.Context(), "mail.sent", "1", nil); err != nil {
		t.Error(err)
	}
	if err := b.PublishNotifications(t.Context(), []bus.Notification{{Subject: "a.b", ID: "1"}}); err != nil {
		t.Error(err)
	}
	if err := b.Healthy(t.Context()); err != nil {
		t.Error(err)
	}
	if got := warnings(b); !strings.Contains(got, "could not find out") || strings.Count(got, "\n") > 0 {
		t.Errorf("got warnings %q, want that syncing could not be found out", got)
	}
}

func TestAServerThatTellsItsSettingsIsBelieved(t *testing.T) {
	const accounts = `
		accounts {
			SYS: { users: [{user: admin, password: admin}], exports: [{service: "$SYS.REQ.SERVER.PING.JSZ", response: stream}] }
			MAIL: {
				jetstream: enabled, users: [{user: rebound, password: secret}]
				imports: [{service: {account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ"}}]
			}
		}
		system_account: SYS, server_name: alpha, listen: "127.0.0.1:-1"`
	for setting, want := range map[string]string{
		"sync_interval: always": "",
		"sync_interval: 1s":     "server alpha does not sync every message",
	} {
		url := startNATS(t, accounts+fmt.Sprintf(`, jetstream { store_dir: "DIR", %s }`, setting))
		b := openWith(t, bus.Options{URL: strings.Replace(url, "nats://", "nats://rebound:secret@", 1)})
		if got := warnings(b); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got warnings %q, want %q", setting, got, want)
		}
		if strings.Contains(warnings(b), "secret") {
			t.Errorf("the password is in %q", warnings(b))
		}
	}
}

func TestAStreamThatAcknowledgesBeforeItWritesIsRefused(t *testing.T) {
	url := startNATS(t, `listen: "127.0.0.1:-1", jetstream { store_dir: "DIR" }`)
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "FEEDBACK", Subjects: []string{"feedback.raw"}, PersistMode: jetstream.AsyncPersistMode,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Open(t.Context(), bus.Options{URL: url, Logger: quiet}); !errors.Is(err, bus.ErrUnsuitable) || !strings.Contains(err.Error(), "persist_mode") {
		t.Errorf("got %v for a stream that acknowledges before it writes", err)
	}
}

func TestWhatOthersSetOnAStreamStays(t *testing.T) {
	url := startNATS(t, `listen: "127.0.0.1:-1", jetstream { store_dir: "DIR" }`)
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "FEEDBACK", Subjects: []string{"feedback.raw"}, Description: "ours", MaxMsgSize: 900 << 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, openWith(t, bus.Options{URL: url, MaxFeedbackBytes: 1 << 30}), bus.Mail{Raw: []byte("x")})
	publish(t, openWith(t, bus.Options{URL: url}), bus.Mail{Raw: []byte("x")})
	stream, err := js.Stream(t.Context(), "FEEDBACK")
	if err != nil {
		t.Fatal(err)
	}
	got := stream.CachedInfo().Config
	if got.Description != "ours" || got.MaxMsgSize != 900<<10 {
		t.Errorf("got %+v, want what others set", got)
	}
	if got.Discard != jetstream.DiscardNew || !got.AllowAtomicPublish || got.MaxBytes != 1<<30 || len(got.Subjects) != 2 {
		t.Errorf("got %+v, want what the bus depends on", got)
	}
}

func TestAStreamOfAnotherKindIsRefusedWithARemedy(t *testing.T) {
	url := startNATS(t, `listen: "127.0.0.1:-1", jetstream { store_dir: "DIR" }`)
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "FEEDBACK", Subjects: []string{"feedback.raw"}, Retention: jetstream.WorkQueuePolicy})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Open(t.Context(), bus.Options{URL: url, Logger: quiet}); !errors.Is(err, bus.ErrUnsuitable) || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("got %v, want an error that says what to do", err)
	}
}

func TestAServerWithoutJetStreamIsRefused(t *testing.T) {
	_, err := bus.Open(t.Context(), bus.Options{URL: startNATS(t, `listen: "127.0.0.1:-1"`), Logger: quiet})
	if !errors.Is(err, bus.ErrUnsuitable) || !strings.Contains(err.Error(), "jetstream") {
		t.Errorf("got %v, want ErrUnsuitable that names JetStream", err)
	}
}

func TestAServerForTinyMessagesIsRefused(t *testing.T) {
	_, err := bus.Open(t.Context(), bus.Options{
		URL: startNATS(t, `listen: "127.0.0.1:-1", max_payload: 64KB, jetstream { store_dir: "DIR" }`), Logger: quiet,
	})
	if !errors.Is(err, bus.ErrUnsuitable) || !strings.Contains(err.Error(), "max_payload") {
		t.Errorf("got %v, want an error that names max_payload", err)
	}
}

// TestAClusterKeepsThreeReplicas runs three servers and stops one of them.
func TestAClusterKeepsThreeReplicas(t *testing.T) {
	servers := startCluster(t, 3)
	url := servers[0].ClientURL() + "," + servers[1].ClientURL() + "," + servers[2].ClientURL()
	b := openWith(t, bus.Options{URL: url})
	large := noise(2 << 20)
	seq := publish(t, b, bus.Mail{Raw: large})
	publishMany(t, b, 300)
	servers[2].Shutdown()
	servers[2].WaitForShutdown()
	for deadline := time.Now().Add(soon); ; {
		_, err := b.PublishMail(t.Context(), bus.Mail{Raw: []byte("still")})
		if err == nil {
			break
		}
		if !errors.Is(err, bus.ErrUnavailable) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	m, err := b.Mail(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	if content(t, b, m) != string(large) {
		t.Error("the large mail changed")
	}
	fetch(t, b, 302)
}

func startCluster(t *testing.T, size int) []*server.Server {
	t.Helper()
	routes := make([]string, size)
	for i := range routes {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		routes[i] = listener.Addr().String()
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
	}
	servers := make([]*server.Server, size)
	for i := range servers {
		options := &server.Options{
			ServerName: fmt.Sprint("server-", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true,
			Routes: server.RoutesFromStr("nats://" + strings.Join(routes, ",nats://")),
		}
		host, port, err := net.SplitHostPort(routes[i])
		if err != nil {
			t.Fatal(err)
		}
		options.Cluster.Name, options.Cluster.Host = "test", host
		if _, err := fmt.Sscan(port, &options.Cluster.Port); err != nil {
			t.Fatal(err)
		}
		if servers[i], err = server.NewServer(options); err != nil {
			t.Fatal(err)
		}
		servers[i].Start()
		t.Cleanup(servers[i].Shutdown)
	}
	deadline := time.Now().Add(soon)
	for _, s := range servers {
		for !s.JetStreamIsCurrent() && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return servers
}
