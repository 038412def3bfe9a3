package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Healthy returns nil when mails can be published: the server answers, its streams can be written and the disk has
// room. The error wraps ErrUnavailable or ErrFull. After a failed write of the disk a server in this process stays
// unhealthy until the program is started again.
func (b *Bus) Healthy(ctx context.Context) error {
	if b.server != nil {
		if err := b.server.healthy(); err != nil {
			return fmt.Errorf("bus: %w", err)
		}
	}
	stats, err := b.Stats(ctx)
	if err != nil {
		return err
	}
	if stats.MaxBytes > 0 && stats.Bytes >= uint64(stats.MaxBytes) {
		return fmt.Errorf("bus: %w: the mails take %d of %d bytes; allow more, or wait for the oldest to end their 14 days",
			ErrFull, stats.Bytes, stats.MaxBytes)
	}
	return nil
}

// Stats says what the streams hold.
type Stats struct {
	// Mails counts the mails kept, processed or not, and Bytes their size; MaxBytes is the bound, at most 0 for none.
	Mails    uint64
	Bytes    uint64
	MaxBytes int64
	// Waiting counts the mails that were not given out yet, InWork those given out and not acknowledged.
	Waiting uint64
	InWork  int
	// Quarantined counts the mails that were set aside.
	Quarantined uint64
	// EventsWaiting counts the events on mail.sent that are not acknowledged.
	EventsWaiting uint64
}

// Stats asks the server what the streams hold. The error wraps ErrUnavailable.
func (b *Bus) Stats(ctx context.Context) (Stats, error) {
	feedback, err := b.streams.feedback.Info(ctx, jetstream.WithSubjectFilter(subjectQuarantine))
	if err != nil {
		return Stats{}, fmt.Errorf("bus: stream FEEDBACK: %w", explain(ctx, err))
	}
	worker, err := b.streams.worker.Info(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("bus: consumer worker: %w", explain(ctx, err))
	}
	sent, err := b.streams.sent.Info(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("bus: consumer worker-sent: %w", explain(ctx, err))
	}
	return Stats{
		Mails: feedback.State.Msgs, Bytes: feedback.State.Bytes, MaxBytes: feedback.Config.MaxBytes,
		Waiting: worker.NumPending, InWork: worker.NumAckPending,
		Quarantined:   feedback.State.Subjects[subjectQuarantine],
		EventsWaiting: sent.NumPending + uint64(sent.NumAckPending),
	}, nil
}
