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

// The outcomes. An attempt that is NotTried did not take place, through no fault of the endpoint's: the entry waits as before.
const (
	Delivered Outcome = "delivered"
	Retry     Outcome = "retry"
	Final     Outcome = "final"
	NotTried  Outcome = "not tried"
)

// Result is what became of one attempt.
type Result struct {
	Outcome    Outcome
	Status     int           // the HTTP status or SMTP reply; 0 when there was no answer
	Answer     string        // what the answer said, at most 1 KiB
	Err        error         // why it was not delivered; must not hold credentials
	RetryAfter time.Duration // the endpoint asked for at least that much time; 0 when it did not
}

// Terms say how the engine may use a sender.
type Terms struct {
	Policy   RetryPolicy
	Timeout  time.Duration // an attempt is ended after it
	Parallel int           // attempts at a time, over all endpoints
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

// afterAttempt returns the result with the retry policy applied: what is retried too often is final. Next is when the following attempt
// may be made, which counts from the end of this one. Attempts includes this one.
func afterAttempt(r Result, p RetryPolicy, attempts int, now time.Time) (result Result, next time.Time) {
	if r.Err == nil && (r.Outcome == Retry || r.Outcome == Final) {
		r.Err = errNoReason
	}
	if r.Outcome != Retry {
		return r, now
	}
	delay, ok := p.Delay(attempts)
	if !ok {
		r.Outcome, r.Err = Final, fmt.Errorf("%w after %d attempts: %w", errExhausted, attempts, r.Err)
		return r, now
	}
	return r, now.Add(max(delay, r.RetryAfter))
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
