package sentmail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	// MaxRegistration is the largest JSON that ParseRegistration reads, in bytes: a mail with 1000 long addresses and a
	// large header fits.
	MaxRegistration = 1 << 20
	// DefaultAccount has the mails that are registered for no account: the one that the first start makes.
	DefaultAccount = "000000000000"
)

// Registration is the JSON by which a program tells that it sent a mail. Source and destination are needed. What is
// absent is unknown, unless it is said otherwise.
type Registration struct {
	// MessageID is the Message-ID of the mail, with or without angle brackets, or an SES id. When it is absent or an SES id,
	// the Message-ID among the headers counts. Without any an SES id is made, and the same registration once more is
	// another mail.
	MessageID        string              `json:"messageId,omitempty"`
	Timestamp        schemas.Time        `json:"timestamp,omitzero"` // now when absent
	Source           string              `json:"source"`             // MAIL FROM; may hold a name
	Destination      []string            `json:"destination"`        // all recipients, 1 to 1000
	Headers          []schemas.Header    `json:"headers,omitempty"`
	RawHeader        string              `json:"rawHeader,omitempty"` // in place of Headers: the header as it stands in the mail
	Tags             map[string][]string `json:"tags,omitempty"`
	AccountID        string              `json:"accountId,omitempty"` // DefaultAccount when absent
	Identity         string              `json:"identity,omitempty"`  // address or domain; the source tells it when absent
	ConfigurationSet string              `json:"configurationSet,omitempty"`
	SourceIP         string              `json:"sourceIp,omitempty"`
	CallerIdentity   string              `json:"callerIdentity,omitempty"`
}

// ParseRegistration reads a registration. A key that is not one of its own is an error that names it, so that a misspelt
// one is noticed. The error wraps ErrInvalid.
func ParseRegistration(body []byte) (Registration, error) {
	if len(body) > MaxRegistration {
		return Registration{}, fmt.Errorf("%w: a registration of %d bytes: at most %d", ErrInvalid, len(body), MaxRegistration)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var r Registration
	if err := decoder.Decode(&r); err != nil {
		return Registration{}, fmt.Errorf("%w: registration: %w", ErrInvalid, explain(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Registration{}, fmt.Errorf("%w: registration: something follows the JSON object", ErrInvalid)
	}
	return r, nil
}

// explain says what is wrong in the words of JSON, not of Go.
func explain(err error) error {
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped) && mistyped.Field == "":
		return errors.New("it is no JSON object")
	case errors.As(err, &mistyped):
		return fmt.Errorf("key %q cannot be a %s", mistyped.Field, mistyped.Value)
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return fmt.Errorf("unknown key %.100s", name)
	}
	return err
}

// Mail checks the registration and returns the mail, ready for Record. The error wraps ErrInvalid.
func (r Registration) Mail(now time.Time) (Mail, error) {
	if err := r.check(now); err != nil {
		return Mail{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	m := Mail{
		Account: r.AccountID, Identity: r.Identity, Source: r.Source, SourceIP: r.SourceIP, CallerIdentity: r.CallerIdentity,
		Destination: r.Destination, Header: r.header(), Tags: r.Tags, ConfigurationSet: r.ConfigurationSet, Sent: r.Timestamp.Time,
	}
	if m.Account == "" {
		m.Account = DefaultAccount
	}
	if m.Sent.IsZero() {
		m.Sent = now
	}
	bare := bareID(r.MessageID)
	m.MessageID, m.HeaderMessageID = sesIDOf(bare), bare
	if m.MessageID == bare { // an SES id or none: the mail may have a Message-ID of its own
		m.HeaderMessageID = messageIDAmong(m.Header)
	}
	if r.RawHeader != "" && len(m.Header) == 0 {
		return Mail{}, fmt.Errorf("%w: rawHeader holds no field", ErrInvalid)
	}
	if _, _, err := m.prepare(); err != nil { // so that Record finds no fault
		return Mail{}, err
	}
	return m, nil
}

// header is what Headers or RawHeader hold.
func (r Registration) header() []schemas.Header {
	if r.RawHeader == "" {
		return r.Headers
	}
	var fields []schemas.Header
	for _, field := range report.ParseHeader(r.RawHeader) {
		value := strings.ToValidUTF8(field.Value, "\uFFFD")
		fields = append(fields, schemas.Header{Name: strings.ToValidUTF8(field.Name, "\uFFFD"), Value: value})
	}
	return fields
}

func messageIDAmong(header []schemas.Header) string {
	for _, field := range header {
		if strings.EqualFold(field.Name, "Message-ID") {
			return field.Value
		}
	}
	return ""
}
