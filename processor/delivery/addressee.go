package delivery

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/rebound-mail/rebound/processor/topic"
)

// Addressee is who gets an entry.
type Addressee struct {
	Topic        topic.Topic
	Subscription topic.Subscription
}

// The reasons why an entry has nobody to go to.
var (
	errTopicDeleted = errors.New("the topic was deleted")
	errUnsubscribed = errors.New("the subscription has ended")
)

// addresseeAge is how long an addressee that was looked up is good for other entries.
const addresseeAge = time.Second

// addressees are those of the entries that were claimed of an endpoint together, most often one. Each is looked up once for all of
// them, and anew after a second: so long it may take until an endpoint with much to do learns of a change of its subscription.
type addressees struct {
	mutex sync.Mutex
	found map[sought]foundAt
}

// sought is what lookUp goes by.
type sought struct {
	topic, subscription string
	ended               bool
}

type foundAt struct {
	Addressee
	at time.Time // of the clock on the wall: it is about the age, not about the schedule
}

// find is lookUp, but for what was found lately.
func (a *addressees) find(ctx context.Context, db *sql.DB, e Entry) (Addressee, error) {
	who := sought{e.TopicARN, e.SubscriptionARN, e.Kind == KindUnsubscribeConfirmation}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if known, ok := a.found[who]; ok && time.Since(known.at) < addresseeAge {
		return known.Addressee, nil
	}
	to, err := lookUp(ctx, db, e)
	if err != nil {
		return to, err
	}
	if a.found == nil {
		a.found = map[sought]foundAt{}
	}
	a.found[who] = foundAt{to, time.Now()}
	return to, nil
}

// lookUp finds who gets the entry: errTopicDeleted or errUnsubscribed when there is nobody any more.
func lookUp(ctx context.Context, db *sql.DB, e Entry) (a Addressee, err error) {
	if a.Topic, err = topic.GetTopic(ctx, db, e.TopicARN); errors.Is(err, topic.ErrTopicNotFound) {
		return a, errTopicDeleted
	} else if err != nil {
		return a, err
	}
	if e.Kind == KindUnsubscribeConfirmation {
		a.Subscription, err = topic.GetEnded(ctx, db, e.SubscriptionARN)
	} else {
		a.Subscription, err = topic.GetSubscription(ctx, db, e.SubscriptionARN)
	}
	if errors.Is(err, topic.ErrSubscriptionNotFound) {
		return a, errUnsubscribed
	}
	return a, err
}

// addressee is who gets the entry: found by the engine already, or looked up. The result, when there is one, stands instead of an
// attempt: there is nobody, or nothing is to be sent to them.
func (e Entry) addressee(ctx context.Context, db *sql.DB, now func() time.Time) (Addressee, *Result) {
	var to Addressee
	if e.To != nil {
		to = *e.To
	} else if found, err := lookUp(ctx, db, e); errors.Is(err, errTopicDeleted) || errors.Is(err, errUnsubscribed) {
		return to, &Result{Outcome: Final, Err: err}
	} else if err != nil {
		return to, &Result{Outcome: NotTried, Err: err}
	} else {
		to = found
	}
	switch sub := to.Subscription; {
	case e.Kind == KindSubscriptionConfirmation && sub.Confirmed:
		return to, &Result{Outcome: Delivered} // the endpoint got an earlier attempt, whatever it answered
	case e.Kind == KindSubscriptionConfirmation && !now().Before(sub.TokenExpires):
		return to, final("nobody confirmed the subscription in time")
	case e.Kind == KindNotification && !sub.Confirmed:
		return to, final("the subscription is not confirmed")
	}
	return to, nil
}

// sealed returns the body and the HTTP header of what the addressee gets.
func (e Entry) sealed(s *topic.Signer, to Addressee, publicURL string) ([]byte, http.Header, error) {
	m := topic.Message{ID: e.MessageID, Subject: e.Subject, Text: e.Body, Attributes: e.Attributes, At: e.Published}
	switch e.Kind {
	case KindSubscriptionConfirmation:
		return s.SubscriptionConfirmation(to.Topic, to.Subscription, m, publicURL)
	case KindUnsubscribeConfirmation:
		return s.UnsubscribeConfirmation(to.Topic, to.Subscription, m, publicURL)
	}
	return s.Notification(to.Topic, to.Subscription, m, publicURL)
}
