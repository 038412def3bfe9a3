package sesv2

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/topic"
)

type snsDestination struct {
	TopicARN string `json:"TopicArn"`
}

// eventDestination is an event destination as it is shown.
type eventDestination struct {
	Name               string
	Enabled            bool
	MatchingEventTypes []account.EventType
	SnsDestination     snsDestination
}

// wantedDestination is one as callers give it, with the kinds of destinations that there are none of here.
type wantedDestination struct {
	Enabled            bool
	MatchingEventTypes []string
	SnsDestination     *snsDestination

	KinesisFirehoseDestination, CloudWatchDestination, PinpointDestination, EventBridgeDestination json.RawMessage
}

func eventTypeNames() []string {
	var names []string
	for _, kind := range account.EventTypes() {
		names = append(names, string(kind))
	}
	return names
}

func (w *wantedDestination) check() error {
	var wrong violations
	wrong.present("eventDestination", w != nil)
	if w != nil {
		wrong.eachOf("eventDestination.matchingEventTypes", w.MatchingEventTypes, eventTypeNames()...)
	}
	if err := wrong.err(); err != nil {
		return err
	}
	for _, other := range []json.RawMessage{w.KinesisFirehoseDestination, w.CloudWatchDestination, w.PinpointDestination, w.EventBridgeDestination} {
		if other != nil {
			return badRequest("Events are published to topics only: give SnsDestination.")
		}
	}
	if w.SnsDestination != nil && w.SnsDestination.TopicARN == "" {
		wrong.required("eventDestination.snsDestination.topicArn", "")
	}
	return wrong.err()
}

// into changes a destination as the caller wants; what is absent stays.
func (w *wantedDestination) into(d *account.EventDestination) {
	d.Enabled = w.Enabled
	if w.MatchingEventTypes != nil {
		d.MatchingEventTypes = nil
	}
	for _, kind := range w.MatchingEventTypes {
		d.MatchingEventTypes = append(d.MatchingEventTypes, account.EventType(kind))
	}
	if w.SnsDestination != nil {
		d.TopicARN = w.SnsDestination.TopicARN
	}
}

func (a *API) createDestination(c *call) (any, error) {
	var wanted struct {
		EventDestinationName string
		EventDestination     *wantedDestination
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.required("eventDestinationName", wanted.EventDestinationName)
	if err := errors.Join(wrong.err(), wanted.EventDestination.check()); err != nil {
		return nil, err
	}
	if wanted.EventDestination.SnsDestination == nil {
		return nil, badRequest("Events are published to topics only: give SnsDestination.")
	}
	d := account.EventDestination{Account: c.account, ConfigurationSet: c.path("ConfigurationSetName"), Name: wanted.EventDestinationName}
	wanted.EventDestination.into(&d)
	return nil, a.writeDestination(c, d, account.CreateEventDestination)
}

func (a *API) updateDestination(c *call) (any, error) {
	var wanted struct{ EventDestination *wantedDestination }
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if err := wanted.EventDestination.check(); err != nil {
		return nil, err
	}
	set, name := c.path("ConfigurationSetName"), c.path("EventDestinationName")
	siblings, err := account.EventDestinations(c, a.Store.Read, c.account, set)
	if err != nil {
		return nil, noSet(err, set)
	}
	i := slices.IndexFunc(siblings, func(d account.EventDestination) bool { return d.Name == name })
	if i < 0 {
		return nil, noDestination(name)
	}
	wanted.EventDestination.into(&siblings[i])
	return nil, a.writeDestination(c, siblings[i], account.PutEventDestination)
}

// writeDestination writes an event destination and publishes to its topic that it is one.
func (a *API) writeDestination(c *call, d account.EventDestination, write func(context.Context, *sql.Tx, account.EventDestination) error) error {
	if !strings.HasPrefix(d.TopicARN, "arn:aws:sns:"+a.Region+":"+c.account+":") {
		return badRequest("SNS topic <%.300s> not found.", d.TopicARN)
	}
	err := a.transact(c, func(tx *sql.Tx) error {
		if err := write(c, tx, d); err != nil {
			return err
		}
		return processor.AnnounceEventDestination(c, tx, a.Store.Read, d.TopicARN, a.now())
	})
	switch {
	case errors.Is(err, topic.ErrTopicNotFound):
		return badRequest("SNS topic <%.300s> not found.", d.TopicARN)
	case errors.Is(err, account.ErrExists):
		return alreadyExists("An event destination with the name <%s> already exists.", d.Name)
	case errors.Is(err, account.ErrNoConfigurationSet):
		return noSet(err, d.ConfigurationSet)
	case errors.Is(err, account.ErrNotFound):
		return noDestination(d.Name)
	}
	return invalid(err)
}

func noDestination(name string) error {
	return notFound("No EventDestination found for %.64s", name)
}

func (a *API) getDestinations(c *call) (any, error) {
	set := c.path("ConfigurationSetName")
	found, err := account.EventDestinations(c, a.Store.Read, c.account, set)
	if err != nil {
		return nil, noSet(err, set)
	}
	answer := struct{ EventDestinations []eventDestination }{[]eventDestination{}}
	for _, d := range found {
		answer.EventDestinations = append(answer.EventDestinations, eventDestination{d.Name, d.Enabled, d.MatchingEventTypes, snsDestination{d.TopicARN}})
	}
	return answer, nil
}

func (a *API) deleteDestination(c *call) (any, error) {
	set, name := c.path("ConfigurationSetName"), c.path("EventDestinationName")
	return nil, a.transact(c, func(tx *sql.Tx) error {
		existed, err := account.DeleteEventDestination(c, tx, c.account, set, name)
		if err == nil && !existed {
			return noDestination(name)
		}
		return noSet(err, set)
	})
}
