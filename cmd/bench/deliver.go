package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// What goes through the server: so many reports at most, sent for no longer than sendTime, and so many one by one before them.
const (
	reportsToOne = 5_000
	reportsToTen = 1_500
	sendTime     = 20 * time.Second
	loneReports  = 20
)

// delivered is how a server did.
type delivered struct {
	endpoints int
	reports   int
	took      time.Duration // from the first mail sent to the last webhook
	cpu       float64       // seconds of the server's processors
	memory    float64       // bytes resident at the end
	stages    map[string]stage
	lone      []time.Duration // from the 250 to the webhook, of reports that came one by one
	data      string
	paths     []string
	samples   []post
}

// stage is what the server says of a stage of its own.
type stage struct{ times, seconds float64 }

func (d delivered) rate() float64 { return float64(d.reports) / d.took.Seconds() }

// deliveries measures reports a second from the first mail to the last webhook, for one endpoint and for ten.
func (b *bench) deliveries(ctx context.Context) ([]section, error) {
	binary, err := b.build(ctx)
	if err != nil {
		return nil, err
	}
	var runs []delivered
	var bounds []bounds
	for _, shape := range []struct{ endpoints, reports int }{{1, b.count(reportsToOne)}, {10, b.count(reportsToTen)}} {
		b.say("reports a second that become webhooks at %d endpoint(s)", shape.endpoints)
		done, err := b.deliver(ctx, binary, shape.endpoints, shape.reports)
		if err != nil {
			return nil, err
		}
		b.say("the same rows and requests without Rebound")
		bound, err := b.alone(ctx, done)
		if err != nil {
			return nil, err
		}
		runs, bounds = append(runs, done), append(bounds, bound)
	}
	b.done = runs[0]
	return []section{deliverySection(runs, bounds), stageSection(runs)}, nil
}

// deliver takes reports through a server of their own.
func (b *bench) deliver(ctx context.Context, binary string, endpoints, reports int) (_ delivered, err error) {
	d := delivered{endpoints: endpoints}
	if d.data, err = b.temp("data"); err != nil {
		return d, err
	}
	lone := b.count(loneReports)
	if d.paths, err = register(ctx, d.data, reports+lone); err != nil {
		return d, err
	}
	hook, err := openWebhook(endpoints)
	if err != nil {
		return d, err
	}
	defer hook.close()
	server, err := startChild(ctx, binary, d.data)
	if err != nil {
		return d, err
	}
	if err := d.measure(ctx, server, hook, reports, b.time(sendTime)); err != nil {
		return d, server.fail(err)
	}
	d.samples = hook.samples
	return d, server.stop()
}

// measure subscribes, sends, and waits for the webhooks.
func (d *delivered) measure(ctx context.Context, server *child, hook *webhook, reports int, budget time.Duration) error {
	if err := server.subscribe(ctx, hook.endpoints()); err != nil {
		return err
	}
	if _, err := hook.await(ctx, d.endpoints, hook.confirmations); err != nil {
		return err
	}
	clients, hangUp, err := dialSMTP(server.smtp)
	if err != nil {
		return err
	}
	defer hangUp()
	for i := reports; i < len(d.paths); i++ {
		if err := d.sendLone(ctx, clients[0], hook, i); err != nil {
			return err
		}
	}
	if err := server.awaitEmptyOutbox(ctx); err != nil {
		return err
	}
	before, err := server.metrics()
	if err != nil {
		return err
	}
	started := time.Now()
	if d.reports, err = send(ctx, clients, d.paths[:reports], budget); err != nil {
		return err
	}
	last, err := hook.await(ctx, (d.reports+len(d.lone))*d.endpoints, hook.notifications)
	if err != nil {
		return err
	}
	d.took = last.Sub(started)
	if err := server.awaitEmptyOutbox(ctx); err != nil {
		return err
	}
	after, err := server.metrics()
	if err != nil {
		return err
	}
	d.read(before, after)
	return nil
}

// sendLone sends report i while nothing else is under way and notes how long its webhooks take.
func (d *delivered) sendLone(ctx context.Context, client *smtpClient, hook *webhook, i int) error {
	if err := client.send(d.paths[i], bounce(i, d.paths[i])); err != nil {
		return err
	}
	accepted := time.Now()
	arrived, err := hook.await(ctx, (len(d.lone)+1)*d.endpoints, hook.notifications)
	d.lone = append(d.lone, arrived.Sub(accepted))
	return err
}

// send brings the reports over all connections until all are there or budget has passed, and returns how many were taken over.
func send(ctx context.Context, clients []*smtpClient, paths []string, budget time.Duration) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	started := time.Now()
	var next, taken atomic.Int64
	var sending sync.WaitGroup
	for _, client := range clients {
		sending.Go(func() {
			for ctx.Err() == nil && time.Since(started) < budget {
				i := int(next.Add(1)) - 1
				if i >= len(paths) {
					return
				}
				if err := client.send(paths[i], bounce(i, paths[i])); err != nil {
					cancel(fmt.Errorf("sending a report: %w", err))
					return
				}
				taken.Add(1)
			}
		})
	}
	sending.Wait()
	return int(taken.Load()), context.Cause(ctx)
}

// stageNames are those that the server times, in the order in which a report comes through them.
var stageNames = []string{"accept", "process", "record", "publish", "attempt"}

// read takes what the server counted between two looks at its metrics.
func (d *delivered) read(before, after map[string]float64) {
	delta := func(series string) float64 { return after[series] - before[series] }
	d.cpu, d.memory, d.stages = delta("process_cpu_seconds_total"), after["process_resident_memory_bytes"], map[string]stage{}
	for _, name := range stageNames {
		label := fmt.Sprintf("{stage=%q}", name)
		if s := (stage{delta("rebound_stage_seconds_count" + label), delta("rebound_stage_seconds_sum" + label)}); s.times > 0 {
			d.stages[name] = s
		}
	}
}

func deliverySection(runs []delivered, all []bounds) section {
	s := section{Key: "deliveries", Title: "Reports, from the first mail to the last webhook", Columns: []column{{"reportsPerSecond", "reports/s", whole},
		{"ofBound", "of bound", percent}, {"webhooksPerSecond", "webhooks/s", whole}, {"cpuSecondsPerReport", "CPU/report", seconds}, {"cpuOfBound", "×bound", times}}}
	for i, d := range runs {
		n, bound := float64(d.endpoints), all[i]
		cpu, inTurn := d.cpu/float64(d.reports), bound.inTurn()
		s.Rows = append(s.Rows, row{Name: fmt.Sprintf("%s, %s reports", plural(d.endpoints), whole(float64(d.reports))),
			Values: []float64{d.rate(), d.rate() / inTurn.rate, d.rate() * n, cpu, cpu / inTurn.cpu}})
		for _, b := range []struct {
			name string
			part
			webhooks float64
		}{
			{"these parts alone, one after the other", inTurn, none},
			{"RSA alone: a signature a report", bound.rsa, none},
			{"JetStream alone: the mails", bound.jetstream, none},
			{"SQLite alone: the same rows", bound.sqlite, none},
			{"HTTP alone: the same requests, and answers", bound.http, bound.http.rate * n},
		} {
			s.Rows = append(s.Rows, row{Name: b.name, Values: []float64{b.rate, none, b.webhooks, b.cpu, none}, Bound: true})
		}
	}
	lone := slices.Sorted(slices.Values(runs[0].lone))
	s.Notes = append(s.Notes, fmt.Sprintf("A report that comes alone: the webhook is called %s after the 250 (median of %d, the slowest %s).",
		seconds(quantile(lone, 0.5)), len(lone), seconds(quantile(lone, 1))),
		fmt.Sprintf("The server's memory after it: %.0f MB.", runs[0].memory/1e6))
	return s
}

// stageSection shows where the server's time goes: how long each stage takes once, and for a report. Several run at a time and wait for
// the disk, for each other and for a processor, so they add up to more than the processors' time.
func stageSection(runs []delivered) section {
	s := section{Key: "stages", Title: "Where the server's time goes"}
	for _, d := range runs {
		key := fmt.Sprintf("endpoints%d", d.endpoints)
		s.Columns = append(s.Columns, column{key + "OnceSeconds", fmt.Sprintf("%d: once", d.endpoints), seconds},
			column{key + "ReportSeconds", "a report", seconds})
	}
	explained := map[string]string{"accept": "accept: until a mail is durable", "process": "process: read, correlate, decide",
		"record": "record: the transaction of a batch", "publish": "publish: to NATS readers, a batch", "attempt": "attempt: a webhook, signed and answered"}
	for _, name := range stageNames {
		r := row{Name: explained[name]}
		for _, d := range runs {
			st, ok := d.stages[name]
			if !ok {
				st = stage{none, none}
			}
			r.Values = append(r.Values, st.seconds/st.times, st.seconds/float64(d.reports))
		}
		if _, timed := runs[0].stages[name]; timed {
			s.Rows = append(s.Rows, r)
		}
	}
	total := row{Name: "processor time of the whole server"}
	for _, d := range runs {
		total.Values = append(total.Values, none, d.cpu/float64(d.reports))
	}
	s.Rows = append(s.Rows, total)
	return s
}

func plural(endpoints int) string {
	if endpoints == 1 {
		return "1 endpoint"
	}
	return fmt.Sprintf("%d endpoints", endpoints)
}
