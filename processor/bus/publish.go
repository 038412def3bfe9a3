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
	"github.com/nats-io/nuid"
)

const (
	// batchFrom is the number of messages from which on an atomic batch is faster than publishing each by itself: a
	// batch costs about as much as sixteen syncs of the disk.
	batchFrom = 16
	// groupMessages and groupBytes bound what is published at once. A server takes batches of 1,000 messages.
	groupMessages = 500
	groupBytes    = 8 << 20
	// answerWait is how long a server may take to answer, which includes making a group durable.
	answerWait = 10 * time.Second
)

// The header fields of the batch protocol.
const (
	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"
)

// result is what became of one message.
type result struct {
	sequence uint64
	err      error
}

// publisher writes messages to streams so that they are durable when it returns.
type publisher struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	server *embedded     // nil when it is elsewhere
	wait   time.Duration // how long the server may take to make a group durable
}

// ready returns an error when the server is known to keep nothing now.
func (p *publisher) ready() error {
	if p.server == nil {
		return nil
	}
	return p.server.ready()
}

// publish writes messages of one stream, at most groupMessages of them, and returns the result of each in their order.
func (p *publisher) publish(ctx context.Context, messages []*nats.Msg) []result {
	if err := p.ready(); err != nil {
		return same(len(messages), result{err: err})
	}
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	results := p.write(ctx, messages)
	if p.server != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		p.server.diagnose()
	}
	return results
}

// write publishes the messages in the way that is fastest for their number.
func (p *publisher) write(ctx context.Context, messages []*nats.Msg) []result {
	if len(messages) < batchFrom {
		return p.each(ctx, messages)
	}
	last, err := p.batch(ctx, messages)
	if err == nil {
		results := make([]result, len(messages))
		for i := range results {
			results[i].sequence = last - uint64(len(messages)-1-i)
		}
		return results
	}
	var refusal *jetstream.APIError
	if !errors.As(err, &refusal) && !errors.Is(err, nats.ErrMaxPayload) {
		return same(len(messages), result{err: err})
	}
	// The server takes all of a batch or nothing. One message may be the cause: one that came before, or is too large.
	for _, message := range messages {
		message.Header.Del(headerBatchID)
		message.Header.Del(headerBatchSequence)
		message.Header.Del(headerBatchCommit)
	}
	return p.each(ctx, messages)
}

func same(n int, r result) []result {
	results := make([]result, n)
	for i := range results {
		results[i] = r
	}
	return results
}

// each publishes every message by itself, all at once, each with a sync of its own.
func (p *publisher) each(ctx context.Context, messages []*nats.Msg) []result {
	results := make([]result, len(messages))
	answers := make([]jetstream.PubAckFuture, len(messages))
	for i, message := range messages {
		answers[i], results[i].err = p.js.PublishMsgAsync(message)
	}
	for i, answer := range answers {
		if results[i].err != nil {
			continue
		}
		select {
		case ack := <-answer.Ok():
			results[i].sequence = ack.Sequence
		case err := <-answer.Err():
			results[i].err = err
		case <-ctx.Done():
			results[i].err = fmt.Errorf("wait for the server to keep it: %w", ctx.Err())
		}
	}
	return results
}

// batchAnswer is what the server says to the last message of a batch.
type batchAnswer struct {
	Error    *jetstream.APIError `json:"error"`
	Sequence uint64              `json:"seq"`
	Count    int                 `json:"count"`
}

// batch publishes the messages as one atomic batch: all of them are kept, next to each other, or none. It returns the
// sequence of the last. A refusal of the server is a *jetstream.APIError; after any other error the batch may have been
// kept. The protocol is ADR-50 of the NATS project, which nats.go has no call for.
func (p *publisher) batch(ctx context.Context, messages []*nats.Msg) (last uint64, err error) {
	id := nuid.Next()
	for i, message := range messages {
		if message.Header == nil {
			message.Header = nats.Header{}
		}
		message.Header[headerBatchID] = []string{id}
		message.Header[headerBatchSequence] = []string{strconv.Itoa(i + 1)}
	}
	final := messages[len(messages)-1]
	final.Header[headerBatchCommit] = []string{"1"}
	for _, message := range messages[:len(messages)-1] {
		if err := p.conn.PublishMsg(message); err != nil {
			return 0, fmt.Errorf("publish a batch: %w", err)
		}
	}
	reply, err := p.conn.RequestMsgWithContext(ctx, final)
	if err != nil {
		return 0, fmt.Errorf("commit a batch: %w", err)
	}
	var answer batchAnswer
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return 0, fmt.Errorf("commit a batch: read the server's answer: %w", err)
	}
	if answer.Error != nil {
		return 0, fmt.Errorf("commit a batch: %w", answer.Error)
	}
	if answer.Count != len(messages) {
		return 0, fmt.Errorf("commit a batch: the server kept %d messages of %d; does it support atomic batches?",
			answer.Count, len(messages))
	}
	return answer.Sequence, nil
}
