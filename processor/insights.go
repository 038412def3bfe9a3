package processor

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/sentmail"
)

// Insight is what happened to a mail for one recipient, in the order in which it did.
type Insight struct {
	Destination string
	Events      []InsightEvent
}

// InsightEvent is one thing that happened. What SES calls the sub type of a complaint is none here.
type InsightEvent struct {
	At             time.Time
	Type           account.EventType
	BounceType     string // of a bounce, as BounceSubType and DiagnosticCode: Permanent, Transient or Undetermined
	BounceSubType  string
	DiagnosticCode string
	FeedbackType   string // of a complaint: abuse, fraud … (RFC 5965); "" when it told none
}

const (
	// maxInsightMails is how many mails one call of Insights takes.
	maxInsightMails = 1000
	// maxInsightEvents bounds what is told of one recipient.
	maxInsightEvents = 100
)

// Insights returns what happened to mails, at most 1000, for each of their recipients: by the id of the mail, in the order of its
// destinations.
func Insights(ctx context.Context, db *sql.DB, mails []sentmail.Mail) (map[int64][]Insight, error) {
	if len(mails) > maxInsightMails {
		return nil, fmt.Errorf("processor: insights of %d mails: at most %d", len(mails), maxInsightMails)
	}
	insights := make(map[int64][]Insight, len(mails))
	byMessage := map[string][]sentmail.Mail{}
	var parameters []string
	var ids []any
	for _, mail := range mails {
		for _, recipient := range mail.Recipients {
			insights[mail.ID] = append(insights[mail.ID], Insight{Destination: recipient.Address, Events: []InsightEvent{{At: mail.Sent, Type: account.EventSend}}})
		}
		if byMessage[mail.MessageID] == nil {
			ids = append(ids, mail.MessageID)
			parameters = append(parameters, "$"+strconv.Itoa(len(ids)))
		}
		byMessage[mail.MessageID] = append(byMessage[mail.MessageID], mail)
	}
	if len(ids) == 0 {
		return insights, nil
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf(selectInsights, strings.Join(parameters, ",")), ids...)
	if err != nil {
		return nil, fmt.Errorf("processor: insights: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scanInsight(rows)
		if err != nil {
			return nil, fmt.Errorf("processor: insights: %w", err)
		}
		for _, mail := range byMessage[one.message] {
			if mail.Account == one.account {
				note(insights[mail.ID], one)
			}
		}
	}
	return insights, rows.Err()
}

// selectInsights wants the message ids. Their index leaves out the empty one, which the condition has to say.
const selectInsights = `SELECT f.message_id, f.account, f.kind, f.received_at, f.reported_at, r.address, r.outcome, r.bounce_type, r.bounce_sub_type,
	r.diagnostic, r.reason
FROM feedback f JOIN feedback_recipient r ON r.feedback_id = f.id WHERE f.message_id IN (%s) AND f.message_id <> '' ORDER BY f.received_at, f.id, r.position`

type insightRow struct {
	message, account, address string
	event                     InsightEvent
}

func scanInsight(rows *sql.Rows) (insightRow, error) {
	var one insightRow
	var kind Kind
	var outcome Outcome
	var received, reported int64
	var reason string
	e := &one.event
	err := rows.Scan(&one.message, &one.account, &kind, &received, &reported, &one.address, &outcome, &e.BounceType, &e.BounceSubType, &e.DiagnosticCode, &reason)
	e.At = time.UnixMilli(received).UTC()
	if reported > 0 && reported < received { // a clock that is ahead of ours tells nothing
		e.At = time.UnixMilli(reported).UTC()
	}
	switch {
	case kind == KindComplaint:
		e.Type, e.FeedbackType = account.EventComplaint, reason
	case kind == KindAutoReply, outcome == OutcomeFailed:
		e.Type = account.EventBounce
	case outcome == OutcomeDelayed:
		e.Type = account.EventDeliveryDelay
	case outcome == OutcomeDelivered:
		e.Type = account.EventDelivery
	}
	if e.Type != account.EventBounce {
		e.BounceType, e.BounceSubType, e.DiagnosticCode = "", "", ""
	}
	return one, err
}

// note adds an event to the recipient that it is about.
func note(insights []Insight, one insightRow) {
	i := slices.IndexFunc(insights, func(insight Insight) bool { return address.Equal(insight.Destination, one.address) })
	if i >= 0 && one.event.Type != "" && len(insights[i].Events) < maxInsightEvents {
		insights[i].Events = append(insights[i].Events, one.event)
	}
}
