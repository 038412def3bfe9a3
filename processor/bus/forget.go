package bus

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// Forgotten counts the messages that were removed from the streams.
type Forgotten struct {
	Mails         int // of FEEDBACK, with what LARGE holds of them
	Events        int
	Notifications int
	Changes       int
}

// forgetting is one removal of all that mentions a person.
type forgetting struct {
	bus      *Bus
	mentions func([]byte) bool
	large    map[string][]uint64 // pieces of LARGE by subject
	doomed   map[string]bool     // the subjects of those that mention the person
}

// Forget removes from all streams, for good, the messages whose header or content mentions a person, and the mails of FEEDBACK at seqs,
// processed or not. It reads the streams through. The error wraps ErrUnavailable, or is that of ctx; what was removed by then stays
// removed, and calling it again removes the rest.
func (b *Bus) Forget(ctx context.Context, mentions func([]byte) bool, seqs []uint64) (Forgotten, error) {
	f := &forgetting{bus: b, mentions: mentions, large: map[string][]uint64{}, doomed: map[string]bool{}}
	var done Forgotten
	err := f.readLarge(ctx)
	if err == nil {
		done.Mails, err = f.forgetIn(ctx, b.streams.feedback, func(m jetstream.Msg, seq uint64) bool {
			o, err := parseObject(unescape(m.Headers().Get(headerObject)))
			hit := slices.Contains(seqs, seq) || f.inMessage(m) || err == nil && f.doomed[o.subject()]
			if hit && err == nil {
				f.doomed[o.subject()] = true
			}
			return hit
		})
	}
	for subject := range f.doomed {
		for _, seq := range f.large[subject] {
			if err == nil {
				err = b.streams.large.SecureDeleteMsg(ctx, seq)
			}
		}
	}
	for _, other := range []struct {
		stream jetstream.Stream
		count  *int
	}{{b.streams.events, &done.Events}, {b.streams.notifications, &done.Notifications}, {b.streams.changes, &done.Changes}} {
		if err == nil {
			*other.count, err = f.forgetIn(ctx, other.stream, func(m jetstream.Msg, _ uint64) bool { return f.inMessage(m) })
		}
	}
	if err != nil {
		return done, fmt.Errorf("bus: forget a person: %w", explain(ctx, err))
	}
	return done, nil
}

func (f *forgetting) inMessage(m jetstream.Msg) bool {
	for _, values := range m.Headers() {
		for _, value := range values {
			if f.mentions([]byte(unescape(value))) {
				return true
			}
		}
	}
	return f.mentions(m.Data())
}

// overlap is how much of a piece is looked at again with the next, in bytes: an address may be cut in two.
const overlap = 4 << 10

// readLarge finds the large mails that mention the person.
func (f *forgetting) readLarge(ctx context.Context) error {
	ends := map[string][]byte{}
	return f.each(ctx, f.bus.streams.large, func(m jetstream.Msg, seq uint64) {
		subject := m.Subject()
		f.large[subject] = append(f.large[subject], seq)
		if text := append(ends[subject], m.Data()...); f.mentions(text) {
			f.doomed[subject] = true
		}
		ends[subject] = bytes.Clone(m.Data()[max(0, len(m.Data())-overlap):])
	})
}

// forgetIn removes the messages of a stream that hit.
func (f *forgetting) forgetIn(ctx context.Context, stream jetstream.Stream, hit func(jetstream.Msg, uint64) bool) (n int, err error) {
	var hits []uint64
	err = f.each(ctx, stream, func(m jetstream.Msg, seq uint64) {
		if hit(m, seq) {
			hits = append(hits, seq)
		}
	})
	for _, seq := range hits {
		if err == nil {
			err = stream.SecureDeleteMsg(ctx, seq)
		}
		if err == nil {
			n++
		}
	}
	return n, err
}

// each reads a stream to where it ends now.
func (f *forgetting) each(ctx context.Context, stream jetstream.Stream, do func(m jetstream.Msg, seq uint64)) error {
	info, err := stream.Info(ctx)
	if err != nil || info.State.Msgs == 0 {
		return err
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(groupMessages))
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		message, err := messages.Next(jetstream.NextMaxWait(answerWait))
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		about, err := message.Metadata()
		if err != nil {
			return err
		}
		do(message, about.Sequence.Stream)
		if about.NumPending == 0 || about.Sequence.Stream >= info.State.LastSeq {
			return nil
		}
	}
}
