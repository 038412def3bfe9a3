package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// MaxDeliveries is how often a mail is given out before the receiver is to quarantine it.
const MaxDeliveries = 5

// maxReasonBytes bounds the reason kept with a quarantined mail.
const maxReasonBytes = 1 << 10

// PublishMail keeps a mail for the worker and returns its sequence in FEEDBACK when it is durable. The error wraps
// ErrFull, ErrTooLarge or ErrUnavailable, or is that of ctx; after the last two the mail may have been kept, so that it
// is there twice when the sender comes again. Raw must not be changed any more, not even after an error.
func (b *Bus) PublishMail(ctx context.Context, m Mail) (seq uint64, err error) {
	leave, err := b.enter()
	if err != nil {
		return 0, fmt.Errorf("bus: publish a mail: %w", err)
	}
	defer leave()
	if seq, err = b.publishMail(ctx, m); err != nil {
		return 0, fmt.Errorf("bus: publish a mail: %w", explain(ctx, err))
	}
	return seq, nil
}

func (b *Bus) publishMail(ctx context.Context, m Mail) (seq uint64, err error) {
	if len(m.Raw) > MaxMailBytes {
		return 0, fmt.Errorf("%w: a mail of %d bytes, at most %d are taken", ErrTooLarge, len(m.Raw), MaxMailBytes)
	}
	if m.Object != "" { // a mail that was given out, published again
		if _, err := parseObject(m.Object); err != nil {
			return 0, err
		}
		m.Raw = nil
	}
	if _, err := envelope(m); err != nil { // before a large mail is kept for nothing
		return 0, err
	}
	if len(m.Raw) > b.piece {
		kept, err := b.putLarge(ctx, m.Raw)
		if err != nil {
			return 0, err
		}
		m.Object, m.Raw = kept.String(), nil
	}
	header, err := envelope(m)
	if err != nil {
		return 0, err
	}
	return b.feedback.publish(ctx, &nats.Msg{Subject: subjectRaw, Header: header, Data: m.Raw})
}

// Received is a mail given out for processing. It comes again after a minute unless it is acknowledged, given back or
// quarantined.
type Received struct {
	// Seq is the mail's sequence in FEEDBACK, by which Bus.Mail finds it again.
	Seq uint64
	// Deliveries counts how often the mail was given out, this time included. A receiver quarantines a mail that it
	// could not process at MaxDeliveries.
	Deliveries int
	Mail       Mail

	conn   *nats.Conn
	reply  string
	header nats.Header
}

// FetchMails returns the mails that wait, at most limit of them and 32 MiB together. When none waits it returns the
// first to come, and nothing at all when wait has passed or ctx has ended. Each mail goes to one caller of all
// processes. The error wraps ErrUnavailable.
func (b *Bus) FetchMails(ctx context.Context, limit int, wait time.Duration) ([]*Received, error) {
	messages, err := b.mails.fetch(ctx, limit, wait)
	if err != nil {
		return nil, fmt.Errorf("bus: fetch mails: %w", explain(ctx, err))
	}
	mails := make([]*Received, 0, len(messages))
	for _, message := range messages {
		about, err := message.Metadata()
		if err != nil {
			return nil, fmt.Errorf("bus: fetch mails: %w: %w", ErrUnavailable, err)
		}
		mails = append(mails, &Received{
			Seq: about.Sequence.Stream, Deliveries: int(about.NumDelivered),
			Mail: readMail(message.Header, message.Data, about.Timestamp),
			conn: b.conn, reply: message.Reply, header: message.Header,
		})
	}
	return mails, nil
}

// Ack says that the mails are done. The server has heard it when Ack returns, but may forget it in a crash: then they
// come again. The error wraps ErrUnavailable.
func (b *Bus) Ack(ctx context.Context, mails []*Received) error {
	replies := make([]string, len(mails))
	for i, m := range mails {
		replies[i] = m.reply
	}
	if err := b.acknowledge(ctx, replies); err != nil {
		return fmt.Errorf("bus: %w", explain(ctx, err))
	}
	return nil
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

// Nak gives the mail back, to be given out again after the delay. The error wraps ErrUnavailable.
func (r *Received) Nak(delay time.Duration) error {
	if err := r.conn.Publish(r.reply, fmt.Appendf(nil, `-NAK {"delay": %d}`, delay.Nanoseconds())); err != nil {
		return fmt.Errorf("bus: give a mail back: %w: %w", ErrUnavailable, err)
	}
	return nil
}

// Quarantine sets a mail aside that could not be processed: it is kept on feedback.quarantine with the reason, and not
// given out again. It is kept before it is acknowledged, so that it is never on neither side.
func (b *Bus) Quarantine(ctx context.Context, r *Received, reason error) error {
	leave, err := b.enter()
	if err != nil {
		return fmt.Errorf("bus: quarantine mail %d: %w", r.Seq, err)
	}
	defer leave()
	if _, err := b.feedback.publish(ctx, quarantined(r, reason)); err != nil {
		return fmt.Errorf("bus: quarantine mail %d: %w", r.Seq, explain(ctx, err))
	}
	return b.Ack(ctx, []*Received{r})
}

// quarantined returns the message that keeps a mail aside: as it was, but for what belongs to its first publishing.
func quarantined(r *Received, reason error) *nats.Msg {
	header := nats.Header{}
	for name, values := range r.header {
		if !strings.HasPrefix(strings.ToLower(name), "nats-") {
			header[name] = values
		}
	}
	if r.header.Get(headerReceived) == "" {
		header[headerReceived] = []string{r.Mail.Received.Format(time.RFC3339Nano)}
	}
	text := reason.Error()
	header[headerReason] = []string{escape(text[:min(len(text), maxReasonBytes)])}
	header[headerSequence] = []string{strconv.FormatUint(r.Seq, 10)}
	header[nats.MsgIdHdr] = []string{"quarantine-" + strconv.FormatUint(r.Seq, 10)}
	return &nats.Msg{Subject: subjectQuarantine, Header: header, Data: r.Mail.Raw}
}

// Mail returns a mail of FEEDBACK, processed or not, for showing, forwarding or processing it again. The content of a
// large one is read with Open. The error wraps ErrGone when the mail is not kept any more, or ErrUnavailable.
func (b *Bus) Mail(ctx context.Context, seq uint64) (Mail, error) {
	message, err := b.get(ctx, b.streams.feedback, seq)
	if err != nil {
		return Mail{}, fmt.Errorf("bus: mail %d: %w", seq, explain(ctx, err))
	}
	return readMail(message.Header, message.Data, message.Time), nil
}
