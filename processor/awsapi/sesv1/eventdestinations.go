package sesv1

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/topic"
)

// eventDestination is an event destination as it is shown.
type eventDestination struct {
	Name               string
	Enabled            bool
	MatchingEventTypes query.List[string]
	SNSDestination     struct{ TopicARN string }
}

// eventTypes are the event types of v1 in its spelling, by those of v2.
var eventTypes = map[account.EventType]string{account.EventSend: "send", account.EventReject: "reject", account.EventBounce: "bounce",
	account.EventComplaint: "complaint", account.EventDelivery: "delivery", account.EventOpen: "open", account.EventClick: "click",
	account.EventRenderingFailure: "renderingFailure"}

// shownDestinations leaves out the types that v1 does not know.
func shownDestinations(found []account.EventDestination) query.List[eventDestination] {
	shown := query.List[eventDestination]{}
	for _, d := range found {
		one := eventDestination{Name: d.Name, Enabled: d.Enabled, MatchingEventTypes: query.List[string]{}}
		one.SNSDestination.TopicARN = d.TopicARN
		for _, kind := range d.MatchingEventTypes {
			if name, known := eventTypes[kind]; known {
				one.MatchingEventTypes = append(one.MatchingEventTypes, name)
			}
		}
		shown = append(shown, one)
	}
	return shown
}

func (a *API) createDestination(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	return a.putDestination(ctx, caller, values, account.CreateEventDestination)
}

// updateDestination replaces an event destination; the types that v1 does not show stay.
func (a *API) updateDestination(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	return a.putDestination(ctx, caller, values, func(ctx context.Context, tx *sql.Tx, d account.EventDestination) error {
		siblings, err := account.EventDestinations(ctx, a.Store.Read, d.Account, d.ConfigurationSet)
		if err != nil {
			return err
		}
		for _, old := range siblings {
			for _, kind := range old.MatchingEventTypes {
				if _, shown := eventTypes[kind]; !shown && old.Name == d.Name {
					d.MatchingEventTypes = append(d.MatchingEventTypes, kind)
				}
			}
		}
		return account.PutEventDestination(ctx, tx, d)
	})
}

// putDestination writes an event destination and publishes to its topic that it is one.
func (a *API) putDestination(ctx context.Context, caller auth.Caller, values query.Values, write func(context.Context, *sql.Tx, account.EventDestination) error) (any, error) {
	d, err := destinationOf(caller, values)
	if err != nil {
		return nil, err
	}
	err = a.transact(ctx, func(tx *sql.Tx) error {
		if err := write(ctx, tx, d); err != nil {
			return err
		}
		if !strings.HasPrefix(d.TopicARN, "arn:aws:sns:"+a.Region+":"+caller.Account+":") {
			return topic.ErrTopicNotFound
		}
		return processor.AnnounceEventDestination(ctx, tx, a.Store.Read, d.TopicARN, a.now())
	})
	switch {
	case errors.Is(err, topic.ErrTopicNotFound):
		return nil, query.Refuse("InvalidSNSDestination", "SNS topic <%.300s> not found.", d.TopicARN)
	case errors.Is(err, account.ErrExists):
		return nil, query.Refuse("EventDestinationAlreadyExists", "An event destination with the name <%s> already exists.", d.Name)
	case errors.Is(err, account.ErrNotFound) && !errors.Is(err, account.ErrNoConfigurationSet):
		return nil, noDestination(d.Name)
	}
	return nil, noSet(err, d.ConfigurationSet)
}

// destinationOf reads the parameters of an event destination.
func destinationOf(caller auth.Caller, values query.Values) (account.EventDestination, error) {
	var d account.EventDestination
	if err := need(values, "ConfigurationSetName", "EventDestination.Name"); err != nil {
		return d, err
	}
	given := values.Structure("EventDestination")
	d = account.EventDestination{Account: caller.Account, ConfigurationSet: values.Get("ConfigurationSetName"), Name: given.Get("Name"),
		TopicARN: given.Get("SNSDestination.TopicARN")}
	if given.Get("Enabled") != "" {
		var err error
		if d.Enabled, err = flag(given, "Enabled"); err != nil {
			return d, err
		}
	}
	names := given.List("MatchingEventTypes")
	if len(names) == 0 {
		return d, query.Null("eventDestination.matchingEventTypes")
	}
	for _, kind := range account.EventTypes() {
		if name, known := eventTypes[kind]; known && slices.Contains(names, name) {
			d.MatchingEventTypes = append(d.MatchingEventTypes, kind)
		}
	}
	for _, name := range names {
		if err := enumerated("eventDestination.matchingEventTypes", name, typeNames()); err != nil {
			return d, err
		}
	}
	for _, other := range []string{"KinesisFirehoseDestination", "CloudWatchDestination"} {
		if len(given.Structure(other)) > 0 {
			return d, query.Refuse("InvalidParameterCombination", "Events are published to topics only: give SNSDestination.")
		}
	}
	if d.TopicARN == "" {
		return d, query.Refuse("InvalidParameterCombination", "Events are published to topics: give SNSDestination.")
	}
	return d, nil
}

// typeNames are the event types in the order of SES's documentation.
func typeNames() []string {
	var names []string
	for _, kind := range account.EventTypes() {
		if name, known := eventTypes[kind]; known {
			names = append(names, name)
		}
	}
	return names
}

func noDestination(name string) error {
	return query.Refuse("EventDestinationDoesNotExist", "No EventDestination found for %.64s", name)
}

func (a *API) deleteDestination(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if err := need(values, "ConfigurationSetName", "EventDestinationName"); err != nil {
		return nil, err
	}
	set, name := values.Get("ConfigurationSetName"), values.Get("EventDestinationName")
	return nil, noSet(a.transact(ctx, func(tx *sql.Tx) error {
		existed, err := account.DeleteEventDestination(ctx, tx, caller.Account, set, name)
		if err == nil && !existed {
			return noDestination(name)
		}
		return err
	}), set)
}
