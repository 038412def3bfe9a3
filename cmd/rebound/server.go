package main

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/awsapi"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
	"github.com/rebound-mail/rebound/processor/awsapi/sesv1"
	"github.com/rebound-mail/rebound/processor/awsapi/sesv2"
	"github.com/rebound-mail/rebound/processor/awsapi/sns"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/forward"
	"github.com/rebound-mail/rebound/processor/intake"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/simulator"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/suppression"
)

// server is one process: the parts, opened bottom up and closed in the reverse order.
type server struct {
	settings settings
	log      *slog.Logger

	registry  *prometheus.Registry
	metrics   *statistics.Metrics
	store     *store.Store
	index     *suppression.Index
	bus       *bus.Bus
	keys      *returnpath.Keys
	signer    *topic.Signer
	engine    *delivery.Engine
	worker    *processor.Worker
	follower  *processor.Follower
	registrar processor.Registrar
	jobs      *jobs.Runner
	accept    intake.Accept
	limits    intake.Limits // one bound on memory for all ways in
	tls       *tls.Config

	listening map[string]net.Listener // by setting: http, https, smtp, lmtp
	closers   []func() error
}

// openServer opens the data folder and the listeners, and starts nothing. What fails names what to mend.
func openServer(ctx context.Context, s settings, log *slog.Logger) (*server, error) {
	srv := &server{settings: s, log: log, listening: map[string]net.Listener{}, registry: prometheus.NewRegistry()}
	srv.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	srv.metrics = statistics.NewMetrics(srv.registry)
	for _, step := range []func(context.Context) error{srv.openData, srv.openListeners, srv.openStore, srv.openKeys, srv.openBus, srv.wire} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, srv.close())
		}
	}
	return srv, nil
}

// openData makes the data folder and keeps a second process out of it.
func (srv *server) openData(context.Context) error {
	if err := os.MkdirAll(srv.settings.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w; give another one with --data", err)
	}
	path := filepath.Join(srv.settings.Data, "lock")
	lock, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("data folder %s cannot be written: %w; mend its permissions or give another one with --data", srv.settings.Data, err)
	}
	srv.closers = append(srv.closers, lock.Close)
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner, _ := io.ReadAll(io.LimitReader(lock, 32))
		return fmt.Errorf("data folder %s is in use by process %s; stop it, or give another folder with --data", srv.settings.Data, strings.TrimSpace(string(owner)))
	}
	if err := lock.Truncate(0); err != nil {
		return fmt.Errorf("data folder %s: %w", srv.settings.Data, err)
	}
	if _, err := fmt.Fprintf(lock, "%d\n", os.Getpid()); err != nil {
		return fmt.Errorf("data folder %s: %w", srv.settings.Data, err)
	}
	return nil
}

func (srv *server) openStore(ctx context.Context) error {
	opened, err := store.Open(ctx, filepath.Join(srv.settings.Data, "rebound.db"))
	if err != nil {
		return err
	}
	srv.store = opened
	srv.closers = append(srv.closers, opened.Close)
	if srv.index, err = suppression.OpenIndex(ctx, opened.Read, filepath.Join(srv.settings.Data, "suppression.index"), srv.log); err != nil {
		return err
	}
	opened.Committed = func(ctx context.Context) {
		if err := srv.index.Follow(ctx); err != nil {
			srv.log.Warn("the index of suppressed addresses is not up to date; checks ask the database", "error", err)
		}
		if srv.follower != nil {
			srv.follower.Changed()
		}
	}
	credentials := filepath.Join(srv.settings.Data, "credentials")
	var key account.AccessKey
	var made bool
	err = opened.Transact(ctx, func(tx *sql.Tx) error {
		key, made, err = account.CreateDefault(ctx, tx, time.Now())
		if err != nil || !made {
			return err
		}
		return account.WriteCredentials(credentials, key) // inside: without the file nobody would know the secret
	})
	if made && err == nil {
		srv.log.Info("made account "+account.DefaultID+" with an access key", "credentials", credentials)
	}
	return err
}

func (srv *server) openKeys(context.Context) (err error) {
	now := time.Now()
	if srv.keys, err = returnpath.LoadKeys(filepath.Join(srv.settings.Data, "returnpath.json"), now); err != nil {
		return err
	}
	if srv.signer, err = topic.LoadSigner(filepath.Join(srv.settings.Data, "signing"), srv.settings.certificateURL(), now); err != nil {
		return err
	}
	if srv.settings.TLS.Certificate == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(srv.settings.TLS.Certificate, srv.settings.TLS.Key)
	if err != nil {
		return fmt.Errorf("settings: tls: %w", err)
	}
	srv.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return nil
}

func (srv *server) openBus(ctx context.Context) error {
	opened, err := bus.Open(ctx, bus.Options{Dir: filepath.Join(srv.settings.Data, "nats"), URL: srv.settings.NATS.URL, Listen: srv.settings.NATS.Listen,
		RawRetention: srv.settings.rawRetention(), Logger: srv.log})
	if err != nil {
		return err
	}
	srv.bus = opened
	srv.closers = append(srv.closers, func() error { opened.Close(); return nil })
	return nil
}

func (srv *server) openListeners(context.Context) error {
	wanted := map[string]string{}
	if srv.settings.has(roleAPI) || srv.settings.has(roleIntake) {
		wanted["http"], wanted["https"] = srv.settings.HTTP, srv.settings.HTTPS
	}
	if srv.settings.has(roleIntake) {
		wanted["smtp"], wanted["lmtp"] = srv.settings.SMTP, srv.settings.LMTP
	}
	for name, addr := range wanted {
		if addr == "" {
			continue
		}
		network := "tcp"
		if isSocket(addr) {
			network = "unix"
		}
		listener, err := net.Listen(network, addr)
		if err != nil {
			return fmt.Errorf("cannot listen on %s (setting %q): %w; stop what uses it, or give another address with --%s", addr, name, errors.Unwrap(err), name)
		}
		srv.listening[name] = listener
		srv.closers = append(srv.closers, func() error {
			if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		})
	}
	if l := srv.listening["http"]; l != nil {
		srv.settings.HTTP = l.Addr().String()
	}
	return nil
}

// wire connects the parts.
func (srv *server) wire(context.Context) error {
	srv.limits = intake.Limits{Memory: intake.NewMemory(256 << 20)}
	style, err := srv.settings.style()
	if err != nil {
		return err
	}
	mailbox := simulator.Simulator{Domain: srv.settings.Domain}
	srv.registrar = processor.Registrar{DB: srv.store.Read, Region: srv.settings.Region, Style: style, Simulator: mailbox, Metrics: srv.metrics}
	simulated := &simulator.Mailbox{Simulator: mailbox, Store: srv.store, Record: srv.registrar.Record, Publish: srv.bus.PublishMail}
	srv.accept = func(ctx context.Context, mail bus.Mail) (string, error) {
		started := time.Now()
		id, err := simulated.Accept(ctx, mail)
		if err == nil {
			srv.metrics.Accepted(mail.Source)
			srv.metrics.Stage("accept", time.Since(started))
		}
		return id, err
	}
	smarthost := forward.SmartHost{Addr: srv.settings.SmartHost.Address, Username: srv.settings.SmartHost.Username,
		Password: srv.settings.SmartHost.Password, Domain: srv.settings.Domain}
	httpSender, err := delivery.NewHTTPSender(delivery.HTTPOptions{Store: srv.store, Signer: srv.signer, PublicURL: srv.settings.publicURL(), Allow: srv.allowed()})
	if err != nil {
		return err
	}
	mailSender := &delivery.MailSender{Bus: srv.bus, Host: smarthost, Domain: srv.settings.Domain}
	emailSender := &delivery.EmailSender{Store: srv.store, Signer: srv.signer, Host: smarthost, Domain: srv.settings.Domain, PublicURL: srv.settings.publicURL()}
	natsSender := &delivery.NATSSender{Store: srv.store, Signer: srv.signer, Bus: srv.bus, PublicURL: srv.settings.publicURL()}
	srv.engine = delivery.New(srv.store, map[string]delivery.Sender{topic.HTTP: httpSender, topic.HTTPS: httpSender, delivery.SMTP: mailSender,
		topic.Email: emailSender, topic.EmailJSON: emailSender, topic.NATS: natsSender}, srv.log)
	srv.engine.Owners = func(ctx context.Context, arn string) ([]string, error) {
		return account.TopicOwners(ctx, srv.store.Read, arn)
	}
	srv.engine.OnAttempt = func(_, outcome string, took time.Duration) {
		srv.metrics.Attempt(outcome)
		srv.metrics.Stage("attempt", took)
	}
	buckets, err := jobs.OpenBuckets(filepath.Join(srv.settings.Data, "buckets"))
	if err != nil {
		return err
	}
	srv.closers = append(srv.closers, buckets.Close)
	srv.jobs = jobs.NewRunner(srv.store, buckets, time.Now, srv.log)
	rules, err := loadRules(srv.settings.Classify.Rules)
	if err != nil {
		return err
	}
	srv.worker = &processor.Worker{Bus: srv.bus, Style: style, Simulator: mailbox, Store: srv.store, Rules: rules, Keys: srv.keys, Region: srv.settings.Region,
		Metrics: srv.metrics, Unknown: &classify.Samples{}, Wake: srv.engine.Wake, Log: srv.log}
	srv.follower = processor.NewFollower(srv.store, srv.bus, srv.engine.Wake, srv.log)
	return nil
}

// allowed are the networks that webhooks may be in although they are not public: those that the settings name, and this machine
// itself as long as the API is for this machine only.
func (srv *server) allowed() []netip.Prefix {
	var allowed []netip.Prefix
	for _, text := range srv.settings.Webhooks.Allow {
		allowed = append(allowed, netip.MustParsePrefix(text)) // settings.check has read it
	}
	host, _, _ := net.SplitHostPort(srv.settings.HTTP)
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() && srv.settings.HTTPS == "" {
		allowed = append(allowed, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	}
	return allowed
}

// handler is everything that the HTTP listeners serve.
func (srv *server) handler() http.Handler {
	own := &api.API{Store: srv.store, Index: srv.index, Bus: srv.bus, Keys: srv.keys, Signer: srv.signer, Region: srv.settings.Region, Domain: srv.settings.Domain,
		Sent:      srv.registrar,
		PublicURL: srv.settings.publicURL(), Feedback: intake.Handler(srv.accept, srv.limits), Worker: srv.worker, Unknown: srv.worker.Unknown, Wake: srv.engine.Wake, Log: srv.log}
	mux := http.NewServeMux()
	mux.Handle("/v1/", own.Handler())
	metrics := promhttp.HandlerFor(srv.registry, promhttp.HandlerOpts{})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if waiting, _, err := delivery.Depth(r.Context(), srv.store.Read); err == nil {
			srv.metrics.Outbox(waiting)
		}
		metrics.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := errors.Join(srv.store.Healthy(r.Context()), srv.bus.Healthy(r.Context())); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle("/", srv.aws().Handler())
	return mux
}

// aws is what clients of AWS talk to.
func (srv *server) aws() *awsapi.Server {
	topics := &sns.API{Store: srv.store, Region: srv.settings.Region, Wake: srv.engine.Wake,
		EndQuietly: srv.settings.UnsubscribeConfirmation == endQuietly, Log: srv.log}
	server := &awsapi.Server{Auth: &auth.Authenticator{DB: srv.store.Read, Open: srv.settings.Auth == authNone}, Signer: srv.signer, Log: srv.log}
	ses1 := &sesv1.API{Store: srv.store, Bus: srv.bus, Region: srv.settings.Region, Domain: srv.settings.Domain, Wake: srv.engine.Wake, Log: srv.log}
	ses2 := &sesv2.API{Store: srv.store, Jobs: srv.jobs, Region: srv.settings.Region, Wake: srv.engine.Wake, Log: srv.log}
	server.Services, server.V2 = append(server.Services, topics.Service(), ses1.Service()), ses2.Handler()
	return server
}

// run works until ctx ends, then drains: first no mail comes in any more, then what is in hand is finished.
func (srv *server) run(ctx context.Context) error {
	inner, stopInner := context.WithCancel(context.WithoutCancel(ctx))
	defer stopInner()
	failed := make(chan error, 8)
	var workers sync.WaitGroup
	start := func(run func(context.Context) error) {
		workers.Go(func() {
			if err := run(inner); err != nil {
				failed <- err
			}
		})
	}
	if srv.settings.has(roleWorker) {
		(&processor.Purges{Store: srv.store, Keys: srv.keys, Log: srv.log, Now: time.Now}).Start(inner)
		start(srv.worker.Run)
		start(srv.follower.Run)
	}
	if srv.settings.has(roleDelivery) {
		start(srv.engine.Run)
	}
	if srv.settings.has(roleAPI) {
		start(srv.jobs.Run)
	}
	start(srv.index.Run)
	stopIntake := srv.serve(failed)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err = errors.Join(err, stopIntake(drain))
	stopInner()
	workers.Wait()
	err = errors.Join(err, srv.close())
	srv.log.Info("stopped; what was accepted is on the disk")
	return err
}

// drainTime is how long a stop waits for the mails that are being received.
const drainTime = 30 * time.Second

// serve opens the doors; the function that it returns closes them.
func (srv *server) serve(failed chan<- error) (stop func(context.Context) error) {
	var stops []func(context.Context) error
	report := func(err error) {
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}
	handler := srv.handler()
	for _, name := range []string{"http", "https"} {
		listener := srv.listening[name]
		if listener == nil {
			continue
		}
		web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(srv.log.Handler(), slog.LevelDebug)}
		if name == "https" {
			listener = tls.NewListener(listener, srv.tls)
		}
		go func() { report(web.Serve(listener)) }()
		stops = append(stops, web.Shutdown)
	}
	for _, name := range []string{"smtp", "lmtp"} {
		listener := srv.listening[name]
		if listener == nil {
			continue
		}
		mail := &intake.Server{Accept: srv.accept, Domain: srv.settings.Domain, LMTP: name == "lmtp", TLS: srv.tls, Limits: srv.limits, Logger: srv.log}
		go func() { report(mail.Serve(listener)) }()
		stops = append(stops, mail.Shutdown)
	}
	return func(ctx context.Context) error {
		var problems []error
		for _, stop := range stops {
			problems = append(problems, stop(ctx))
		}
		return errors.Join(problems...)
	}
}

func (srv *server) close() error {
	var problems []error
	for _, closer := range slices.Backward(srv.closers) {
		problems = append(problems, closer())
	}
	srv.closers = nil
	return errors.Join(problems...)
}
