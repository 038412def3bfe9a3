package api

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// Unpublished is how many notifications are kept for a topic that was gone when they came.
type Unpublished struct {
	TopicARN      string       `json:"topicArn"`
	Notifications int          `json:"notifications"`
	Oldest        schemas.Time `json:"oldest"`
}

// Republication asks for what is kept for a topic to be published to the topic To, which exists; To is the same one when absent.
type Republication struct {
	TopicARN string `json:"topicArn"`
	To       string `json:"to,omitempty"`
}

func (a *API) listUnpublished(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	kept, err := processor.ListUnpublished(r.Context(), a.Store.Read, owner.ID)
	all := make([]Unpublished, len(kept))
	for i, one := range kept {
		all[i] = Unpublished{one.TopicARN, one.Notifications, schemas.Time{Time: one.Oldest}}
	}
	return struct {
		Unpublished []Unpublished `json:"unpublished"`
	}{all}, err
}

// republish answers how many notifications it published.
func (a *API) republish(r *http.Request) (any, error) {
	var wanted Republication
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	if wanted.To == "" {
		wanted.To = wanted.TopicARN
	}
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	if err := a.mine(r, wanted.To); err != nil {
		return nil, err
	}
	subscribers, _, err := topic.Confirmed(r.Context(), a.Store.Read, wanted.To)
	if err != nil {
		return nil, err
	}
	if len(subscribers) == 0 {
		return nil, refuse(http.StatusBadRequest, "topic %s has no confirmed subscription: what is kept would be lost", wanted.To)
	}
	total, n := 0, processor.MaxRepublished
	for n == processor.MaxRepublished && err == nil {
		err = a.transact(r, func(ctx context.Context, tx *sql.Tx) (err error) {
			n, err = processor.Republish(ctx, tx, owner.ID, wanted.TopicARN, wanted.To, subscribers, a.now())
			return err
		})
		if err == nil {
			total += n
		}
	}
	a.Wake()
	return struct {
		Republished int `json:"republished"`
	}{total}, err
}
