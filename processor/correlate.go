package processor

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/simulator"
)

// Trust says how sure it is that a report is about a mail of ours. Without it anyone could silence any address by writing a report.
type Trust string

// The degrees of trust. A: the return path carries our signature; it may change the global list. B: the returned mail's id and the
// recipient are ones that were registered; it changes the account's list. C: neither; it is recorded and changes nothing.
const (
	TrustA Trust = "A"
	TrustB Trust = "B"
	TrustC Trust = "C"
)

// Match is the mail of ours that a report is about, and the recipients it speaks of, under the addresses that we sent to.
type Match struct {
	Trust      Trust // of the report: the best of its recipients
	Mail       sentmail.Mail
	Recipients []MatchedRecipient
}

// MatchedRecipient is a recipient of a report under the address that the mail was sent to.
type MatchedRecipient struct {
	Recipient
	SentTo  string // one of the mail's destinations
	Trust   Trust  // A for the address bound to the return path, else B
	Guessed bool   // one of several who may have complained: the report is redacted
}

// correlator looks reports up among the mails that were sent.
type correlator struct {
	db   *sql.DB
	keys *returnpath.Keys
}

// correlate finds the mail that a report is about: by a signed return path, else by the ids that the report gives.
func (c *correlator) correlate(ctx context.Context, found Report, envelope bus.Mail, now time.Time) (Match, error) {
	mail, bound, ok, err := c.byReturnPath(ctx, found, envelope, now)
	if err != nil {
		return Match{}, err
	}
	if ok {
		return matchBound(found, mail, bound), nil
	}
	addresses := make([]string, 0, len(found.Recipients))
	for _, recipient := range found.Recipients[:min(len(found.Recipients), maxMessageIDs)] {
		addresses = append(addresses, recipient.Address)
	}
	mails, err := sentmail.ByMessageID(ctx, c.db, found.MessageIDs, addresses...)
	if err != nil {
		return Match{}, fmt.Errorf("processor: finding the mail of a report: %w", err)
	}
	for _, mail := range mails {
		if match := matchRecorded(found, mail); len(match.Recipients) > 0 {
			return match, nil
		}
	}
	return Match{Trust: TrustC}, nil
}

// byReturnPath looks for a token of ours where a return path ends up: the envelope that the report came with, the fields in which a
// mailbox notes it, the returned mail's own Return-Path, and what a complaint says of it.
func (c *correlator) byReturnPath(ctx context.Context, found Report, envelope bus.Mail, now time.Time) (mail sentmail.Mail, bound string, ok bool, err error) {
	places := slices.Clone(envelope.To)
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		places = append(places, found.Header.Values(name)...)
	}
	for _, name := range []string{"Return-Path", "X-Return-Path", "Sender"} {
		places = append(places, found.Returned.Values(name)...)
	}
	if found.Complaint != nil {
		places = append(places, found.Complaint.MailFrom)
	}
	for _, place := range places[:min(len(places), 2*maxMessageIDs)] {
		addr, err := address.Parse(place)
		if err != nil {
			continue
		}
		token, ok := returnpath.Find(addr[:strings.LastIndex(addr, "@")])
		if !ok {
			continue
		}
		path, err := c.keys.Verify(token, now)
		if err != nil {
			continue
		}
		mail, bound, ok, err = sentmail.ByRecipientID(ctx, c.db, path.RecipientID)
		if err != nil {
			return mail, "", false, fmt.Errorf("processor: finding the mail of a return path: %w", err)
		}
		if ok {
			return mail, bound, true, nil
		}
	}
	return sentmail.Mail{}, "", false, nil
}

// matchBound takes the address bound to the return path for the one meant, whatever Final-Recipient says (forwarding, poisoning).
// Further recipients of the report count as far as the same mail went to them.
func matchBound(found Report, mail sentmail.Mail, bound string) Match {
	match := Match{Trust: TrustA, Mail: mail}
	meant := -1
	for i, recipient := range found.Recipients {
		if recipient.names(bound) {
			meant = i
			break
		}
	}
	if meant < 0 {
		meant = slices.IndexFunc(found.Recipients, func(r Recipient) bool { return !r.namesOne(mail.Destination) })
	}
	for i, recipient := range found.Recipients {
		if i == meant {
			match.Recipients = append(match.Recipients, MatchedRecipient{Recipient: recipient, SentTo: bound, Trust: TrustA})
		} else if sentTo, ok := recipient.sentTo(mail.Destination); ok && !address.Equal(sentTo, bound) {
			match.Recipients = append(match.Recipients, MatchedRecipient{Recipient: recipient, SentTo: sentTo, Trust: TrustB})
		}
	}
	if len(found.Recipients) == 0 && (found.Kind == KindComplaint || found.Kind == KindAutoReply) {
		match.Recipients = []MatchedRecipient{{Recipient: Recipient{Address: bound}, SentTo: bound, Trust: TrustA}}
	}
	return match
}

// matchRecorded takes the recipients of a report that the recorded mail went to. When the mail had a single recipient and the report names
// another address (it was forwarded), that recipient is meant. A redacted complaint means the mail's recipients at the reporter's domain.
func matchRecorded(found Report, mail sentmail.Mail) Match {
	match := Match{Trust: TrustB, Mail: mail}
	add := func(recipient Recipient, sentTo string, guessed bool) {
		match.Recipients = append(match.Recipients, MatchedRecipient{recipient, sentTo, TrustB, guessed})
	}
	for _, recipient := range found.Recipients {
		if sentTo, ok := recipient.sentTo(mail.Destination); ok {
			add(recipient, sentTo, false)
		}
	}
	if len(match.Recipients) > 0 {
		return match
	}
	if found.Kind == KindComplaint {
		suspects := atDomain(mail.Destination, found.Complaint.ReporterDomain)
		for _, sentTo := range suspects {
			add(Recipient{Address: sentTo}, sentTo, len(suspects) > 1)
		}
		return match
	}
	if len(mail.Destination) == 1 && len(found.Recipients) > 0 {
		add(found.Recipients[0], bare(mail.Destination[0]), false)
	}
	return match
}

// atDomain is the recipients who may have sent a redacted complaint: those at the domain of its reporter, else those that share its
// registered name's mail provider as far as the names show it; the only recipient in any case.
func atDomain(destinations []string, domain string) []string {
	if len(destinations) == 1 {
		return []string{bare(destinations[0])}
	}
	var at []string
	for _, destination := range destinations {
		have := address.Domain(destination)
		if have != "" && domain != "" && (have == domain || strings.HasSuffix(domain, "."+have) || strings.HasSuffix(have, "."+domain)) {
			at = append(at, bare(destination))
		}
	}
	return at
}

func (r Recipient) names(addr string) bool {
	return address.Equal(r.Address, addr) || r.Original != "" && address.Equal(r.Original, addr)
}

func (r Recipient) namesOne(destinations []string) bool {
	_, ok := r.sentTo(destinations)
	return ok
}

func (r Recipient) sentTo(destinations []string) (string, bool) {
	for _, destination := range destinations {
		if addr := bare(destination); r.names(addr) {
			return addr, true
		}
	}
	return "", false
}

// bare takes the address out of a destination, which may carry a display name.
func bare(destination string) string {
	if addr, err := address.Parse(destination); err == nil {
		return addr
	}
	return destination
}

// simulated says whether a match is about the mailbox simulator only: it notifies, and changes neither list nor statistics.
func (m Match) simulated(by simulator.Simulator) bool {
	for _, recipient := range m.Recipients {
		if !by.IsSimulated(recipient.SentTo) {
			return false
		}
	}
	return len(m.Recipients) > 0
}
