package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Outcome says what an attempt led to.
type Outcome string

// The outcomes. An attempt that is NotTried did not take place, through no fault of the endpoint's: the entry waits as before. One that is
// Held did not either, because the subscription has had its share: the entry waits for its turn.
const (
	Delivered Outcome = "delivered"
	Retry     Outcome = "retry"
	Final     Outcome = "final"
	NotTried  Outcome = "not tried"
	Held      Outcome = "held"
)

// Result is what became of one attempt.
type Result struct {
	Outcome    Outcome
	Status     int           // the HTTP status or SMTP reply; 0 when there was no answer
	Answer     string        // what the answer said, at most 1 KiB
	Err        error         // why it was not delivered; must not hold credentials
	RetryAfter time.Duration // the endpoint asked for at least that much time; 0 when it did not

	exhausted bool // it is final because there is no further retry
}

// Terms say how the engine may use a sender.
type Terms struct {
	Policy   RetryPolicy   // of messages that no delivery policy is for
	Timeout  time.Duration // an attempt is ended after it
	Parallel int           // attempts at a time, over all endpoints
	Limit    time.Duration // all retries of a message wait no longer together; 0 for no limit
}

// Sender makes one attempt to deliver an entry. The webhooks of HTTPSender and the mails of MailSender are two.
type Sender interface {
	// Send returns by the end of ctx at the latest. It is called by many goroutines at once.
	Send(ctx context.Context, e Entry) Result
	Terms() Terms
}

// nobody stands in for the sender of a protocol that has none.
type nobody struct{ protocol string }

// Send gives up.
func (n nobody) Send(context.Context, Entry) Result {
	return Result{Outcome: Final, Err: fmt.Errorf("nothing is set up to send to the protocol %q", n.protocol)}
}

// Terms returns terms that let entries fail quickly.
func (n nobody) Terms() Terms { return Terms{Timeout: time.Second, Parallel: parallelPerEndpoint} }

var (
	errExhausted = errors.New("gave up")
	errNoReason  = errors.New("no reason given")
)

// maxJitter is the most that is added to a delay, as a part of it. Delays are never shorter than the policy says.
const maxJitter = 0.1

// settle applies the terms to what an attempt led to: what is retried too often is final, and what is retried gets its time, which counts
// from the end of the attempt. An endpoint that asks for more time gets it as far as the retries that are left still fit into the limit.
// Jitter is from 0 to 1.
func (f *finished) settle(t Terms, jitter float64) {
	r, made := &f.result, f.attempts+1
	if r.Err == nil && (r.Outcome == Retry || r.Outcome == Final) {
		r.Err = errNoReason
	}
	if r.Outcome != Retry {
		return
	}
	delay, ok := t.Policy.Delay(made)
	if t.Limit > 0 && ok {
		rest := t.Policy.after(made)
		delay = max(delay, min(r.RetryAfter, t.Limit-f.waited-rest))
		ok = f.waited+delay <= t.Limit
	}
	if !ok {
		r.Outcome, r.exhausted, r.Err = Final, true, fmt.Errorf("%w after %d attempts: %w", errExhausted, made, r.Err)
		return
	}
	f.waited += delay
	f.next = f.ended.Add(delay + time.Duration(jitter*maxJitter*float64(delay)))
}

// maxAnswer bounds what is kept of an answer and of an error, in bytes.
const maxAnswer = 1 << 10

// clip makes text fit for the database: short, UTF-8, and without zero bytes, which PostgreSQL refuses.
func clip(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if len(text) > maxAnswer {
		text = strings.ToValidUTF8(text[:maxAnswer], "")
	}
	return text
}
