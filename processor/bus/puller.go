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
	// pullBytes bounds the messages of one request together, so that a batch of large mails fits into memory.
	pullBytes = 32 << 20
	// pullExpires bounds how long a request waits at the server: so long one that is lost with a connection goes unnoticed.
	pullExpires = 30 * time.Second
	// pullGrace is how much later than asked for the server may say that there is nothing.
	pullGrace = 5 * time.Second
	// nextWait is how long a fetch with messages in hand waits for the next one that it asked for. It matters when
	// maxAckPending holds the others back.
	nextWait = 20 * time.Millisecond
	// sharedPause is the pause when other processes are asking for all there is.
	sharedPause = 10 * time.Millisecond
)

// puller gets the messages of a consumer. It asks for those there are or, when there are none, for the first to come,
// which the fetching of nats.go cannot: it waits for all or for none. Its subscription stays, so that a message which
// comes after a fetch has ended goes to the next one instead of waiting a minute to be sent again.
type puller struct {
	conn         *nats.Conn
	subject      string // of requests
	inbox        string // of their answers, without the request's number
	subscription *nats.Subscription
	answers      chan *nats.Msg

	closed chan struct{}

	turn       chan struct{} // held by the one who fetches, guards what follows
	request    int           // number of the last request
	awaited    int           // messages that it may still bring
	until      time.Time     // when it has ended even if we were not told
	connection uint64        // how often the connection had been made anew when it was made
}

func newPuller(conn *nats.Conn, consumer jetstream.Consumer) (*puller, error) {
	info := consumer.CachedInfo()
	p := &puller{
		conn:    conn,
		subject: "$JS.API.CONSUMER.MSG.NEXT." + info.Stream + "." + info.Name,
		inbox:   conn.NewInbox() + ".",
		answers: make(chan *nats.Msg, 2*maxAckPending), // of which there is never more than the server gives out
		closed:  make(chan struct{}),
		turn:    make(chan struct{}, 1),
	}
	var err error
	if p.subscription, err = conn.ChanSubscribe(p.inbox+"*", p.answers); err != nil {
		return nil, fmt.Errorf("consumer %s: %w", info.Name, err)
	}
	return p, nil
}

// fetch returns the messages that there are, at most limit of them and about pullBytes. When there are none, it waits
// for the first until wait has passed or ctx ends, and then returns none.
func (p *puller) fetch(ctx context.Context, limit int, wait time.Duration) ([]*nats.Msg, error) {
	if limit = min(limit, maxAckPending); limit < 1 {
		return nil, nil
	}
	deadline := time.Now().Add(wait)
	if !p.enter(ctx, wait) {
		return nil, nil
	}
	defer func() { <-p.turn }()
	first, err := p.first(ctx, limit, deadline)
	if first == nil {
		return nil, err
	}
	messages := []*nats.Msg{first}
	for len(messages) < limit {
		next := p.next()
		if next == nil {
			break
		}
		messages = append(messages, next)
	}
	return messages, nil
}

// enter waits for the turn to fetch.
func (p *puller) enter(ctx context.Context, wait time.Duration) bool {
	select {
	case p.turn <- struct{}{}:
		return true
	default:
	}
	select {
	case p.turn <- struct{}{}:
		return true
	case <-time.After(wait):
	case <-ctx.Done():
	case <-p.closed:
	}
	return false
}

// first returns the first message. Where nothing was asked for before it asks for as many as limit. It returns nil when
// there is none before the deadline.
func (p *puller) first(ctx context.Context, limit int, deadline time.Time) (*nats.Msg, error) {
	asked := false
	giveUp := time.NewTimer(time.Until(deadline))
	defer giveUp.Stop()
	for {
		if len(p.answers) == 0 && !p.isAsking() {
			left := max(time.Until(deadline), 0)
			if asked && left == 0 {
				return nil, nil
			}
			if err := p.ask(limit, min(left, pullExpires)); err != nil {
				return nil, err
			}
			asked = true
			giveUp.Reset(time.Until(p.until))
		}
		select {
		case answer := <-p.answers:
			message, err := p.take(answer)
			if message != nil || err != nil {
				return message, err
			}
		case <-giveUp.C:
			if asked {
				return nil, errors.New("ask for messages: the server does not answer")
			}
			return nil, nil
		case <-p.closed:
			return nil, errClosed
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// next returns the next message that was asked for already, or nil when none comes soon.
func (p *puller) next() *nats.Msg {
	for len(p.answers) > 0 || p.isAsking() {
		var answer *nats.Msg
		select {
		case answer = <-p.answers:
		default:
			select {
			case answer = <-p.answers:
			case <-time.After(nextWait):
				return nil
			}
		}
		if message, _ := p.take(answer); message != nil {
			return message
		}
	}
	return nil
}

// close ends the fetch that is waiting and lets the messages that came and were not fetched be sent again at once.
func (p *puller) close() {
	close(p.closed)
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	for len(p.answers) > 0 {
		if answer := <-p.answers; answer.Reply != "" {
			_ = p.conn.Publish(answer.Reply, []byte("-NAK")) // they come after a minute otherwise
		}
	}
}

// isAsking tells whether the last request may bring more messages. One that a lost connection took along does not.
func (p *puller) isAsking() bool {
	return p.awaited > 0 && time.Now().Before(p.until) && p.conn.Stats().Reconnects == p.connection
}

// pullRequest is what a consumer is asked.
type pullRequest struct {
	Batch    int           `json:"batch"`
	MaxBytes int           `json:"max_bytes"`
	NoWait   bool          `json:"no_wait"`
	Expires  time.Duration `json:"expires,omitempty"`
}

// ask requests the messages there are or, when there are none, the first to come before expires has passed.
func (p *puller) ask(limit int, expires time.Duration) error {
	request, err := json.Marshal(pullRequest{Batch: limit, MaxBytes: pullBytes, NoWait: true, Expires: expires})
	if err != nil {
		return err
	}
	p.request++
	p.awaited, p.until, p.connection = limit, time.Now().Add(expires+pullGrace), p.conn.Stats().Reconnects
	if err := p.conn.PublishRequest(p.subject, p.inbox+strconv.Itoa(p.request), request); err != nil {
		p.awaited = 0
		return fmt.Errorf("ask for messages: %w", err)
	}
	return nil
}

// take returns the message that an answer is, or nil for a status, which it notes. The error says why a request failed
// that brought nothing.
func (p *puller) take(answer *nats.Msg) (*nats.Msg, error) {
	if answer.Reply != "" { // a status cannot be acknowledged
		p.awaited = max(p.awaited-1, 0)
		return answer, nil
	}
	if answer.Subject != p.inbox+strconv.Itoa(p.request) {
		return nil, nil // of an older request
	}
	if missing, err := strconv.Atoi(answer.Header.Get("Nats-Pending-Messages")); err == nil {
		// So many will not come. Others may come yet: replicas agree on a message before it is sent, but not on a status.
		p.awaited = max(p.awaited-missing, 0)
		return nil, nil
	}
	p.awaited = 0
	switch code, text := answer.Header.Get("Status"), answer.Header.Get("Description"); {
	case code == "404":
		return nil, nil // there is nothing, or no more
	case text == "Requests Pending", text == "Leadership Change":
		time.Sleep(sharedPause) // before asking again: others are asking, or the servers are about to agree
		return nil, nil
	default:
		return nil, fmt.Errorf("ask for messages: the server says %s %s", code, text)
	}
}
