package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/intake"
)

// noToken stands where a return path has its token, for reports that nobody looks up.
var noToken = strings.Repeat("a", 40)

// acceptTime is how long each contender publishes in a round.
const acceptTime = time.Second

// accepts measures how many mails a second are made durable, on the bus itself and through SMTP.
func (b *bench) accepts(ctx context.Context) (_ []section, err error) {
	b.say("mails a second that are accepted and durable")
	dir, err := b.temp("bare")
	if err != nil {
		return nil, err
	}
	bare, err := startJetStream(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer bare.stop()
	if dir, err = b.temp("bus"); err != nil {
		return nil, err
	}
	opened, err := bus.Open(ctx, bus.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	through, hangUp, err := b.smtpContenders(opened)
	if err != nil {
		return nil, err
	}
	defer hangUp()

	publish := publisher(opened)
	contenders := append([]contender{
		{"JetStream alone, one at a time", 1, 1, bare.publishOne},
		{"JetStream alone, atomic batches of 64", 1, smtpConnections, bare.batchesOf(smtpConnections)},
		{"JetStream alone, two atomic batches of 500", 2, batchSize, bare.batchesOf(batchSize)},
		{"PublishMail, 1 caller", 1, 1, publish},
		{"PublishMail, 64 callers", 64, 1, publish},
		{"PublishMail, 512 callers", 512, 1, publish},
	}, through...)
	samples, err := contest(ctx, b.time(acceptTime), contenders)
	if err != nil {
		return nil, err
	}
	b.jetstream = part{samples[2].rate, samples[2].cpu}
	return []section{acceptSection(contenders, samples)}, nil
}

// publisher puts a report on the bus with each call.
func publisher(to *bus.Bus) func(context.Context, int) error {
	var next atomic.Int64
	return func(ctx context.Context, _ int) error {
		path := returnPathOf(noToken)
		_, err := to.PublishMail(ctx, bus.Mail{Raw: bounce(int(next.Add(1)), path), Received: time.Now(), Source: "smtp", To: []string{path},
			RemoteIP: "127.0.0.1"})
		return err
	}
}

// smtpContenders brings mails over SMTP: to the bus, and to a server that throws them away.
func (b *bench) smtpContenders(to *bus.Bus) (_ []contender, stop func(), err error) {
	accept := func(ctx context.Context, m bus.Mail) (string, error) {
		seq, err := to.PublishMail(ctx, m)
		return fmt.Sprint(seq), err
	}
	server := &intake.Server{Accept: accept, Domain: ourDomain, Logger: slog.New(slog.DiscardHandler)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	discard, stopDiscard, err := serveDiscarding()
	if err != nil {
		return nil, nil, err
	}
	stopServers := func() {
		_ = server.Shutdown(context.Background()) // the connections are closed: there is nothing to wait for
		<-served
		_ = stopDiscard()
	}
	product, hangUpProduct, err := dialSMTP(listener.Addr().String())
	if err != nil {
		stopServers()
		return nil, nil, err
	}
	bare, hangUpBare, err := dialSMTP(discard)
	if err != nil {
		hangUpProduct()
		stopServers()
		return nil, nil, err
	}
	return []contender{
			{fmt.Sprintf("SMTP, %d connections", smtpConnections), smtpConnections, 1, overSMTP(product)},
			{"SMTP alone, mails thrown away", smtpConnections, 1, overSMTP(bare)},
		}, func() {
			hangUpProduct()
			hangUpBare()
			stopServers()
		}, nil
}

// overSMTP sends a report with each call.
func overSMTP(clients []*smtpClient) func(context.Context, int) error {
	var next atomic.Int64
	return func(_ context.Context, caller int) error {
		path := returnPathOf(noToken)
		return clients[caller].send(path, bounce(int(next.Add(1)), path))
	}
}

func acceptSection(contenders []contender, samples []sample) section {
	s := section{Key: "accepts", Title: "Durable accepts", Columns: []column{{"mailsPerSecond", "mails/s", whole}, {"ofBound", "of bound", percent},
		{"cpuSeconds", "CPU/mail", seconds}, {"p50Seconds", "p50", seconds}, {"p99Seconds", "p99", seconds}}}
	add := func(i, bound int) {
		s.Rows = append(s.Rows, row{Name: contenders[i].name, Values: []float64{samples[i].rate, samples[i].rate / samples[bound].rate,
			samples[i].cpu, samples[i].p50, samples[i].p99}})
	}
	addBound := func(i int) {
		s.Rows = append(s.Rows, row{Name: contenders[i].name, Values: []float64{samples[i].rate, none, samples[i].cpu, samples[i].p50, samples[i].p99}, Bound: true})
	}
	const oneByOne, batchesOf64, batchesOf500, caller1, callers64, callers512, smtp64, smtpAlone = 0, 1, 2, 3, 4, 5, 6, 7
	add(caller1, oneByOne)
	addBound(oneByOne)
	add(callers64, batchesOf64) // no batch can be larger when 64 wait for it
	add(smtp64, batchesOf64)
	addBound(batchesOf64)
	addBound(smtpAlone)
	add(callers512, batchesOf500)
	addBound(batchesOf500)
	s.Notes = []string{"The processor time is that of both ends: what sends the mails is in the same process."}
	return s
}
