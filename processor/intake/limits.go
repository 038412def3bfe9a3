package intake

import (
	"context"
	"time"

	"github.com/rebound-mail/rebound/processor/bus"
)

// Accept takes a mail over and returns the id by which it can be traced. The sender is told that the mail arrived when Accept
// returns without an error, so it must be durable by then. An error that wraps bus.ErrTooLarge refuses the mail for good, one that wraps
// bus.ErrFull says that there is no room; after that and any other error the sender is asked to try again. Accept is called
// concurrently; ctx ends when the server must stop at once.
type Accept func(ctx context.Context, m bus.Mail) (id string, err error)

// Limits bound what senders can make a way in hold. A zero field means the value given there.
type Limits struct {
	MessageBytes         int64         // size of a mail: 40 MiB
	Connections          int           // SMTP and LMTP connections at a time, and HTTP requests being read: 1000
	ConnectionsPerClient int           // SMTP and LMTP connections at a time from an IPv4 address or an IPv6 /64: 250
	Recipients           int           // recipients of a mail: 100, the least that RFC 5321 section 4.5.3.1.8 allows
	LineBytes            int           // length of a line over SMTP and LMTP, commands and mails alike: 256 KiB
	Idle                 time.Duration // time that a sender may be silent: 5 minutes, RFC 5321 section 4.5.3.2.7
	Memory               *Memory       // shared by the ways in that are given the same one: one of 256 MiB
}

func (l Limits) withDefaults() Limits {
	orDefault(&l.MessageBytes, 40<<20)
	orDefault(&l.Connections, 1000)
	orDefault(&l.ConnectionsPerClient, 250)
	orDefault(&l.Recipients, 100)
	orDefault(&l.LineBytes, 256<<10)
	orDefault(&l.Idle, 5*time.Minute)
	if l.Memory == nil {
		l.Memory = NewMemory(256 << 20)
	}
	return l
}

func orDefault[T int | int64 | time.Duration](value *T, preset T) {
	if *value == 0 {
		*value = preset
	}
}
