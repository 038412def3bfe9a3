package processor

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rebound-mail/rebound/arf"
	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/plaintext"
	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor/autoreply"
	"github.com/rebound-mail/rebound/processor/classify"
)

// Recognize reads a mail to its end and says what it reports. It keeps at most 1 MiB of a mail of any size and never fails: a mail that
// cannot be read is a report of KindError.
func Recognize(r io.Reader, rules *classify.Classifier) (found Report) {
	defer func() { // a panic here is a bug, and yet no mail may stop the others
		if cause := recover(); cause != nil {
			found = Report{Kind: KindError, Err: fmt.Errorf("processor: reading panicked: %v\n%s", cause, debug.Stack())}
		}
	}()
	message, err := report.Read(r)
	if err != nil {
		return Report{Kind: KindError, Err: err}
	}
	found = recognize(message, rules)
	found.Header, found.Date = message.Header, date(message.Header.Get("Date"))
	found.Problems = append(found.Problems, message.Problems...)
	found.digest = digest(message)
	return found
}

// recognize looks for a report before an auto-reply: Postfix and Exim mark their DSNs auto-replied.
func recognize(message *report.Message, rules *classify.Classifier) Report {
	if complaint, err := arf.Parse(message); err == nil {
		return fromARF(message, complaint)
	}
	if bounce, err := dsn.Parse(message); err == nil && len(bounce.Recipients) > 0 {
		return fromDSN(message, bounce, rules)
	}
	if bounce, err := plaintext.Parse(message); err == nil {
		return fromText(message, bounce, rules)
	}
	if reply, err := autoreply.Parse(message); err == nil {
		return fromReply(message, reply)
	}
	if len(message.Header) == 0 {
		return Report{Kind: KindError, Err: errors.New("processor: the mail has no header")}
	}
	return Report{Kind: KindNone}
}

func fromDSN(message *report.Message, bounce *dsn.Report, rules *classify.Classifier) Report {
	found := Report{Format: "rfc3464", ReportingMTA: bounce.ReportingMTA.String(), Returned: message.Returned, Problems: bounce.Problems,
		MessageIDs: messageIDs(message, bounce.OriginalEnvelopeID)}
	hosts := hostsIn(message.Text)
	var searched *classify.Searched
	if len(bounce.Recipients) > 1 {
		searched = &classify.Searched{}
	}
	for _, recipient := range bounce.Recipients {
		one := Recipient{Address: recipient.Address, Action: recipient.ActionText, Status: recipient.Status,
			DiagnosticCode: recipient.DiagnosticCode, LastAttempt: recipient.LastAttemptDate,
			WillRetryUntil: recipient.WillRetryUntil}
		if original := recipient.OriginalRecipient.Address; original != "" && !address.Equal(original, recipient.Address) {
			one.Original = original
		}
		one.RemoteMTA, one.RemoteIP = remote(recipient.RemoteMTA.Name, hosts)
		one.Cause = rules.Classify(classify.Input{Action: string(recipient.Action), Status: recipient.Status,
			Diagnostic: recipient.DiagnosticCode, Text: message.Text, Address: recipient.Address, Searched: searched})
		one.Outcome = outcome(recipient)
		found.Recipients = append(found.Recipients, one)
	}
	found.Kind = kindOf(found.Recipients)
	return found
}

// outcome follows Action, but for a status that says the queue gave up (x.4.7): OpenSMTPD calls its expired mails delayed. A date at
// which it will be tried again shows that the delay is one.
func outcome(recipient dsn.Recipient) Outcome {
	switch recipient.Action {
	case dsn.Delivered, dsn.Relayed, dsn.Expanded:
		return OutcomeDelivered
	case dsn.Delayed:
		if recipient.Code.Subject == 4 && recipient.Code.Detail == 7 && recipient.WillRetryUntil.IsZero() {
			return OutcomeFailed
		}
		return OutcomeDelayed
	case dsn.Failed:
		return OutcomeFailed
	}
	if recipient.Code.Class == 2 {
		return OutcomeDelivered
	}
	return OutcomeFailed
}

func kindOf(recipients []Recipient) Kind {
	has := func(outcome Outcome) bool {
		return slices.ContainsFunc(recipients, func(r Recipient) bool { return r.Outcome == outcome })
	}
	switch {
	case has(OutcomeFailed):
		return KindBounce
	case has(OutcomeDelayed):
		return KindDelay
	}
	return KindDelivery
}

func fromText(message *report.Message, bounce *plaintext.Bounce, rules *classify.Classifier) Report {
	returned := message.Returned
	if bounce.Returned != nil {
		returned = bounce.Returned
	}
	found := Report{Format: bounce.Format, ReportingMTA: bounce.ReportingMTA, Returned: returned}
	found.MessageIDs = messageIDs(&report.Message{Header: message.Header, Returned: returned}, "")
	for _, recipient := range bounce.Recipients {
		one := Recipient{Address: recipient.Address, Outcome: OutcomeFailed}
		switch {
		case recipient.Delayed:
			one.Outcome = OutcomeDelayed
		case recipient.Delivered:
			one.Outcome = OutcomeDelivered
		}
		if len(bounce.Recipients) == 1 {
			one.RemoteMTA, one.RemoteIP = remote("", hostsIn(message.Text))
		}
		one.Cause = rules.Classify(classify.Input{Action: string(one.Outcome), Status: recipient.Status,
			Diagnostic: recipient.Diagnostic, Address: recipient.Address})
		found.Recipients = append(found.Recipients, one)
	}
	found.Kind = kindOf(found.Recipients)
	return found
}

func fromReply(message *report.Message, reply *autoreply.Reply) Report {
	ids := searchable(append([]string{reply.InReplyTo}, reply.References...))
	return Report{Kind: KindAutoReply, Format: "rfc3834", Returned: message.Returned, MessageIDs: ids,
		Recipients: []Recipient{{Address: reply.From, Outcome: OutcomeDelivered,
			Cause: classify.Result{BounceType: "Transient", BounceSubType: "General", Reason: reasonAutoReply, Rule: reply.Reason}}}}
}

func fromARF(message *report.Message, complaint *arf.Report) Report {
	found := Report{Kind: KindComplaint, Format: "rfc5965", Returned: complaint.Returned, Problems: complaint.Problems,
		MessageIDs: messageIDs(&report.Message{Header: message.Header, Returned: complaint.Returned}, complaint.OriginalEnvelopeID),
		Complaint: &Complaint{FeedbackType: string(complaint.FeedbackType), UserAgent: complaint.UserAgent, ArrivalDate: complaint.ArrivalDate,
			ReporterDomain: address.Domain(message.Header.Get("From")), MailFrom: complaint.OriginalMailFrom}}
	if complaint.ReportingMTA != "" {
		found.ReportingMTA = complaint.ReportingMTA
	}
	for _, recipient := range complaint.Recipients() {
		found.Recipients = append(found.Recipients, Recipient{Address: recipient})
	}
	return found
}

// maxMessageIDs bounds how many ids of a report are looked up.
const maxMessageIDs = 20

// messageIDs gathers the ids under which the original may be known: of the returned mail, the envelope id, and what the report answers to.
func messageIDs(message *report.Message, envelopeID string) []string {
	ids := message.Returned.Values("Message-ID")
	for _, name := range []string{"X-Original-Message-ID", "Original-Message-ID"} {
		ids = append(ids, message.Returned.Values(name)...)
	}
	if envelopeID != "" {
		ids = append(ids, envelopeID)
	}
	for _, name := range []string{"In-Reply-To", "References", "X-Original-Message-ID"} {
		for _, value := range message.Header.Values(name) {
			ids = append(ids, strings.Fields(value)...)
		}
	}
	return searchable(ids)
}

// searchable bounds ids and makes them fit for a database.
func searchable(ids []string) []string {
	ids = ids[:min(len(ids), maxMessageIDs)]
	for i := range ids {
		ids[i] = utf8(ids[i])
	}
	return ids
}

func date(text string) time.Time {
	parsed, err := report.ParseDate(text)
	if err != nil {
		return time.Time{}
	}
	return parsed
}

// tellingFields tell a report without Message-ID or Date from others. To the rest of a header each hop adds fields, which would make the same
// report that comes in by two ways another one.
var tellingFields = [...]string{"From", "To", "Subject", "In-Reply-To", "References", "X-Failed-Recipients"}

// digests holds the room that digest writes in.
var digests = sync.Pool{New: func() any { return new([]byte) }}

// digest is a hash of what the report says: Message-ID, Date and the machine-readable parts, or, where there are none, the telling fields,
// the text and the returned header.
func digest(message *report.Message) []byte {
	room := digests.Get().(*[]byte)
	defer digests.Put(room)
	said := (*room)[:0]
	put := func(parts ...string) {
		for _, part := range parts {
			said = strconv.AppendInt(said, int64(len(part)), 10)
			said = append(append(said, ':'), part...)
		}
	}
	put(message.Header.Get("Message-ID"), message.Header.Get("Date"))
	for _, part := range message.Machine {
		put(part.MediaType, part.Body)
	}
	if len(message.Machine) == 0 {
		for _, name := range tellingFields {
			put(message.Header.Get(name))
		}
		put(message.Text)
		for _, field := range message.Returned {
			put(field.Value)
		}
	}
	*room = said
	sum := sha256.Sum256(said)
	return sum[:]
}
