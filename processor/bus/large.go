package bus

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
)

const (
	// pieceBytes is the greatest content that a message holds. A larger mail is cut into pieces of this size. A message
	// may have 1 MiB with its header, and small ones keep the server's buffers small.
	pieceBytes = 512 << 10
	// largeInFlight is how many large mails are published or put together at once, which bounds the memory they take.
	largeInFlight = 2
)

// object is where the content of a large mail is kept: in consecutive messages of the stream LARGE, all with the
// subject large.<id>. They were published as one atomic batch, so there is never a part of a mail.
type object struct {
	first uint64
	count int
	bytes int64
	id    string
}

func (o object) String() string { return fmt.Sprintf("%d-%d-%d-%s", o.first, o.count, o.bytes, o.id) }

func parseObject(s string) (object, error) {
	var o object
	if n, err := fmt.Sscanf(s, "%d-%d-%d-%s", &o.first, &o.count, &o.bytes, &o.id); n != 4 || err != nil {
		return object{}, fmt.Errorf("bus: %q does not name a kept mail", s)
	}
	if o.first == 0 || o.count < 1 || o.count > MaxMailBytes/pieceBytes*4 || o.bytes < 0 || o.bytes > MaxMailBytes {
		return object{}, fmt.Errorf("bus: %q does not name a kept mail", s)
	}
	return o, nil
}

func (o object) subject() string { return "large." + o.id }

// putLarge keeps a mail in pieces and returns where. The pieces are parts of raw, not copies.
func (b *Bus) putLarge(ctx context.Context, raw []byte) (object, error) {
	select {
	case b.large <- struct{}{}:
		defer func() { <-b.large }()
	case <-ctx.Done():
		return object{}, ctx.Err()
	}
	if err := b.publisher.ready(); err != nil {
		return object{}, err
	}
	o := object{bytes: int64(len(raw)), id: nuid.Next()}
	var pieces []*nats.Msg
	for rest := raw; len(rest) > 0; {
		n := min(len(rest), b.piece)
		pieces = append(pieces, &nats.Msg{Subject: o.subject(), Data: rest[:n]})
		rest = rest[n:]
	}
	ctx, cancel := context.WithTimeout(ctx, b.publisher.wait)
	defer cancel()
	last, err := b.publisher.batch(ctx, pieces)
	if err != nil {
		return object{}, fmt.Errorf("keep %d bytes apart: %w", len(raw), err)
	}
	o.count = len(pieces)
	o.first = last - uint64(o.count-1)
	return o, nil
}

// Open returns the content of a mail that the bus gave out, whether Raw holds it or not. A large mail is read piece by
// piece while the caller reads, under ctx; the error wraps ErrGone when its time has passed.
func (b *Bus) Open(ctx context.Context, m Mail) (io.ReadCloser, error) {
	if m.Object == "" {
		return io.NopCloser(bytes.NewReader(m.Raw)), nil
	}
	o, err := parseObject(m.Object)
	if err != nil {
		return nil, err
	}
	return &largeReader{ctx: ctx, bus: b, object: o}, nil
}

// largeReader reads the pieces of a large mail one after the other and holds one at a time.
type largeReader struct {
	ctx    context.Context
	bus    *Bus
	object object
	next   int // the piece to get next
	read   int64
	piece  []byte
	err    error
}

// Read reads from the current piece, and gets the next one when it is used up.
func (r *largeReader) Read(p []byte) (int, error) {
	for len(r.piece) == 0 && r.err == nil {
		r.err = r.advance()
	}
	if r.err != nil {
		return 0, r.err
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	return n, nil
}

func (r *largeReader) advance() error {
	o := r.object
	if r.next == o.count {
		if r.read != o.bytes {
			return fmt.Errorf("bus: large mail %s: got %d bytes of %d", o.id, r.read, o.bytes)
		}
		return io.EOF
	}
	message, err := r.bus.get(r.ctx, r.bus.streams.large, o.first+uint64(r.next))
	if err != nil {
		return fmt.Errorf("bus: large mail %s: piece %d of %d: %w", o.id, r.next+1, o.count, explain(r.ctx, err))
	}
	if message.Subject != o.subject() {
		return fmt.Errorf("bus: large mail %s: %w: piece %d of %d belongs to another", o.id, ErrGone, r.next+1, o.count)
	}
	r.piece, r.next, r.read = message.Data, r.next+1, r.read+int64(len(message.Data))
	return nil
}

// Close ends the reading.
func (r *largeReader) Close() error {
	r.piece, r.err = nil, io.ErrClosedPipe
	return nil
}
