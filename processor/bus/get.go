package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

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
