package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// fetchBytes bounds the messages of one fetch together, so that a batch of large mails fits into memory.
	fetchBytes = 32 << 20
	// fetchGrace is how much longer than asked for we wait for the server to say that there is nothing.
	fetchGrace = 2 * time.Second
	// nextWait is how long a fetch with messages in hand waits for the next. It ends by itself when there are no more,
	// but not when maxAckPending holds the others back.
	nextWait = 200 * time.Millisecond
	// sharedPause is the pause when other processes are asking for more than there is.
	sharedPause = 10 * time.Millisecond
)

// pullRequest asks a consumer for messages: for those there are, or, when there are none, for the first to come. Fetch
// of nats.go cannot ask for this, it waits for all or for none.
type pullRequest struct {
	Batch    int           `json:"batch"`
	MaxBytes int           `json:"max_bytes"`
	NoWait   bool          `json:"no_wait"`
	Expires  time.Duration `json:"expires,omitempty"`
}

// fetch returns what the consumer has, at most limit messages and fetchBytes. When it has nothing, fetch waits for the
// first message until wait has passed or ctx ends, and then returns none.
func (b *Bus) fetch(ctx context.Context, consumer jetstream.Consumer, limit int, wait time.Duration) ([]*nats.Msg, error) {
	if limit = min(limit, maxAckPending); limit < 1 {
		return nil, nil
	}
	info := consumer.CachedInfo()
	subject := "$JS.API.CONSUMER.MSG.NEXT." + info.Stream + "." + info.Name
	deadline := time.Now().Add(wait)
	for {
		messages, err := b.pull(ctx, subject, limit, time.Until(deadline))
		if !errors.Is(err, errShared) {
			return messages, err
		}
		select {
		case <-time.After(sharedPause):
		case <-ctx.Done():
			return nil, nil
		}
		if time.Now().After(deadline) {
			return nil, nil
		}
	}
}

// errShared says that requests of others are waiting for all there is.
var errShared = errors.New("others are asking for all there is")

// pull makes one request of a consumer.
func (b *Bus) pull(ctx context.Context, subject string, limit int, wait time.Duration) ([]*nats.Msg, error) {
	request, err := json.Marshal(pullRequest{Batch: limit, MaxBytes: fetchBytes, NoWait: true, Expires: max(wait, 0)})
	if err != nil {
		return nil, err
	}
	inbox := b.conn.NewInbox()
	answers := make(chan *nats.Msg, limit+1) // the last may be a status
	subscription, err := b.conn.ChanSubscribe(inbox, answers)
	if err != nil {
		return nil, err
	}
	defer func() { _ = subscription.Unsubscribe() }() // what is on its way then comes again
	if err := b.conn.PublishRequest(subject, inbox, request); err != nil {
		return nil, err
	}
	timer := time.NewTimer(max(wait, 0) + fetchGrace)
	defer timer.Stop()
	var messages []*nats.Msg
	for len(messages) < limit {
		select {
		case message := <-answers:
			if !isStatus(message) {
				messages = append(messages, message)
				if len(answers) == 0 {
					timer.Reset(nextWait)
				}
				continue
			}
			missing, known, err := pullStatus(message)
			if !known && len(messages) > 0 {
				return messages, nil
			}
			if !known {
				return nil, err
			}
			limit -= missing
		case <-ctx.Done():
			return messages, nil
		case <-timer.C:
			if len(messages) == 0 {
				return nil, errors.New("ask for messages: the server does not answer")
			}
			return messages, nil
		}
	}
	return messages, nil
}

// isStatus tells what the server says about a request from the messages that it sends: those can be acknowledged.
func isStatus(message *nats.Msg) bool { return message.Reply == "" }

// pullStatus reads the status that ends a request. Where it tells how many of the messages asked for will not come,
// the others may follow it: replicas agree on a message before it is sent, but not on a status.
func pullStatus(status *nats.Msg) (missing int, known bool, err error) {
	code, text := status.Header.Get("Status"), status.Header.Get("Description")
	if missing, err := strconv.Atoi(status.Header.Get("Nats-Pending-Messages")); err == nil {
		return missing, true, nil
	}
	switch {
	case code == "404":
		return 0, false, nil // there is nothing, or no more
	case code == "408":
		return 0, false, errShared
	}
	return 0, false, fmt.Errorf("ask for messages: the server says %s %s", code, text)
}

// acknowledge tells the server that the messages with these reply subjects are done, and waits until it has heard it.
func (b *Bus) acknowledge(ctx context.Context, replies []string) error {
	for _, reply := range replies {
		if err := b.conn.Publish(reply, []byte("+ACK")); err != nil {
			return fmt.Errorf("acknowledge: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return nil
}

// get returns the message of a stream with this sequence. A replica that answers may be behind, so that a message it
// does not know is asked for again while the stream's leader says that it should be there.
func (b *Bus) get(ctx context.Context, stream jetstream.Stream, sequence uint64) (*jetstream.RawStreamMsg, error) {
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		message, err := stream.GetMsg(ctx, sequence)
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return message, err
		}
		info, infoErr := stream.Info(ctx)
		if infoErr != nil {
			return nil, infoErr
		}
		if sequence < info.State.FirstSeq || sequence > info.State.LastSeq || info.Config.Replicas < 2 || pause > time.Second {
			return nil, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
