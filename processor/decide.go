package processor

import (
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/simulator"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// Settings is what decide needs to know of the one who sent the mail.
type Settings struct {
	Account  account.Account
	Identity account.Identity // the zero value when the source is no identity of the account
	Region   string
	// Set is the configuration set that the mail was sent with, and Destinations where its events go; zero without one.
	Set          account.ConfigurationSet
	Destinations []account.EventDestination

	Simulator   simulator.Simulator
	Style       Style
	Subscribers map[string][]topic.Subscription // by topic ARN; of the topics of Identity and Destinations
	Gone        map[string]bool                 // by topic ARN: those of these topics that do not exist
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
	case recipient.Outcome == OutcomeDelayed:
		return schemas.TypeDeliveryDelay, true
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

// list puts the address on the account's list, or that of the identity, if the configuration set or the account lists for that
// reason, and, for a hard bounce that is surely about a mail of ours, on the global list for 14 days.
func (e *Effects) list(match Match, decision Decision, settings Settings, reason suppression.Reason, now time.Time) (listed bool) {
	entry := suppression.Entry{Address: decision.SentTo, Reason: reason, FeedbackID: e.FeedbackID, MessageID: match.Mail.MessageID}
	if owner := settings.Account; settings.Set.Suppresses(owner, reason) {
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
