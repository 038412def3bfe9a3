package processor

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// ground is an open database with an account, its identity sender.example, and a topic with one confirmed subscription.
type ground struct {
	t        *testing.T
	store    *store.Store
	keys     *returnpath.Keys
	topic    string // ARN
	endpoint string
}

func newGround(t *testing.T) *ground {
	t.Helper()
	dir := t.TempDir()
	opened, err := store.Open(t.Context(), filepath.Join(dir, "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	keys, err := returnpath.LoadKeys(filepath.Join(dir, "returnpath.json"), now)
	if err != nil {
		t.Fatal(err)
	}
	g := &ground{t: t, store: opened, keys: keys, endpoint: "http://127.0.0.1:9/hook"}
	g.transact(g.settle)
	return g
}

// settle makes the account and what belongs to it.
func (g *ground) settle(tx *sql.Tx) error {
	ctx := g.t.Context()
	if _, _, err := account.CreateDefault(ctx, tx, now); err != nil {
		return err
	}
	made, err := topic.CreateTopic(ctx, tx, "us-east-1", topic.Topic{Account: account.DefaultID, Name: "feedback"}, now)
	if err != nil {
		return err
	}
	g.topic = made.ARN
	subscription, err := topic.Subscribe(ctx, tx, topic.Subscription{TopicARN: made.ARN, Protocol: topic.HTTP, Endpoint: g.endpoint}, now)
	if err != nil {
		return err
	}
	if _, err := topic.Confirm(ctx, tx, subscription.Token, false, now); err != nil {
		return err
	}
	identity, err := account.CreateIdentity(ctx, tx, account.DefaultID, "sender.example", now)
	if err != nil {
		return err
	}
	identity.BounceTopic, identity.ComplaintTopic, identity.DeliveryTopic, identity.ForwardingEnabled = made.ARN, made.ARN, made.ARN, false
	return account.PutIdentity(ctx, tx, identity)
}

func (g *ground) transact(write func(tx *sql.Tx) error) {
	g.t.Helper()
	if err := g.store.Transact(g.t.Context(), write); err != nil {
		g.t.Fatal(err)
	}
}

// send registers a mail that went from news@sender.example to the destinations a minute before now.
func (g *ground) send(messageID string, destinations ...string) sentmail.Mail {
	g.t.Helper()
	mail, err := sentmail.Registration{MessageID: messageID, Source: "news@sender.example", Destination: destinations,
		Timestamp: schemas.Time{Time: now.Add(-time.Minute)}}.Mail(now)
	if err != nil {
		g.t.Fatal(err)
	}
	g.transact(func(tx *sql.Tx) error {
		return Registrar{DB: g.store.Read, Region: "us-east-1"}.Record(g.t.Context(), tx, &mail, now)
	})
	return mail
}

// returnPath is the address that a bounce of one recipient's copy comes back to.
func (g *ground) returnPath(mail sentmail.Mail, recipient string) string {
	g.t.Helper()
	for _, one := range mail.Recipients {
		if one.Address == recipient {
			return g.keys.Make(mail.Account, one.ID, now) + "@rebound.example"
		}
	}
	g.t.Fatalf("%s is no recipient of %s", recipient, mail.MessageID)
	return ""
}

// lists says on which lists an address is: "account", "global", both or none.
func (g *ground) lists(addr string) string {
	g.t.Helper()
	var found []string
	for list, owner := range map[string]string{"account": account.DefaultID, "global": ""} {
		_, listed, err := suppression.Get(g.t.Context(), g.store.Read, suppression.List{Account: owner}, addr, now)
		if err != nil {
			g.t.Fatal(err)
		}
		if listed && list == "account" {
			found = append([]string{list}, found...)
		} else if listed {
			found = append(found, list)
		}
	}
	return strings.Join(found, " ")
}

// arrived lists the reports that were noted, the oldest first.
func (g *ground) arrived() []Arrived {
	g.t.Helper()
	all, err := ListFeedback(g.t.Context(), g.store.Read, FeedbackQuery{Limit: 1000})
	if err != nil {
		g.t.Fatal(err)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

func (g *ground) outbox() []delivery.Entry {
	g.t.Helper()
	entries, err := delivery.List(g.t.Context(), g.store.Read, delivery.Filter{}, 0, 1000)
	if err != nil {
		g.t.Fatal(err)
	}
	return entries
}

// outboxOf is the entries of one kind in the outbox.
func (g *ground) outboxOf(kind delivery.Kind) []delivery.Entry {
	g.t.Helper()
	return slices.DeleteFunc(g.outbox(), func(e delivery.Entry) bool { return e.Kind != kind })
}

// published is the messages that wait for the subscriber of a topic: subject and body.
func (g *ground) published(topicARN string) (messages [][2]string) {
	g.t.Helper()
	rows, err := g.store.Read.QueryContext(g.t.Context(), `SELECT subject, body FROM outbox_message WHERE topic_arn = $1 ORDER BY seq`, topicARN)
	if err != nil {
		g.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var m [2]string
		if err := rows.Scan(&m[0], &m[1]); err != nil {
			g.t.Fatal(err)
		}
		messages = append(messages, m)
	}
	return messages
}

// listen makes a topic with one confirmed subscription and returns its ARN.
func (g *ground) listen(name, filterPolicy string) (arn string) {
	g.t.Helper()
	g.transact(func(tx *sql.Tx) error {
		made, err := topic.CreateTopic(g.t.Context(), tx, "us-east-1", topic.Topic{Account: account.DefaultID, Name: name}, now)
		if err != nil {
			return err
		}
		arn = made.ARN
		subscription, err := topic.Subscribe(g.t.Context(), tx, topic.Subscription{TopicARN: arn, Protocol: topic.HTTP, Endpoint: g.endpoint,
			FilterPolicy: filterPolicy, FilterPolicyScope: "MessageBody"}, now)
		if err != nil {
			return err
		}
		_, err = topic.Confirm(g.t.Context(), tx, subscription.Token, false, now)
		return err
	})
	return arn
}

// publishEvents makes the configuration set news with an event destination for a topic.
func (g *ground) publishEvents(topicARN string, types ...account.EventType) {
	g.t.Helper()
	g.transact(func(tx *sql.Tx) error {
		_, err := account.CreateConfigurationSet(g.t.Context(), tx, account.ConfigurationSet{Account: account.DefaultID, Name: "news"}, now)
		if err != nil && !errors.Is(err, account.ErrExists) {
			return err
		}
		return account.CreateEventDestination(g.t.Context(), tx, account.EventDestination{Account: account.DefaultID, ConfigurationSet: "news",
			Name: topicARN[strings.LastIndex(topicARN, ":")+1:], Enabled: true, MatchingEventTypes: types, TopicARN: topicARN})
	})
}

// sendInSet registers a mail as send does, with the configuration set news.
func (g *ground) sendInSet(messageID string, destinations ...string) sentmail.Mail {
	g.t.Helper()
	mail, err := sentmail.Registration{MessageID: messageID, Source: "News <news@sender.example>", Destination: destinations, ConfigurationSet: "news",
		SourceIP: "192.0.2.10", CallerIdentity: "mailer", Tags: map[string][]string{"campaign": {"spring"}, "ses:operation": {"SendSmtpEmail"}},
		Headers: []schemas.Header{{Name: "From", Value: "News <news@sender.example>"}, {Name: "Subject", Value: "<Hi> & bye"}}}.Mail(now)
	if err != nil {
		g.t.Fatal(err)
	}
	g.transact(func(tx *sql.Tx) error {
		return Registrar{DB: g.store.Read, Region: "us-east-1"}.Record(g.t.Context(), tx, &mail, now)
	})
	return mail
}

func (g *ground) counts() statistics.Counts {
	g.t.Helper()
	points, err := statistics.Points(g.t.Context(), g.store.Read, account.DefaultID, now.Add(-statistics.Retention))
	if err != nil {
		g.t.Fatal(err)
	}
	return statistics.Sum(points)
}

// workshop is a worker on its ground, with a bus; it takes turns when it is told to, not by itself.
type workshop struct {
	*ground
	bus      *bus.Bus
	worker   *Worker
	registry *prometheus.Registry
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{ground: newGround(t), registry: prometheus.NewRegistry()}
	opened, err := bus.Open(t.Context(), bus.Options{Dir: filepath.Join(t.TempDir(), "nats"), Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	w.bus = opened
	w.worker = &Worker{Bus: opened, Store: w.store, Rules: classify.Default(), Keys: w.keys, Region: "us-east-1", Wake: func() {},
		Metrics: statistics.NewMetrics(w.registry), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}
	return w
}

// publish puts a mail on the bus, as the intake does.
func (w *workshop) publish(raw string, to ...string) {
	w.t.Helper()
	_, err := w.bus.PublishMail(w.t.Context(), bus.Mail{Raw: []byte(raw), Received: now, Source: "smtp", To: to})
	if err != nil {
		w.t.Fatal(err)
	}
}

// registerOnBus publishes that a mail was sent, as a program does that sends mail itself.
func (w *workshop) registerOnBus(messageID string, destinations ...string) {
	w.t.Helper()
	body, err := json.Marshal(sentmail.Registration{MessageID: messageID, Source: "news@sender.example", Destination: destinations, Timestamp: schemas.Time{Time: now}})
	if err == nil {
		err = w.bus.PublishEvent(w.t.Context(), "mail.sent", messageID, body)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// turn lets the worker take what waits through its whole way, and checks that it was so many mails.
func (w *workshop) turn(want int) {
	w.t.Helper()
	if err := w.worker.commit(w.t.Context(), w.understand(want)); err != nil {
		w.t.Fatal(err)
	}
}

// understand lets the worker take what waits up to the point where everything is decided and nothing has happened.
func (w *workshop) understand(want int) []*job {
	w.t.Helper()
	return w.worker.understand(w.t.Context(), w.fetch(want))
}

func (w *workshop) fetch(want int) []*bus.Received {
	w.t.Helper()
	received, err := w.worker.fetch(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if len(received) != want {
		w.t.Fatalf("the worker got %d mails, want %d", len(received), want)
	}
	return received
}

// counted is the sum of the series of a metric that have these label values.
func (w *workshop) counted(name string, values ...string) (sum float64) {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			missing := len(values)
			for _, label := range metric.GetLabel() {
				for _, value := range values {
					if label.GetValue() == value {
						missing--
					}
				}
			}
			if missing == 0 {
				sum += metric.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// bounceMail is a delivery status notification to be written.
type bounceMail struct {
	id         string   // Message-ID of the report, without brackets
	head       string   // further lines of its header
	to         string   // its To field
	recipients []string // that failed for good
	original   string   // Message-ID of the returned mail, with brackets
	returnPath string   // of the returned mail
	pad        int      // bytes of content of the returned mail
}

// String writes the report as a mail server does.
func (d bounceMail) String() string {
	var text bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&text, format+"\r\n", args...) }
	text.WriteString(d.head)
	line("From: MAILER-DAEMON@mx.example\r\nTo: %s\r\nSubject: Undelivered\r\nDate: Tue, 27 Jan 2026 14:59:39 +0000", d.to)
	line("Message-ID: <%s@mx.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n", d.id)
	line("--b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n")
	for _, recipient := range d.recipients {
		line("Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n", recipient)
	}
	line("--b\r\nContent-Type: message/rfc822\r\n")
	if d.returnPath != "" {
		line("Return-Path: <%s>", d.returnPath)
	}
	line("Message-ID: %s\r\nFrom: news@sender.example\r\nSubject: News\r\n\r\n%s\r\n--b--", d.original, strings.Repeat("All the news.\r\n", d.pad/15))
	return text.String()
}
