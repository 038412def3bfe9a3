package sentmail

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/schemas"
)

// Bounds of a registration. Lengths are in bytes.
const (
	maxPath          = 998 // an address with a name: one line of a mail
	maxFields        = 500
	maxFieldName     = 76
	maxFieldValue    = 64 << 10
	maxRawHeader     = 64 << 10
	maxTags          = 50
	maxTagValues     = 10
	maxTag           = 256
	maxConfiguration = 64
	maxCaller        = 256
	maxAhead         = 24 * time.Hour // what a clock may be ahead of ours
)

func (r Registration) check(now time.Time) error {
	if n := len(r.Destination); n == 0 || n > MaxDestinations {
		return fmt.Errorf("destination has %d addresses: give 1 to %d", n, MaxDestinations)
	}
	for i, destination := range r.Destination {
		if err := checkPath(destination); err != nil {
			return fmt.Errorf("destination %d: %w", i+1, err)
		}
	}
	if err := checkPath(r.Source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if !r.Timestamp.IsZero() && r.Timestamp.After(now.Add(maxAhead)) {
		return fmt.Errorf("timestamp %s lies in the future", schemas.FormatTime(r.Timestamp.Time))
	}
	for _, err := range []error{r.checkMessageID(), r.checkHeader(), r.checkTags(), r.checkSender()} {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkPath takes one address, with or without a name.
func checkPath(path string) error {
	if len(path) > maxPath || !isPlain(path) {
		return fmt.Errorf("%.100q is over %d bytes or holds control characters", path, maxPath)
	}
	_, err := address.Parse(path)
	return err
}

// checkMessageID refuses what no report could name, such as the number of a row: it would be taken, and never found.
func (r Registration) checkMessageID() error {
	id := r.MessageID
	if id == "" {
		return nil
	}
	inside := strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	if inside == "" || len(inside) > maxMessageID || strings.ContainsAny(inside, "<> \t") || !isPlain(inside) {
		return fmt.Errorf("messageId %.100q is no Message-ID: it has 1 to %d characters and no blanks", id, maxMessageID)
	}
	if !isSESID(inside) && !strings.Contains(inside, "@") {
		return fmt.Errorf("messageId %.100q is neither a Message-ID such as <1@example.com> nor an SES id", id)
	}
	return nil
}

func (r Registration) checkHeader() error {
	if len(r.RawHeader) > maxRawHeader {
		return fmt.Errorf("rawHeader has %d bytes: at most %d", len(r.RawHeader), maxRawHeader)
	}
	if r.RawHeader != "" && len(r.Headers) > 0 {
		return errors.New("headers and rawHeader are both there: give one of them")
	}
	if len(r.Headers) > maxFields {
		return fmt.Errorf("headers has %d fields: at most %d", len(r.Headers), maxFields)
	}
	for i, field := range r.Headers {
		if !isFieldName(field.Name) {
			return fmt.Errorf("headers, field %d: %.100q is no name of a field", i+1, field.Name)
		}
		if len(field.Value) > maxFieldValue || !isPlain(field.Value) {
			return fmt.Errorf("headers, field %d (%s): the value is over %d bytes or holds control characters; unfold it", i+1, field.Name, maxFieldValue)
		}
	}
	return nil
}

func (r Registration) checkTags() error {
	if len(r.Tags) > maxTags {
		return fmt.Errorf("tags has %d names: at most %d", len(r.Tags), maxTags)
	}
	for name, values := range r.Tags {
		if name == "" || len(name) > maxTag || !isPlain(name) {
			return fmt.Errorf("tags: the name %.100q is empty, over %d bytes, or holds control characters", name, maxTag)
		}
		if len(values) > maxTagValues {
			return fmt.Errorf("tags: %s has %d values: at most %d", name, len(values), maxTagValues)
		}
		for _, value := range values {
			if len(value) > maxTag || !isPlain(value) {
				return fmt.Errorf("tags: the value %.100q of %s is over %d bytes or holds control characters", value, name, maxTag)
			}
		}
	}
	return nil
}

// checkSender looks at what tells who sent the mail, and how.
func (r Registration) checkSender() error {
	if r.AccountID != "" && (len(r.AccountID) != len(DefaultAccount) || strings.Trim(r.AccountID, "0123456789") != "") {
		return fmt.Errorf("accountId %.100q is not %d digits", r.AccountID, len(DefaultAccount))
	}
	identity := r.Identity
	if identity != "" && !strings.Contains(identity, "@") {
		identity = "x@" + identity
	}
	if identity != "" && !address.IsAddress(identity) {
		return fmt.Errorf("identity %.100q is neither an address nor a domain", r.Identity)
	}
	if _, err := netip.ParseAddr(r.SourceIP); r.SourceIP != "" && err != nil {
		return fmt.Errorf("sourceIp %.100q is no IP address", r.SourceIP)
	}
	if len(r.ConfigurationSet) > maxConfiguration || !isPlain(r.ConfigurationSet) {
		return fmt.Errorf("configurationSet %.100q is over %d bytes or holds control characters", r.ConfigurationSet, maxConfiguration)
	}
	if len(r.CallerIdentity) > maxCaller || !isPlain(r.CallerIdentity) {
		return fmt.Errorf("callerIdentity %.100q is over %d bytes or holds control characters", r.CallerIdentity, maxCaller)
	}
	return nil
}

// isPlain tells whether a text is UTF-8 without control characters; a tab is none.
func isPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r != '\t' && unicode.IsControl(r) })
}

// isFieldName follows RFC 5322 section 3.6.8: printable ASCII without the colon.
func isFieldName(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == ':' {
			return false
		}
	}
	return s != "" && len(s) <= maxFieldName
}
