package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxSubject bounds a subject, in bytes, far below what servers take.
const maxSubject = 255

// CheckSubject returns an error that wraps ErrSubject unless subscribers may have messages published there: below "sns.", in words of
// letters, digits, "-" and "_". Our own streams and those of others are out of reach.
func CheckSubject(subject string) error {
	rest, ok := strings.CutPrefix(subject, "sns.")
	if !ok || len(subject) > maxSubject {
		return fmt.Errorf("%w, not %.300q", ErrSubject, subject)
	}
	for token := range strings.SplitSeq(rest, ".") {
		if !isToken(token) {
			return fmt.Errorf("%w, not %q", ErrSubject, subject)
		}
	}
	return nil
}

// PublishTo publishes a message on a subject below "sns." and returns when a stream that others made has kept it. The stream keeps an id
// once within its own window for duplicates. The error wraps ErrSubject, ErrNoStream, ErrTooLarge, ErrFull or ErrUnavailable, or is that
// of ctx.
func (b *Bus) PublishTo(ctx context.Context, subject, id string, body []byte) error {
	if err := CheckSubject(subject); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	leave, err := b.enter()
	if err != nil {
		return fmt.Errorf("bus: publish on %s: %w", subject, err)
	}
	defer leave()
	if err := b.publisher.ready(); err != nil {
		return fmt.Errorf("bus: publish on %s: %w", subject, err)
	}
	_, err = b.publisher.js.PublishMsg(ctx, identified(subject, id, body))
	if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) {
		return fmt.Errorf("bus: publish on %s: %w", subject, ErrNoStream)
	}
	if err != nil {
		return fmt.Errorf("bus: publish on %s: %w", subject, explain(ctx, err))
	}
	return nil
}
