package sentmail

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	// MaxDestinations is how many recipients a mail may have.
	MaxDestinations = 1000
	// MaxHeader is how much of a mail's header is kept, in bytes: what SES shows in a notification.
	MaxHeader = 10 << 10
)

// Mail is a mail that was sent. Sent is kept in milliseconds.
type Mail struct {
	ID              int64  // 0 when it is not recorded
	MessageID       string // in the shape of SES's
	HeaderMessageID string // the Message-ID of the mail, with angle brackets; empty when it has none
	Account         string
	Identity        string // that it was sent with; empty when the source tells it
	Source          string // MAIL FROM, or what the sender gave in its place; may hold a name
	SourceIP        string // of the client; empty when unknown
	CallerIdentity  string // who signed in; empty when unknown
	Destination     []string
	Header          []schemas.Header
	// HeadersTruncated is whether fields were left out of Header, because they did not fit into MaxHeader.
	HeadersTruncated bool
	Tags             map[string][]string
	ConfigurationSet string
	Sent             time.Time
	Recipients       []Recipient // one for each address among Destination
}

// Recipient is an address that the mail went to.
type Recipient struct {
	ID      uint64 // random and unique; what a return path holds
	Address string // in the form of address.Normalize
}

// prepare checks a mail, and fills in what Record says it fills in. It returns the name of the mail for reports, and a
// hash of its recipients.
func (m *Mail) prepare() (name string, recipients []byte, err error) {
	if ms := m.Sent.UnixMilli(); m.Sent.IsZero() || ms < 0 || ms > maxMillis {
		return "", nil, fmt.Errorf("%w: sent at %s, which is no time to send mail", ErrInvalid, m.Sent)
	}
	m.Sent = m.Sent.UTC().Truncate(time.Millisecond)
	m.TakeSESFields()
	if n := len(m.Destination); n == 0 || n > MaxDestinations {
		return "", nil, fmt.Errorf("%w: %d destinations: 1 to %d can be recorded", ErrInvalid, n, MaxDestinations)
	}
	keys, err := m.setRecipients()
	if err != nil {
		return "", nil, err
	}
	if m.MessageID == "" {
		m.MessageID = schemas.NewID(m.Sent)
	}
	if name = bareID(m.HeaderMessageID); name == "" {
		m.HeaderMessageID, name = "", m.MessageID
	} else {
		m.HeaderMessageID = "<" + name + ">"
	}
	m.shortenHeader()
	return name, hashOf(keys), nil
}

// setRecipients makes a recipient of each address among the destinations, and returns their folded forms.
func (m *Mail) setRecipients() (keys []string, err error) {
	given := m.Recipients
	m.Recipients = nil
	seen := make(map[string]bool, len(m.Destination))
	for _, destination := range m.Destination {
		key, err := address.Key(destination)
		if err != nil {
			return nil, fmt.Errorf("%w: destination %.100q: %w", ErrInvalid, destination, err)
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		normal, err := address.Normalize(destination)
		if err != nil {
			return nil, fmt.Errorf("%w: destination %.100q: %w", ErrInvalid, destination, err)
		}
		keys = append(keys, key)
		m.Recipients = append(m.Recipients, Recipient{ID: idAmong(given, normal), Address: normal})
	}
	return keys, nil
}

// idAmong returns the id that the caller has given the address already, else a new one.
func idAmong(given []Recipient, addr string) uint64 {
	for _, recipient := range given {
		if recipient.ID != 0 && recipient.Address == addr {
			return recipient.ID
		}
	}
	return NewRecipientID()
}

// NewRecipientID draws the id of a recipient, for a return path that is needed before the mail is recorded. It is never 0.
func NewRecipientID() uint64 {
	for {
		var random [8]byte
		rand.Read(random[:]) // never fails (crypto/rand)
		if id := binary.BigEndian.Uint64(random[:]); id != 0 {
			return id
		}
	}
}

// hashOf does not depend on the order of the recipients.
func hashOf(keys []string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(keys)), "\n")))
	return sum[:16]
}

// shortenHeader leaves out the fields that do not fit, so that a long one does not cost the short ones after it.
func (m *Mail) shortenHeader() {
	size := 0
	kept := make([]schemas.Header, 0, len(m.Header))
	for _, field := range m.Header {
		length := len(field.Name) + len(": \r\n") + len(field.Value)
		if size+length > MaxHeader {
			m.HeadersTruncated = true
			continue
		}
		size += length
		kept = append(kept, field)
	}
	m.Header = kept
}

// Subject returns the subject of the mail as its header has it, "" when there is none.
func (m Mail) Subject() string {
	i := slices.IndexFunc(m.Header, func(field schemas.Header) bool { return strings.EqualFold(field.Name, "Subject") })
	if i < 0 {
		return ""
	}
	return m.Header[i].Value
}
