package bus

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	subjectRaw        = "feedback.raw"
	subjectQuarantine = "feedback.quarantine"
	subjectSent       = "mail.sent"
	subjectChanged    = "suppression.changed." // and the account, or "global"

	// retention is how long notifications are kept, and mails when nothing else is said: so long they can be read again, shown
	// and put through new rules.
	retention = 14 * 24 * time.Hour
	// eventRetention outlasts a long weekend without a worker.
	eventRetention = 3 * 24 * time.Hour
	// repeatWindow is how long a notification's id is remembered: longer than the five deliveries of a mail take, which
	// are what makes a notification come twice. An id costs about 200 bytes of memory for so long.
	repeatWindow = 10 * time.Minute
	// changeRetention is as long as the database keeps changes of lists.
	changeRetention = 30 * 24 * time.Hour

	// ackWait is how long a receiver may work on a batch before its mails are given to another, and so how long mails
	// wait whose receiver died. A batch takes well under a second.
	ackWait = 15 * time.Second
	// maxAckPending bounds what all receivers together have in work.
	maxAckPending = 5000
)

// streams are the streams of the bus, and the consumers of this program on them.
type streams struct {
	feedback, large, events, notifications, changes jetstream.Stream
	worker, sent                                    jetstream.Consumer
}

// streamConfigs says what the streams must be. feedbackBytes bounds FEEDBACK, the others get a share besides; raw is how long mails
// are kept.
func streamConfigs(feedbackBytes int64, raw time.Duration) (feedback, large, events, notifications, changes jetstream.StreamConfig) {
	base := jetstream.StreamConfig{
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, AllowDirect: true, AllowAtomicPublish: true,
		MaxAge: retention, Discard: jetstream.DiscardNew, Duplicates: 2 * time.Minute,
	}
	feedback, large, events, notifications, changes = base, base, base, base, base

	feedback.Name, feedback.Subjects = "FEEDBACK", []string{subjectRaw, subjectQuarantine}
	feedback.Description = "mails that came in"
	feedback.MaxBytes, feedback.MaxAge = feedbackBytes, raw

	large.Name, large.Subjects = "LARGE", []string{"large.*"}
	large.Description = "pieces of mails too large for one message"
	large.MaxBytes = max(feedbackBytes/4, 4*MaxMailBytes)
	// A mail may be quarantined or published again on the last of its days; its pieces must outlive that message too.
	large.MaxAge = 2 * raw

	// What these two hold has been used by then, or nobody wanted it: the oldest makes room for the new.
	events.Name, events.Subjects = "EVENTS", []string{"mail.*", "suppression.*"}
	events.Description = "what the parts of rebound tell each other"
	events.MaxBytes, events.MaxAge, events.Discard = max(feedbackBytes/8, 64<<20), eventRetention, jetstream.DiscardOld

	notifications.Name, notifications.Subjects = "NOTIFICATIONS", []string{"notifications.>"}
	notifications.Description = "a copy of every notification"
	notifications.MaxBytes, notifications.Discard = max(feedbackBytes/8, 64<<20), jetstream.DiscardOld
	notifications.Duplicates = repeatWindow

	changes.Name, changes.Subjects = "SUPPRESSION", []string{subjectChanged + ">"}
	changes.Description = "each change of a suppression list, in order"
	changes.MaxBytes, changes.MaxAge, changes.Discard = max(feedbackBytes/8, 64<<20), changeRetention, jetstream.DiscardOld
	changes.Duplicates = repeatWindow
	return feedback, large, events, notifications, changes
}

// openStreams makes the streams and consumers that are missing and brings the others to what they must be. With
// keepSizes streams that are there keep the bounds they have.
func openStreams(ctx context.Context, js jetstream.JetStream, feedbackBytes int64, raw time.Duration, keepSizes bool) (s streams, err error) {
	feedback, large, events, notifications, changes := streamConfigs(feedbackBytes, raw)
	for _, want := range []struct {
		config jetstream.StreamConfig
		stream *jetstream.Stream
	}{{feedback, &s.feedback}, {large, &s.large}, {events, &s.events}, {notifications, &s.notifications}, {changes, &s.changes}} {
		if *want.stream, err = openStream(ctx, js, want.config, keepSizes); err != nil {
			return s, fmt.Errorf("stream %s: %w", want.config.Name, err)
		}
	}
	if s.worker, err = openConsumer(ctx, s.feedback, "worker", subjectRaw); err != nil {
		return s, err
	}
	s.sent, err = openConsumer(ctx, s.events, "worker-sent", subjectSent)
	return s, err
}

// openStream makes a stream, with three replicas where there are three servers. Of one that is there it changes only
// what this program depends on, and leaves replicas, placement and the like to whoever runs the servers.
func openStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig, keepSize bool) (jetstream.Stream, error) {
	stream, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return createStream(ctx, js, want)
	}
	if err != nil {
		return nil, err
	}
	have := stream.CachedInfo().Config
	if have.Retention != want.Retention || have.Storage != want.Storage {
		return nil, fmt.Errorf("%w: it exists with %v retention and %v storage, but must have %v and %v: remove it, or use another account",
			ErrUnsuitable, have.Retention, have.Storage, want.Retention, want.Storage)
	}
	if have.PersistMode == jetstream.AsyncPersistMode {
		return nil, fmt.Errorf("%w: it acknowledges before it writes (persist_mode async), so that a crash loses accepted mail: remove it, or use another account",
			ErrUnsuitable)
	}
	config := have
	config.Subjects, config.Discard, config.MaxAge = want.Subjects, want.Discard, want.MaxAge
	config.AllowAtomicPublish, config.AllowDirect = true, true
	config.Duplicates = want.Duplicates
	if !keepSize {
		config.MaxBytes = want.MaxBytes
	}
	if reflect.DeepEqual(config, have) {
		return stream, nil
	}
	return js.UpdateStream(ctx, config)
}

func createStream(ctx context.Context, js jetstream.JetStream, config jetstream.StreamConfig) (jetstream.Stream, error) {
	config.Replicas = 3
	stream, err := js.CreateStream(ctx, config)
	var refusal *jetstream.APIError
	if errors.As(err, &refusal) && (refusal.ErrorCode == codeNotReplicated || refusal.ErrorCode == codeNoPeersForStream) {
		config.Replicas = 1
		return js.CreateStream(ctx, config)
	}
	return stream, err
}

// openConsumer makes the durable consumer that all processes share. It delivers without end: the fifth delivery is for
// the receiver to notice, because a server that stops delivering would do so without a word.
func openConsumer(ctx context.Context, stream jetstream.Stream, name, subject string) (jetstream.Consumer, error) {
	consumer, err := stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, FilterSubject: subject, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxAckPending: maxAckPending, MaxDeliver: -1, DeliverPolicy: jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return nil, fmt.Errorf("consumer %s: %w", name, err)
	}
	return consumer, nil
}
