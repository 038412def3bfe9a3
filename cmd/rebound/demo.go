package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/smtp"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
)

// demoTime is how long the demo may take as a whole.
const demoTime = 20 * time.Second

// recordedBounce is a bounce that a real Postfix wrote: the mail <nouser.1042@shop.sender.example> to nouser@remote.example failed.
//
//go:embed demo/nouser.failed.eml
var recordedBounce []byte

const (
	demoSender    = "orders@sender.example"
	demoRecipient = "nouser@remote.example"
	demoMessageID = "<nouser.1042@shop.sender.example>"
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo", GroupID: "run", Args: cobra.NoArgs,
		Short: "See it work: a fresh instance in a temporary folder, a mail of every kind, and what arrives",
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(command.Context(), demoTime)
			defer cancel()
			return runDemo(ctx, command.OutOrStdout())
		},
	}
}

func runDemo(ctx context.Context, out io.Writer) error {
	folder, err := os.MkdirTemp("", "rebound-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	inbox, err := newDemoInbox()
	if err != nil {
		return err
	}
	defer inbox.close()
	webhook, err := newDemoWebhook()
	if err != nil {
		return err
	}
	defer webhook.close()

	logged := &bytes.Buffer{}
	srv, err := openServer(ctx, demoSettings(folder, inbox.addr()), slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- srv.run(inner) }()
	d := demo{ctx: ctx, out: out, srv: srv, webhook: webhook, inbox: inbox, client: client{base: srv.settings.publicURL()}, started: time.Now()}
	err = d.play()
	stop()
	if err = errors.Join(err, <-stopped); err != nil {
		return fmt.Errorf("demo: %w\n%s", err, logged)
	}
	return nil
}

func demoSettings(folder, smarthost string) settings {
	s := settings{Data: folder, Domain: "rebound.example", Region: "us-east-1", HTTP: "127.0.0.1:0", SMTP: "127.0.0.1:0",
		Roles: []string{roleIntake, roleWorker, roleDelivery, roleAPI}}
	s.SmartHost.Address = smarthost
	return s
}

// demo is the play: its acts call the same API and SMTP port that any application does.
type demo struct {
	ctx     context.Context
	out     io.Writer
	srv     *server
	webhook *demoWebhook
	inbox   *demoInbox
	client  client
	started time.Time
}

func (d demo) play() error {
	d.title("A fresh Rebound in %s", d.srv.settings.Data)
	fmt.Fprintf(d.out, "   SMTP on %s, API on %s\n", d.srv.listening["smtp"].Addr(), d.srv.settings.publicURL())
	for _, act := range []func() error{d.subscribe, d.simulate, d.bounce, d.forward} {
		if err := act(); err != nil {
			return err
		}
	}
	d.title("All of it arrived, in %.1f seconds.", time.Since(d.started).Seconds())
	return nil
}

func (d demo) title(format string, args ...any) { fmt.Fprintf(d.out, "\n"+format+"\n", args...) }

func (d demo) subscribe() error {
	d.title("1. A topic, and a webhook that listens to it")
	var made api.Topic
	if err := d.client.call(d.ctx, http.MethodPost, "/v1/topics", nil, api.Topic{Name: "feedback"}, &made); err != nil {
		return err
	}
	no := false
	for _, domain := range []string{"sender.example", "shop.example"} {
		identity := api.Identity{Identity: domain, BounceTopic: &made.ARN, ComplaintTopic: &made.ARN, DeliveryTopic: &made.ARN, Forwarding: &no}
		if err := d.client.call(d.ctx, http.MethodPut, "/v1/identities", nil, identity, nil); err != nil {
			return err
		}
	}
	if err := d.client.call(d.ctx, http.MethodPost, "/v1/subscriptions", nil, api.Subscription{TopicARN: made.ARN, Endpoint: d.webhook.url()}, nil); err != nil {
		return err
	}
	confirmed, err := d.webhook.wait(d.ctx, "the confirmation of the subscription")
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "   %s  signature verified, link visited: the webhook listens\n", confirmed.label)
	return nil
}

// simulate sends a mail to each address of the simulator, which answers as a receiver would.
func (d demo) simulate() error {
	d.title("2. A mail to each address of the mailbox simulator, by SMTP")
	for _, scenario := range scenarios {
		to := scenario + "+demo@simulator.amazonses.com"
		if err := d.sendMail("news@shop.example", to, simulatedMail("news@shop.example", to, "", time.Now())); err != nil {
			return err
		}
	}
	return d.expect(map[string]int{"Delivery": 3, "Bounce Permanent/NoEmail": 1, "Bounce Transient/General": 1, "Bounce Permanent/Suppressed": 1, "Complaint abuse": 1})
}

func (d demo) sendMail(from, to string, mail []byte) error {
	if err := smtp.SendMail(d.srv.listening["smtp"].Addr().String(), nil, from, []string{to}, mail); err != nil {
		return fmt.Errorf("sending a mail to %s: %w", to, err)
	}
	return nil
}

// expect waits for notifications and prints them as they arrive.
func (d demo) expect(missing map[string]int) error {
	left := 0
	for _, n := range missing {
		left += n
	}
	for ; left > 0; left-- {
		arrived, err := d.webhook.wait(d.ctx, fmt.Sprint(missing))
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "   %-28s %-46s %s\n", arrived.label, arrived.recipient, arrived.detail)
		if missing[arrived.label]--; missing[arrived.label] < 0 {
			return fmt.Errorf("a notification arrived that nothing called for: %s for %s", arrived.label, arrived.recipient)
		}
	}
	return nil
}

// bounce brings in a bounce that a real Postfix wrote, for a mail that was registered.
func (d demo) bounce() error {
	d.title("3. A real bounce, as a Postfix wrote it")
	if err := d.check(false); err != nil {
		return err
	}
	registration := map[string]any{"messageId": demoMessageID, "source": demoSender, "destination": []string{demoRecipient}}
	var sent api.SentAnswer
	if err := d.client.call(d.ctx, http.MethodPost, "/v1/sent", nil, registration, &sent); err != nil {
		return err
	}
	if err := d.sendMail("", sent.ReturnPaths[demoRecipient], recordedBounce); err != nil {
		return err
	}
	if err := d.expect(map[string]int{"Bounce Permanent/NoEmail": 1}); err != nil {
		return err
	}
	return d.check(true)
}

// check shows whether the address that bounces is on the list, and that this is as it should be.
func (d demo) check(want bool) error {
	var answer api.CheckAnswer
	question := api.CheckQuestion{Addresses: []string{demoRecipient}}
	if err := d.client.call(d.ctx, http.MethodPost, "/v1/suppression/check", nil, question, &answer); err != nil {
		return err
	}
	result := answer.Results[0]
	if result.Suppressed != want {
		return fmt.Errorf("%s is suppressed: %t, and should be: %t", demoRecipient, result.Suppressed, want)
	}
	if want {
		fmt.Fprintf(d.out, "   after:  %s is on the %s list (%s): the next mail to it need not be sent\n", demoRecipient, result.List, result.Reason)
	} else {
		fmt.Fprintf(d.out, "   before: %s is on no list\n", demoRecipient)
	}
	return nil
}

// forward shows what happens without a topic: the report goes to the sender by mail.
func (d demo) forward() error {
	d.title("4. An identity without a topic: the report is forwarded by mail")
	const owner = "owner@plain.example"
	if err := d.client.call(d.ctx, http.MethodPut, "/v1/identities", nil, api.Identity{Identity: "plain.example"}, nil); err != nil {
		return err
	}
	to := "bounce@simulator.rebound.example"
	if err := d.sendMail(owner, to, simulatedMail(owner, to, "", time.Now())); err != nil {
		return err
	}
	mail, err := d.inbox.wait(d.ctx, owner)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "   to %s, from %s: %s\n", owner, mail.from, mail.subject)
	return nil
}
