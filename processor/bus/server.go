package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
)

// reserveBytes is the room on the disk that is left alone. A server that meets a full disk stops its streams until it
// is started again, so new messages are refused before that, and the database in the same folder keeps room to work.
const reserveBytes = 256 << 20

// embedded is the server in this process.
type embedded struct {
	nats    *server.Server
	dir     string
	lock    *os.File
	listens bool
	reserve int64 // bytes
	broken  atomic.Pointer[error]
}

// startServer starts a server over the files in o.Dir. Every message is synced before it is acknowledged, from before
// the first stream is made.
func startServer(o Options) (*embedded, error) {
	lock, err := lockFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	e := &embedded{dir: o.Dir, lock: lock, listens: o.Listen != "", reserve: reserveBytes}
	if err := e.start(o); err != nil {
		e.stop()
		return nil, err
	}
	return e, nil
}

func (e *embedded) start(o Options) error {
	options := &server.Options{
		ServerName: "rebound",
		DontListen: true,
		JetStream:  true,
		StoreDir:   o.Dir,
		SyncAlways: true,
		// The streams have bounds of their own, and reserve watches the disk itself.
		JetStreamMaxStore:      math.MaxInt64 / 2,
		NoSigs:                 true,
		DisableJetStreamBanner: true,
	}
	if o.Listen != "" {
		host, port, err := net.SplitHostPort(o.Listen)
		if err != nil {
			return fmt.Errorf("listen on %q: %w", o.Listen, err)
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fmt.Errorf("listen on %q: port: %w", o.Listen, err)
		}
		options.DontListen, options.Host, options.Port = false, host, int(number)
		if number == 0 {
			options.Port = server.RANDOM_PORT
		}
	}
	nats, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	e.nats = nats
	log := &serverLog{log: o.Logger}
	nats.SetLoggerV2(log, false, false, false)
	nats.Start() // returns when the streams are recovered
	if fatal := log.fatal.Load(); fatal != nil {
		return fmt.Errorf("server: %s", *fatal)
	}
	if !nats.ReadyForConnections(answerWait) || !nats.JetStreamEnabled() {
		return errors.New("server: did not start; its log says why")
	}
	return nil
}

// checkListener notes when the server in this process can be reached from other machines: it asks nobody for a password.
func (b *Bus) checkListener(listen string) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil || host == "localhost" {
		return
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return
	}
	b.warn("other machines can read and publish mails at %s without a password: listen on 127.0.0.1, or run a NATS server with accounts of its own", listen)
}

// stop ends the server and gives the folder free.
func (e *embedded) stop() {
	if e.nats != nil {
		e.nats.Shutdown()
		e.nats.WaitForShutdown()
	}
	_ = e.lock.Close() // the lock ends with it, and nothing was written to it
}

// room returns ErrFull when the disk has no more than the reserve left.
func (e *embedded) room() error {
	free, err := freeBytes(e.dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if free < e.reserve {
		return fmt.Errorf("%w: %d MiB are free in %s, %d MiB stay reserved: make room on the disk",
			ErrFull, free>>20, e.dir, e.reserve>>20)
	}
	return nil
}

// ready returns an error when the server is known to keep nothing now.
func (e *embedded) ready() error {
	if broken := e.broken.Load(); broken != nil {
		return *broken
	}
	return e.room()
}

// diagnose finds out why the server did not answer. After a failed write it never does again, as it should be: what is
// on the disk is unknown until the next start. Then nobody needs to wait for it any more.
func (e *embedded) diagnose() {
	status := e.nats.Healthz(&server.HealthzOptions{})
	if status.Status == "ok" {
		e.broken.Store(nil)
		return
	}
	err := fmt.Errorf("%w: %s: check the disk, then start again", ErrUnavailable, status.Error)
	e.broken.Store(&err)
}

// healthy returns the first thing that is wrong with the server or one of its streams.
func (e *embedded) healthy() error {
	e.diagnose()
	return e.ready()
}

// freeBytes returns the room on the disk under dir that is free for us, in bytes.
func freeBytes(dir string) (int64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(min(uint64(disk.Bavail)*uint64(disk.Bsize), math.MaxInt64/2)), nil
}

// lockFolder makes the folder and keeps other processes out of it: two servers over the same files destroy them.
func lockFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("%w: %s: stop the other, or give another data folder", ErrInUse, dir)
	}
	return lock, nil
}

// serverLog hands the server's words to ours. What it does as a matter of course is for debugging.
type serverLog struct {
	log   *slog.Logger
	fatal atomic.Pointer[string]
}

// Noticef logs what happens as a matter of course.
func (l *serverLog) Noticef(format string, v ...any) { l.say(l.log.Debug, format, v) }

// Warnf logs a warning.
func (l *serverLog) Warnf(format string, v ...any) { l.say(l.log.Warn, format, v) }

// Errorf logs an error.
func (l *serverLog) Errorf(format string, v ...any) { l.say(l.log.Error, format, v) }

// Fatalf logs why the server ends and keeps it for the one who started it. It does not end the process.
func (l *serverLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.fatal.CompareAndSwap(nil, &text)
	l.say(l.log.Error, format, v)
}

// Debugf logs nothing: the server is not asked to debug.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef logs nothing: the server is not asked to trace.
func (l *serverLog) Tracef(string, ...any) {}

func (l *serverLog) say(at func(string, ...any), format string, v []any) {
	at("bus: server: " + fmt.Sprintf(format, v...))
}

var _ server.Logger = (*serverLog)(nil)
