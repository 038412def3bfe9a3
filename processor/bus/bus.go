package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say where the bus is. Exactly one of Dir and URL is set.
type Options struct {
	// Dir is the folder of the server in this process; it is made when it does not exist.
	Dir string
	// URL names external servers instead, separated by commas; user and password may stand in it.
	URL string
	// Listen is a TCP address (host:port) on which the server in this process takes connections of others; "" is none.
	Listen string
	// MaxFeedbackBytes bounds the mails that are kept; above it new ones are refused. The other streams take half as much
	// again. Zero lets a server in this process take three quarters of the disk for all streams; on an external one it
	// stands for 16 GiB when a stream is made, and leaves the bounds of those that are there.
	MaxFeedbackBytes int64
	// RawRetention is how long mails are kept after they came in, processed or not; zero is 14 days.
	RawRetention time.Duration
	// Logger takes what the bus and the server have to say; nil means slog.Default.
	Logger *slog.Logger
}

// Bus is a connection to the streams. Its methods may be called by many goroutines at once.
type Bus struct {
	server    *embedded // nil when the server is elsewhere
	conn      *nats.Conn
	publisher *publisher
	streams   streams
	log       *slog.Logger

	feedback *committer
	events   *committer
	mails    *puller
	sent     *puller
	large    chan struct{} // held while a large mail is published
	piece    int           // largest content of a message, in bytes
	warnings []string

	state   sync.RWMutex // guards closed, and the entry to publishing
	closed  bool
	publish sync.WaitGroup // those who are publishing
	closing sync.Once
}

// Open starts the server in this process, or connects to one elsewhere, and makes the streams that are missing. What an
// external server lacks for durability, or what could not be found out, is logged as a warning; see Warnings.
func Open(ctx context.Context, o Options) (*Bus, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	b := &Bus{log: o.Logger, large: make(chan struct{}, largeInFlight)}
	if err := b.open(ctx, o); err != nil {
		b.stop()
		return nil, fmt.Errorf("bus: %w", err)
	}
	for _, warning := range b.warnings {
		b.log.Warn("bus: " + warning)
	}
	return b, nil
}

func (b *Bus) open(ctx context.Context, o Options) (err error) {
	if (o.Dir == "") == (o.URL == "") {
		return errors.New("set either a folder for the server in this process or the URL of another")
	}
	if o.Dir != "" {
		if b.server, err = startServer(o); err != nil {
			return err
		}
		b.conn, err = b.connect("", nats.InProcessServer(b.server.nats))
	} else {
		b.conn, err = b.connect(o.URL)
	}
	if err != nil {
		return explain(ctx, err)
	}
	js, err := jetstream.New(b.conn, jetstream.WithPublishAsyncTimeout(answerWait))
	if err != nil {
		return err
	}
	account, err := js.AccountInfo(ctx)
	if err != nil {
		return explain(ctx, err)
	}
	if err := b.check(); err != nil {
		return err
	}
	bytes, err := b.feedbackBytes(o.MaxFeedbackBytes, int64(account.Store))
	if err != nil {
		return err
	}
	if b.streams, err = openStreams(ctx, js, bytes, cmp.Or(o.RawRetention, retention), o.URL != "" && o.MaxFeedbackBytes == 0); err != nil {
		return explain(ctx, err)
	}
	if b.server == nil {
		b.checkDurability()
	} else {
		b.checkListener(o.Listen)
	}
	if b.mails, err = newPuller(b.conn, b.streams.worker); err != nil {
		return explain(ctx, err)
	}
	if b.sent, err = newPuller(b.conn, b.streams.sent); err != nil {
		return explain(ctx, err)
	}
	b.publisher = &publisher{conn: b.conn, js: js, server: b.server, wait: answerWait}
	b.feedback, b.events = newCommitter(b.publisher), newCommitter(b.publisher)
	return nil
}

// feedbackBytes returns the size of FEEDBACK for a setting that may be zero; used is what the streams take now.
func (b *Bus) feedbackBytes(setting, used int64) (int64, error) {
	switch {
	case setting < 0:
		return 0, fmt.Errorf("a negative size of %d bytes for the mails", setting)
	case setting > 0:
		return setting, nil
	case b.server == nil:
		return 16 << 30, nil
	}
	free, err := freeBytes(b.server.dir)
	if err != nil {
		return 0, err
	}
	// FEEDBACK is two thirds of all streams, which together take three quarters of what is free or theirs.
	return (free + used) / 2, nil
}

func (b *Bus) connect(url string, options ...nats.Option) (*nats.Conn, error) {
	return nats.Connect(url, append(options,
		nats.Name("rebound"),
		nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // what cannot be sent now is refused, not kept in memory
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("bus: connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(conn *nats.Conn) {
			b.log.Info("bus: connected again", "server", conn.ConnectedUrlRedacted())
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Warn("bus: connection", "error", err)
		}),
	)...)
}

// URL returns the address under which other programs reach the server in this process, "" when they cannot.
func (b *Bus) URL() string {
	if b.server == nil || !b.server.listens {
		return ""
	}
	return b.server.nats.ClientURL()
}

// Warnings returns what the server lacks for what was accepted to be durable, and what of it could not be found out,
// a sentence each.
func (b *Bus) Warnings() []string { return b.warnings }

// enter lets a publisher in until it calls leave, unless the bus is closed.
func (b *Bus) enter() (leave func(), err error) {
	b.state.RLock()
	defer b.state.RUnlock()
	if b.closed {
		return nil, errClosed
	}
	b.publish.Add(1)
	return b.publish.Done, nil
}

// Close takes nothing more, lets what is being published finish, ends a fetch that waits, and stops the server in this
// process. Mails that were fetched and are not acknowledged come again.
func (b *Bus) Close() error {
	b.closing.Do(func() {
		b.state.Lock()
		b.closed = true
		b.state.Unlock()
		b.publish.Wait()
		b.feedback.close()
		b.events.close()
		b.mails.close()
		b.sent.close()
		b.stop()
	})
	return nil
}

// stop ends the connection and the server, as far as they were started.
func (b *Bus) stop() {
	if b.conn != nil {
		if err := b.conn.FlushTimeout(answerWait); err != nil && !b.conn.IsClosed() {
			b.log.Warn("bus: acknowledgements may be lost, mails may come again", "error", err)
		}
		b.conn.Close()
	}
	if b.server != nil {
		b.server.stop()
	}
}
