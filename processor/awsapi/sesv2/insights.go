package sesv2

import (
	"maps"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
	"github.com/rebound-mail/rebound/processor/sentmail"
)

type messageInsight struct {
	Destination string
	Isp         string `json:",omitempty"`
	Events      []insightEvent
}

type insightEvent struct {
	Timestamp moment
	Type      account.EventType
	Details   *eventDetails `json:",omitempty"`
}

// eventDetails has one of both.
type eventDetails struct {
	Bounce    *bounceDetails    `json:",omitempty"`
	Complaint *complaintDetails `json:",omitempty"`
}

type bounceDetails struct {
	BounceType     string
	BounceSubType  string `json:",omitempty"`
	DiagnosticCode string `json:",omitempty"`
}

type complaintDetails struct {
	ComplaintFeedbackType string `json:",omitempty"`
}

// tag is a tag of a message or of a resource. A message's has a Name, a resource's a Key.
type tag struct {
	Name  string `json:",omitempty"`
	Key   string `json:",omitempty"`
	Value string
}

// getMessageInsights tells what happened to a mail: to all mails that the account sent with that id.
func (a *API) getMessageInsights(c *call) (any, error) {
	id := c.path("MessageId")
	found, err := sentmail.ByMessageID(c, a.Store.Read, []string{id})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(mail sentmail.Mail) bool { return mail.Account != c.account })
	if len(found) == 0 {
		return nil, notFound("Message %.100s does not exist.", id)
	}
	insights, err := processor.Insights(c, a.Store.Read, found)
	if err != nil {
		return nil, err
	}
	first := found[0]
	answer := struct {
		MessageID        string `json:"MessageId"`
		FromEmailAddress string
		Subject          string `json:",omitempty"`
		EmailTags        []tag
		Insights         []messageInsight
	}{first.MessageID, first.Source, first.Subject(), []tag{}, []messageInsight{}}
	for _, name := range slices.Sorted(maps.Keys(first.Tags)) {
		for _, value := range first.Tags[name] {
			answer.EmailTags = append(answer.EmailTags, tag{Name: name, Value: value})
		}
	}
	for _, mail := range found {
		for _, insight := range insights[mail.ID] {
			answer.Insights = append(answer.Insights, shownInsight(insight))
		}
	}
	return answer, nil
}

func shownInsight(insight processor.Insight) messageInsight {
	shown := messageInsight{Destination: insight.Destination, Isp: jobs.IspOf(insight.Destination)}
	for _, e := range insight.Events {
		event := insightEvent{Timestamp: moment{e.At}, Type: e.Type}
		switch e.Type {
		case account.EventBounce:
			event.Details = &eventDetails{Bounce: &bounceDetails{strings.ToUpper(e.BounceType), e.BounceSubType, e.DiagnosticCode}}
		case account.EventComplaint:
			event.Details = &eventDetails{Complaint: &complaintDetails{e.FeedbackType}}
		}
		shown.Events = append(shown.Events, event)
	}
	return shown
}
