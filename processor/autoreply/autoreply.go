package autoreply

import (
	"errors"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
)

// ErrNotReply is returned for a mail that is no automatic reply.
var ErrNotReply = errors.New("autoreply: not an automatic reply")

// maxReferences bounds Reply.References. The last ids are kept, since the mail
// that was answered is the last one (RFC 5322 section 3.6.4).
const maxReferences = 100

// Reply is an automatic reply.
type Reply struct {
	// AutoSubmitted is the keyword of the Auto-Submitted field in lower case,
	// "auto-replied" for example (RFC 3834 section 5); "" when it is missing.
	AutoSubmitted string
	// From is the bare address of who answered, "" when none can be read.
	From string
	// InReplyTo is the id of the mail that was answered, with its angle brackets;
	// "" when it is missing.
	InReplyTo string
	// References are the ids of the thread with their angle brackets, oldest first.
	References []string
	// Subject is the subject as text.
	Subject string
	// NewAddress is the bare address that the text gives in the place of the one
	// that was written to, "" when it gives none. Nobody vouches for it: show it to
	// a person, do not write to it.
	NewAddress string
	// Reason names the mark that told: "auto-submitted", "x-autoreply",
	// "precedence+references" and so on.
	Reason string
}

// Parse recognizes the automatic reply in m. It returns ErrNotReply when m is
// none. It is to be asked after the readers of reports.
func Parse(m *report.Message) (*Reply, error) {
	h := m.Header
	if isReport(m) || isList(h) || isFromMailSystem(h) || isRequest(h) || m.MediaType == "text/calendar" {
		return nil, ErrNotReply
	}
	reason := mark(m)
	if reason == "" {
		return nil, ErrNotReply
	}
	r := &Reply{
		AutoSubmitted: autoSubmitted(h),
		References:    ids(h.Get("References")),
		Subject:       h.Text("Subject"),
		Reason:        reason,
	}
	if found := ids(h.Get("In-Reply-To")); len(found) > 0 {
		r.InReplyTo = found[0]
	}
	for _, field := range [...]string{"From", "Sender", "Reply-To"} {
		if from, err := address.Parse(h.Text(field)); err == nil {
			r.From = from
			break
		}
	}
	r.NewAddress = newAddress(m.Text, r.From, h.Text("To"))
	return r, nil
}

// ids returns the message ids in the value of a field.
func ids(value string) []string {
	var found []string
	for {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			break
		}
		id, rest, ok := strings.Cut(rest, ">")
		if !ok {
			break
		}
		value = rest
		if id != "" && !strings.ContainsAny(id, " \t<") {
			found = append(found, "<"+id+">")
		}
	}
	return found[max(0, len(found)-maxReferences):]
}

// autoSubmitted returns the keyword of the Auto-Submitted field.
func autoSubmitted(h report.Header) string {
	keyword := strings.ToLower(h.Get("Auto-Submitted"))
	if at := strings.IndexAny(keyword, " \t;("); at >= 0 {
		keyword = keyword[:at]
	}
	return keyword
}
