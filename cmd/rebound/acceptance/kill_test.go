//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	reports = 2000
	kills   = 20
	senders = 4
)

// The server is killed at random moments while reports stream in. What was answered with 250 has its effects exactly once, and each
// notification arrives, maybe twice, but then under the same MessageId.
func TestKilledServerLosesNothingAndDoesNothingTwice(t *testing.T) {
	hook := newCollector(t)
	s := newServer(t, "--domain", "rebound.example")
	s.start()
	s.subscribe("shop.example", hook.server.URL)
	hook.waitConfirmed(t)
	paths := make([]string, reports)
	for i := range paths {
		paths[i] = s.register(fmt.Sprintf("<%d.kill@shop.example>", i), "news@shop.example", recipientOf(i))
	}

	work := make(chan int, reports)
	for i := range reports {
		work <- i
	}
	var sending, left sync.WaitGroup
	left.Add(reports)
	for range senders {
		sending.Go(func() {
			for i := range work {
				for !deliver(s.smtp, paths[i], bounceFor(i)) { // no 250: send it again, as an MTA does
					time.Sleep(20 * time.Millisecond)
				}
				left.Done()
			}
		})
	}
	for round := range kills {
		time.Sleep(time.Duration(50+rand.IntN(350)) * time.Millisecond)
		s.kill()
		s.start()
		t.Logf("killed %d times, %d reports to send, %d notifications here", round+1, len(work), hook.count())
	}
	left.Wait()
	close(work)
	sending.Wait()
	hook.waitFor(t, reports)

	var answer struct {
		Points []struct{ Bounces, DeliveryAttempts int } `json:"sendDataPoints"`
	}
	s.call(http.MethodGet, "/v1/statistics", nil, &answer)
	bounces, attempts := 0, 0
	for _, point := range answer.Points {
		bounces, attempts = bounces+point.Bounces, attempts+point.DeliveryAttempts
	}
	if bounces != reports || attempts != reports {
		t.Errorf("the statistics count %d bounces of %d attempts, want %d of %d", bounces, attempts, reports, reports)
	}
	for i := range reports {
		if !s.suppressed(recipientOf(i)) {
			t.Errorf("%s is not suppressed", recipientOf(i))
		}
	}
	hook.check(t)
	s.stop()
}

func recipientOf(i int) string { return fmt.Sprintf("reader%04d@dead.example", i) }

func bounceFor(i int) []byte {
	to := recipientOf(i)
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@mx.dead.example
To: news@shop.example
Subject: Undelivered Mail Returned to Sender
Date: Sun, 22 Nov 2026 05:29:15 +0000
Message-ID: <dsn.%[1]d@mx.dead.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

The mail to <%[2]s> could not be delivered: user unknown.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.dead.example

Final-Recipient: rfc822; %[2]s
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <%[2]s>: user unknown
--b
Content-Type: text/rfc822-headers

From: news@shop.example
To: %[2]s
Message-ID: <%[1]d.kill@shop.example>
--b--
`, i, to), "\n", "\r\n"))
}

// deliver sends a report and says whether it was answered with 250.
func deliver(addr, to string, mail []byte) bool {
	connection, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	client, err := smtp.NewClient(connection, "localhost")
	if err != nil {
		return false
	}
	if client.Mail("") != nil || client.Rcpt(to) != nil {
		return false
	}
	data, err := client.Data()
	if err != nil {
		return false
	}
	_, err = data.Write(mail)
	return err == nil && data.Close() == nil
}

// collector is a webhook that notes which message brought which notification.
type collector struct {
	server    *httptest.Server
	mutex     sync.Mutex
	messages  map[string]map[string]bool // feedback id → SNS message ids
	addresses map[string]string          // address → feedback id
	problems  []string
	confirmed chan bool
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{messages: map[string]map[string]bool{}, addresses: map[string]string{}, confirmed: make(chan bool, 1)}
	c.server = httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(c.server.Close)
	return c
}

func (c *collector) take(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var envelope struct{ Type, MessageID, Message, SubscribeURL string }
	if err := json.Unmarshal(body, &envelope); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if envelope.Type == "SubscriptionConfirmation" {
		if response, err := http.Get(envelope.SubscribeURL); err == nil {
			_ = response.Body.Close()
			c.confirmed <- true
		}
		return
	}
	var notification struct {
		Bounce struct {
			FeedbackID        string
			BouncedRecipients []struct{ EmailAddress string }
		}
	}
	if err := json.Unmarshal([]byte(envelope.Message), &notification); err != nil || len(notification.Bounce.BouncedRecipients) != 1 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	id, addr := notification.Bounce.FeedbackID, notification.Bounce.BouncedRecipients[0].EmailAddress
	if c.messages[id] == nil {
		c.messages[id] = map[string]bool{}
	}
	c.messages[id][envelope.MessageID] = true
	if known := c.addresses[addr]; known != "" && known != id {
		c.problems = append(c.problems, addr+" has two feedback ids")
	}
	c.addresses[addr] = id
}

func (c *collector) count() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.addresses)
}

func (c *collector) waitConfirmed(t *testing.T) {
	t.Helper()
	select {
	case <-c.confirmed:
	case <-time.After(30 * time.Second):
		t.Fatal("the subscription was not confirmed")
	}
}

func (c *collector) waitFor(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); c.count() < want; {
		if time.Now().After(deadline) {
			t.Fatalf("%d notifications arrived, want %d", c.count(), want)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (c *collector) check(t *testing.T) {
	t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for id, messages := range c.messages {
		if len(messages) != 1 {
			t.Errorf("notification %s came under %d MessageIds", id, len(messages))
		}
	}
	for _, problem := range c.problems {
		t.Error(problem)
	}
	if len(c.addresses) != reports {
		t.Errorf("notifications for %d addresses, want %d", len(c.addresses), reports)
	}
}
