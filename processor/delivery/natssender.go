package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

const (
	natsTimeout = 10 * time.Second
	natsAtOnce  = 256
)

// NATSSender publishes signed envelopes on the subjects of subscriptions of the protocol nats, for a stream of JetStream to keep.
type NATSSender struct {
	Store     *store.Store
	Signer    *topic.Signer
	Bus       *bus.Bus
	PublicURL string           // where subscribers reach the API: https://host
	Now       func() time.Time // nil means time.Now
}

// Terms are those of SNS's webhooks.
func (s *NATSSender) Terms() Terms {
	return Terms{Policy: DefaultPolicy, Timeout: natsTimeout, Parallel: natsAtOnce}
}

// Send publishes the envelope, or the message alone when the subscription is raw, with the message id as Nats-Msg-Id. It is delivered when
// a stream has it; a subject that no stream takes is tried again.
func (s *NATSSender) Send(ctx context.Context, e Entry) Result {
	now := s.Now
	if now == nil {
		now = time.Now
	}
	to, settled := e.addressee(context.WithoutCancel(ctx), s.Store.Read, now)
	if settled != nil {
		return *settled
	}
	body, _, err := e.sealed(s.Signer, to, s.PublicURL)
	if err != nil {
		return Result{Outcome: NotTried, Err: err}
	}
	switch err := s.Bus.PublishTo(ctx, e.Endpoint, e.MessageID, body); {
	case err == nil:
		return Result{Outcome: Delivered}
	case errors.Is(err, bus.ErrSubject), errors.Is(err, bus.ErrTooLarge):
		return Result{Outcome: Final, Err: err}
	default:
		return Result{Outcome: Retry, Err: err}
	}
}
