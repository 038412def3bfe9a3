package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// demoWebhook is a subscriber as an application would write one: it verifies each signature with the certificate that the message
// names, visits the confirmation link, and takes the notifications.
type demoWebhook struct {
	listener net.Listener
	server   *http.Server
	arrivals chan arrival
	failures chan error
}

// arrival is one message as the demo prints it.
type arrival struct{ label, recipient, detail string }

func newDemoWebhook() (*demoWebhook, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &demoWebhook{listener: listener, arrivals: make(chan arrival, 64), failures: make(chan error, 64)}
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: time.Second}
	go func() { _ = w.server.Serve(listener) }() // ends with close
	return w, nil
}

func (w *demoWebhook) url() string { return "http://" + w.listener.Addr().String() + "/webhook" }

func (w *demoWebhook) close() { _ = w.server.Close() }

func (w *demoWebhook) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	arrived, err := receive(r)
	if err != nil {
		w.failures <- err
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	w.arrivals <- arrived
}

func (w *demoWebhook) wait(ctx context.Context, what string) (arrival, error) {
	select {
	case arrived := <-w.arrivals:
		return arrived, nil
	case err := <-w.failures:
		return arrival{}, fmt.Errorf("the webhook refuses a message: %w", err)
	case <-ctx.Done():
		return arrival{}, fmt.Errorf("still missing after %s: %s", demoTime, what)
	}
}

func receive(r *http.Request) (arrival, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return arrival{}, err
	}
	var claimed schemas.Envelope
	if err := json.Unmarshal(body, &claimed); err != nil {
		return arrival{}, err
	}
	certificate, err := fetch(claimed.SigningCertURL)
	if err != nil {
		return arrival{}, err
	}
	envelope, err := topic.Verify(body, certificate)
	if err != nil {
		return arrival{}, err
	}
	if envelope.Type == schemas.EnvelopeSubscriptionConfirmation {
		_, err := fetch(envelope.SubscribeURL)
		return arrival{label: string(envelope.Type)}, err
	}
	if err := schemas.Validate(schemas.NotificationSchema, []byte(envelope.Message)); err != nil {
		return arrival{}, err
	}
	return describe(envelope.Message)
}

func fetch(url string) ([]byte, error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, 1<<16))
}

// describe says in one line what a notification tells.
func describe(message string) (arrival, error) {
	var n struct {
		NotificationType string
		Bounce           schemas.Bounce
		Complaint        schemas.Complaint
		Delivery         schemas.Delivery
	}
	if err := json.Unmarshal([]byte(message), &n); err != nil {
		return arrival{}, err
	}
	switch schemas.NotificationType(n.NotificationType) {
	case schemas.TypeBounce:
		var addresses []string
		for _, recipient := range n.Bounce.BouncedRecipients {
			addresses = append(addresses, recipient.EmailAddress)
		}
		detail := n.Bounce.BouncedRecipients[0].DiagnosticCode
		if detail == "" {
			detail = "(an auto-reply: no status, not counted)"
		}
		return arrival{"Bounce " + n.Bounce.BounceType + "/" + n.Bounce.BounceSubType, strings.Join(addresses, " "), shortened(detail)}, nil
	case schemas.TypeComplaint:
		return arrival{"Complaint " + n.Complaint.ComplaintFeedbackType, n.Complaint.ComplainedRecipients[0].EmailAddress, n.Complaint.UserAgent}, nil
	}
	return arrival{"Delivery", strings.Join(n.Delivery.Recipients, " "), n.Delivery.SMTPResponse}, nil
}

func shortened(text string) string {
	if characters := []rune(text); len(characters) > 60 {
		return string(characters[:60]) + "…"
	}
	return text
}
