package processor

import (
	"crypto/sha256"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/simulator"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// Settings is what decide needs to know of the one who sent the mail.
type Settings struct {
	Account  account.Account
	Identity account.Identity // the zero value when the source is no identity of the account
	Region   string

	Simulator   simulator.Simulator
	Subscribers map[string][]delivery.Target // by topic ARN; the topics of Identity that exist
}

// Effects is all that one report changes.
type Effects struct {
	FeedbackID    string
	Listings      []suppression.Entry
	Counts        statistics.Counts
	Notifications []Notification
	Forward       bool // send the report on by mail
	Recipients    []Decision
}

// Notification is one JSON to publish.
type Notification struct {
	Type       schemas.NotificationType
	FeedbackID string
	Topic      string // ARN; empty when the identity has none for the type
	Targets    []delivery.Target
	Body       []byte // the SES JSON
}

// Decision is what was made of one recipient, for showing why an address is listed.
type Decision struct {
	MatchedRecipient
	FeedbackID string // of the notification
	Listed     bool
}

// decide says what a report leads to. It does no I/O, so every rule of SES's feedback behaviour can be tested here.
//
// A delayed recipient is no bounce; an auto-reply goes the way of bounces, is not counted and never suppresses; only a fault of the
// recipient suppresses; an unmatched report (TrustC) changes nothing.
func decide(found Report, match Match, settings Settings, received time.Time) (Effects, error) {
	effects := Effects{FeedbackID: schemas.HashedID(atLeastEpoch(found.Date), found.digest)}
	if match.Trust == TrustC {
		return effects, nil
	}
	drafts := map[schemas.NotificationType][]int{}
	var order []schemas.NotificationType
	for _, recipient := range match.Recipients {
		kind, ok := notificationFor(found, recipient)
		decision := Decision{MatchedRecipient: recipient}
		if ok {
			if drafts[kind] == nil {
				order = append(order, kind)
			}
			drafts[kind] = append(drafts[kind], len(effects.Recipients))
			effects.weigh(found, match, &decision, settings, kind, received)
		}
		effects.Recipients = append(effects.Recipients, decision)
	}
	writer := notificationWriter{found: found, match: match, settings: settings, received: received}
	for _, kind := range order {
		if err := effects.notify(writer, kind, drafts[kind]); err != nil {
			return Effects{}, err
		}
	}
	return effects, nil
}

// notificationFor says which notification a recipient's part of a report becomes, if any.
func notificationFor(found Report, recipient MatchedRecipient) (schemas.NotificationType, bool) {
	switch {
	case found.Kind == KindComplaint:
		return schemas.TypeComplaint, true
	case found.Kind == KindAutoReply, recipient.Outcome == OutcomeFailed:
		return schemas.TypeBounce, true
	case recipient.Outcome == OutcomeDelivered:
		return schemas.TypeDelivery, true
	}
	return "", false
}

// weigh counts a recipient and lists its address, unless it is one of the mailbox simulator.
func (e *Effects) weigh(found Report, match Match, decision *Decision, settings Settings, kind schemas.NotificationType, received time.Time) {
	if settings.Simulator.IsSimulated(decision.SentTo) || found.Kind == KindAutoReply {
		return
	}
	reason, suppress := suppression.Reason(""), false
	switch kind {
	case schemas.TypeDelivery:
		e.Counts.Deliveries++
	case schemas.TypeComplaint:
		// A redacted report that may mean several recipients counts once and lists none of them: only one complained.
		if complains(found.Complaint.FeedbackType) {
			if !decision.Guessed || e.Counts.Complaints == 0 {
				e.Counts.Complaints++
			}
			reason, suppress = suppression.Complaint, !decision.Guessed
		}
	case schemas.TypeBounce:
		if decision.Cause.BounceType == "Permanent" {
			e.Counts.Bounces++
			reason, suppress = suppression.Bounce, suppresses(decision.Cause)
		}
	}
	if suppress {
		decision.Listed = e.list(match, *decision, settings, reason, received)
	}
}

// suppresses says whether a bounce lists its address: only a fault of the recipient does, and none that is itself the word of a
// suppression list.
func suppresses(cause classify.Result) bool {
	return cause.BounceType == "Permanent" && cause.Scope == classify.ScopeRecipient &&
		cause.BounceSubType != "Suppressed" && cause.BounceSubType != "OnAccountSuppressionList"
}

// complains says whether a feedback type means that the recipient called the mail unwanted. A not-spam report says the contrary, and
// auth-failure comes from a receiver's checks (RFC 5965 section 7.3, RFC 6591).
func complains(feedbackType string) bool {
	return feedbackType != "not-spam" && feedbackType != "auth-failure"
}

// list puts the address on the account's list, or that of the identity, if the account lists for that reason, and, for a hard bounce
// that is surely about a mail of ours, on the global list for 14 days.
func (e *Effects) list(match Match, decision Decision, settings Settings, reason suppression.Reason, now time.Time) (listed bool) {
	entry := suppression.Entry{Address: decision.SentTo, Reason: reason, FeedbackID: e.FeedbackID, MessageID: match.Mail.MessageID}
	if owner := settings.Account; owner.Suppresses(reason) {
		entry.List, entry.Expires = owner.SuppressionList(settings.Identity.Identity), owner.SuppressedUntil(reason, now)
		e.Listings, listed = append(e.Listings, entry), true
	}
	if reason == suppression.Bounce && decision.Trust == TrustA {
		entry.List, entry.Expires = suppression.List{}, now.Add(suppression.GlobalListing)
		entry.MessageID = "" // other accounts see this entry; the report tells the operator of which mail it is
		e.Listings, listed = append(e.Listings, entry), true
	}
	return listed
}

// notify writes one notification a recipient; the mailbox simulator's recipients of one report share one, as the seed documents say.
func (e *Effects) notify(writer notificationWriter, kind schemas.NotificationType, members []int) error {
	groups := make([][]int, 0, len(members))
	if writer.match.simulated(writer.settings.Simulator) {
		groups = append(groups, members)
	} else {
		for _, member := range members {
			groups = append(groups, []int{member})
		}
	}
	for _, group := range groups {
		id := e.FeedbackID
		if len(e.Recipients) > len(group) {
			id = derivedID(writer.found.Date, e.FeedbackID, kind, e.Recipients[group[0]].SentTo)
		}
		recipients := make([]MatchedRecipient, len(group))
		for i, member := range group {
			e.Recipients[member].FeedbackID = id
			recipients[i] = e.Recipients[member].MatchedRecipient
		}
		body, err := writer.write(kind, id, recipients)
		if err != nil {
			return err
		}
		identity := writer.settings.Identity
		arn := identity.Topic(kind)
		e.Notifications = append(e.Notifications, Notification{Type: kind, FeedbackID: id, Topic: arn,
			Targets: writer.settings.Subscribers[arn], Body: body})
		e.Forward = e.Forward || identity.Identity != "" && identity.Forwards(kind)
	}
	return nil
}

// derivedID is the feedback id of one of several notifications of a report: consumers drop what has an id that they know.
func derivedID(at time.Time, feedbackID string, kind schemas.NotificationType, addr string) string {
	sum := sha256.Sum256([]byte(feedbackID + "\n" + string(kind) + "\n" + addr))
	return schemas.HashedID(atLeastEpoch(at), sum[:])
}

func atLeastEpoch(at time.Time) time.Time {
	if at.Before(time.Unix(0, 0)) {
		return time.Unix(0, 0)
	}
	return at
}
