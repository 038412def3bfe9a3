package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
)

// MaxChanges is how many changes PublishChanges takes at once.
const MaxChanges = groupMessages

// Change is a change of a suppression list for subscribers on NATS.
type Change struct {
	Account string // whose list; empty for the global one
	Body    []byte
}

// PublishChanges keeps changes on the stream SUPPRESSION, all of them next to each other and in their order, or none, and returns when
// they are durable. After ErrUnavailable they may have been kept all the same: calling it again with the same ones keeps them twice,
// which readers notice by the number in them. The error wraps ErrTooLarge, ErrFull or ErrUnavailable, or is that of ctx.
func (b *Bus) PublishChanges(ctx context.Context, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	leave, err := b.enter()
	if err != nil {
		return fmt.Errorf("bus: publish changes: %w", err)
	}
	defer leave()
	if err := b.publisher.ready(); err != nil {
		return fmt.Errorf("bus: publish changes: %w", err)
	}
	messages := make([]*nats.Msg, len(changes))
	for i, c := range changes {
		whose := c.Account
		if whose == "" {
			whose = "global"
		}
		if !isToken(whose) {
			return fmt.Errorf("bus: publish changes: %q is no account", whose)
		}
		messages[i] = &nats.Msg{Subject: subjectChanged + whose, Data: c.Body}
	}
	waiting, cancel := context.WithTimeout(ctx, b.publisher.wait)
	defer cancel()
	if _, err := b.publisher.batch(waiting, messages); err != nil {
		return fmt.Errorf("bus: publish %d changes: %w", len(changes), explain(ctx, err))
	}
	return nil
}
