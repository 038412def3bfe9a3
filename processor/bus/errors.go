package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrFull is returned when the stream has its full size or the disk has too little room left. Nothing was kept; the
	// sender is to come again later.
	ErrFull = errors.New("no space left on the bus")
	// ErrUnavailable is returned when the server does not answer, cannot be reached, or the bus was closed. What was
	// published may have been kept all the same.
	ErrUnavailable = errors.New("the bus is not available")
	// ErrTooLarge is returned for a mail above MaxMailBytes and for an envelope or an event that no message can hold.
	// It will not fit later either.
	ErrTooLarge = errors.New("too large for the bus")
	// ErrGone is returned for a mail that was never there or whose time of retention has passed.
	ErrGone = errors.New("the mail is no longer kept")
	// ErrUnsuitable is returned by Open when a server, or a stream that is there already, lacks what the bus cannot do
	// without. The text says what to change.
	ErrUnsuitable = errors.New("the server cannot carry the bus")
	// ErrSubject is returned for a subject that subscribers may not have messages published on.
	ErrSubject = errors.New(`a subject is "sns." and words of letters, digits, "-" and "_", separated by dots`)
	// ErrNoStream is returned by PublishTo when no stream of JetStream takes the subject: nobody would keep the message.
	ErrNoStream = errors.New("no stream takes the subject; make one that does, or the message would be lost")
	// ErrInUse is returned by Open when another process uses the folder.
	ErrInUse = errors.New("another rebound is using this folder")
)

var errClosed = fmt.Errorf("%w: it was closed", ErrUnavailable)

// The codes by which a JetStream server tells why it refuses a message, which nats.go does not name.
const (
	codeAccountFull      = 10002
	codeServerFull       = 10023
	codeStorageFull      = 10047
	codeMessageTooLarge  = 10054
	codeNotReplicated    = 10074
	codeStoreFailed      = 10077
	codeHeaderTooLarge   = 10097
	codeNoPeersForStream = 10005
)

// explain puts the sentinel that tells the cause in front of an error from NATS. The end of the caller's own context
// is no fault of the bus and comes back as it is.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err
	}
	for _, known := range []error{ErrFull, ErrUnavailable, ErrTooLarge, ErrGone, ErrUnsuitable} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", causeOf(err), err)
}

func causeOf(err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return ErrTooLarge
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return ErrGone
	}
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return ErrUnsuitable
	}
	var refusal *jetstream.APIError
	if !errors.As(err, &refusal) {
		return ErrUnavailable
	}
	switch refusal.ErrorCode {
	case codeAccountFull, codeServerFull, codeStorageFull, codeStoreFailed:
		return ErrFull
	case codeMessageTooLarge, codeHeaderTooLarge:
		return ErrTooLarge
	}
	return ErrUnavailable
}
