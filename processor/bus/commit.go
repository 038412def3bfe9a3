package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
)

// gatherWait is the longest time that a message waits for others to share its sync with.
const gatherWait = 5 * time.Millisecond

// publication is a message on its way, and the one who waits for it.
type publication struct {
	message *nats.Msg
	size    int
	done    chan result // takes one result without a receiver
}

// committer gathers the messages of many callers and publishes them in groups that grow with the load. One group is on
// its way at a time: JetStream takes them one after the other, and a second one on its way was no faster. When none is,
// a lone message goes out at once. While one is, the next gathers; and because the callers of a large group come back
// one by one, the group after it is given gatherWait to grow to the same size.
type committer struct {
	publisher *publisher
	queue     chan *publication
	finished  chan struct{}
	stopped   chan struct{}

	group  []*publication
	size   int         // of the group, in bytes
	before int         // messages in the last group
	busy   bool        // a group is on its way
	timer  *time.Timer // runs since the group's first message
	late   bool        // the timer has fired
}

func newCommitter(p *publisher) *committer {
	c := &committer{
		publisher: p,
		queue:     make(chan *publication, groupMessages),
		finished:  make(chan struct{}, 1),
		stopped:   make(chan struct{}),
		timer:     time.NewTimer(gatherWait),
	}
	c.timer.Stop()
	go c.run()
	return c
}

// publish returns when the message is durable, with its sequence. When ctx ends first the message may still be kept.
func (c *committer) publish(ctx context.Context, message *nats.Msg) (sequence uint64, err error) {
	p := &publication{message: message, size: message.Size(), done: make(chan result, 1)}
	select {
	case c.queue <- p:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case r := <-p.done:
		return r.sequence, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// close publishes what is in the queue and waits for it. No one may call publish any more.
func (c *committer) close() {
	close(c.queue)
	<-c.stopped
}

func (c *committer) run() {
	defer close(c.stopped)
	for open := true; open || c.busy || len(c.group) > 0; {
		queue := c.queue
		if !open || c.full() {
			queue = nil
		}
		select {
		case p, more := <-queue:
			open = more
			if more {
				c.add(p)
				c.gather()
			}
		case <-c.finished:
			c.busy = false
		case <-c.timer.C:
			c.late = true
		}
		if c.due() || !open && !c.busy && len(c.group) > 0 {
			c.send()
		}
	}
}

// gather takes what is in the queue already.
func (c *committer) gather() {
	for !c.full() {
		select {
		case p, more := <-c.queue:
			if !more {
				return // run sees it as well
			}
			c.add(p)
		default:
			return
		}
	}
}

func (c *committer) add(p *publication) {
	if len(c.group) == 0 {
		c.timer.Reset(gatherWait)
	}
	c.group = append(c.group, p)
	c.size += p.size
}

func (c *committer) full() bool { return len(c.group) >= groupMessages || c.size >= groupBytes }

// due tells whether the group is to be sent now.
func (c *committer) due() bool {
	if c.busy || len(c.group) == 0 {
		return false
	}
	return len(c.group) >= c.before || c.full() || c.late
}

func (c *committer) send() {
	group := c.group
	c.before, c.group, c.size, c.late = len(group), nil, 0, false
	c.timer.Stop()
	c.busy = true
	go func() {
		messages := make([]*nats.Msg, len(group))
		for i, p := range group {
			messages[i] = p.message
		}
		for i, r := range c.publisher.publish(context.Background(), messages) {
			group[i].done <- r
		}
		c.finished <- struct{}{}
	}()
}
