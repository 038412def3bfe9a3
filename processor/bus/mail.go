package bus

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// MaxMailBytes is the largest mail that PublishMail takes, in bytes.
const MaxMailBytes = 40 << 20

// maxEnvelopeBytes bounds the envelope as it stands in a message's header, which a server limits to 64 KiB. 48 KiB hold
// 140 recipients of the greatest length, and leave room for the header fields of JetStream.
const maxEnvelopeBytes = 48 << 10

// Mail is a mail as it came in.
type Mail struct {
	// Raw is the mail as it was received. It is nil when the content is kept apart, which Object tells.
	Raw []byte
	// Object says where the content of a large mail is kept; "" when Raw holds it. Bus.Open reads either.
	Object string
	// Received is when the mail came in; zero means now.
	Received time.Time
	// Source is the way it came: smtp, lmtp, http, file, simulator, or nats for what others published.
	Source string
	// From and To are the envelope's addresses, as given; From is "" for the null reverse-path.
	From string
	To   []string
	// RemoteIP is the address of the client that brought it, "" when there was none.
	RemoteIP string
}

// The header fields that carry the envelope. All are optional: a mail that another program publishes has none of them.
const (
	headerReceived = "Rebound-Received"
	headerSource   = "Rebound-Source"
	headerFrom     = "Rebound-From"
	headerTo       = "Rebound-To"
	headerRemoteIP = "Rebound-Remote-Ip"
	headerObject   = "Rebound-Object"
	headerReason   = "Rebound-Quarantine-Reason"
	headerSequence = "Rebound-Quarantine-Sequence"
)

// envelope writes all of m but its content into a message's header.
func envelope(m Mail) (nats.Header, error) {
	header := nats.Header{}
	set := func(name, value string) {
		if value != "" {
			header[name] = []string{escape(value)}
		}
	}
	if !m.Received.IsZero() {
		set(headerReceived, m.Received.UTC().Format(time.RFC3339Nano))
	}
	set(headerSource, m.Source)
	set(headerFrom, m.From)
	set(headerRemoteIP, m.RemoteIP)
	set(headerObject, m.Object)
	for _, to := range m.To {
		header[headerTo] = append(header[headerTo], escape(to))
	}
	size := 0
	for name, values := range header {
		for _, value := range values {
			size += len(name) + len(": \r\n") + len(value)
		}
	}
	if size > maxEnvelopeBytes {
		return nil, fmt.Errorf("%w: an envelope of %d bytes with %d recipients, at most %d bytes fit",
			ErrTooLarge, size, len(m.To), maxEnvelopeBytes)
	}
	return header, nil
}

// readMail is the reverse of envelope. A message without our fields, published by another program, is a mail too: it
// came over NATS, at the time the stream took it.
func readMail(header nats.Header, data []byte, stored time.Time) Mail {
	get := func(name string) string { return unescape(header.Get(name)) }
	m := Mail{
		Raw: data, Object: get(headerObject), Received: stored.UTC(), Source: get(headerSource),
		From: get(headerFrom), RemoteIP: get(headerRemoteIP),
	}
	if m.Source == "" {
		m.Source = "nats"
	}
	if m.Object != "" {
		m.Raw = nil
	}
	if at, err := time.Parse(time.RFC3339Nano, get(headerReceived)); err == nil {
		m.Received = at.UTC()
	}
	for _, to := range header.Values(headerTo) {
		m.To = append(m.To, unescape(to))
	}
	return m
}

// escape makes any bytes safe as the value of a header field: what is not visible ASCII, and the percent sign, becomes
// %XX. So an address can neither end its field nor change on its way.
func escape(value string) string {
	const hex = "0123456789ABCDEF"
	plain := 0
	for plain < len(value) && isPlain(value[plain]) {
		plain++
	}
	if plain == len(value) {
		return value
	}
	var out strings.Builder
	out.WriteString(value[:plain])
	for _, c := range []byte(value[plain:]) {
		if isPlain(c) {
			out.WriteByte(c)
			continue
		}
		out.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return out.String()
}

func isPlain(c byte) bool { return c > ' ' && c < 0x7f && c != '%' }

// unescape is the reverse of escape. A value that escape cannot have written is taken as it is.
func unescape(value string) string {
	if plain, err := url.PathUnescape(value); err == nil {
		return plain
	}
	return value
}
