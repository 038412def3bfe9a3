package api

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// OutboxEntry is one message for one endpoint that has not arrived. State is waiting or failed; Next is when a waiting one is tried.
type OutboxEntry struct {
	ID         int64        `json:"id"`
	MessageID  string       `json:"messageId"`
	TopicARN   string       `json:"topicArn,omitempty"`
	Endpoint   string       `json:"endpoint"`
	State      string       `json:"state"`
	Attempts   int          `json:"attempts"`
	Next       schemas.Time `json:"next,omitzero"`
	LastStatus int          `json:"lastStatus,omitempty"`
	LastError  string       `json:"lastError,omitempty"`
}

// OutboxSelection names failed entries; none means all.
type OutboxSelection struct {
	IDs []int64 `json:"ids"`
}

// OutboxChanged says how many entries a change touched.
type OutboxChanged struct {
	Entries int `json:"entries"`
}

// operatorOnly keeps what concerns all accounts to the operator on this machine.
func operatorOnly(r *http.Request, what string) error {
	if r.Context().Value(authenticatedAs{}) != nil {
		return refuse(http.StatusForbidden, "%s is for the operator on the server's own machine", what)
	}
	return nil
}

func (a *API) listOutbox(r *http.Request) (any, error) {
	if err := operatorOnly(r, "the outbox"); err != nil {
		return nil, err
	}
	size, err := limit(r)
	if err != nil {
		return nil, err
	}
	state := delivery.State(r.URL.Query().Get("state"))
	if state != "" && state != delivery.Waiting && state != delivery.Failed {
		return nil, refuse(http.StatusBadRequest, "state is %s or %s, not %q", delivery.Waiting, delivery.Failed, state)
	}
	found, err := delivery.List(r.Context(), a.Store.Read, delivery.Filter{State: state}, 0, size)
	if err != nil {
		return nil, err
	}
	entries := make([]OutboxEntry, len(found))
	for i, e := range found {
		entries[i] = OutboxEntry{ID: e.ID, MessageID: e.MessageID, TopicARN: e.TopicARN, Endpoint: topic.MaskSecrets(e.Endpoint), State: string(e.State),
			Attempts: e.Attempts, Next: schemas.Time{Time: e.Next}, LastStatus: e.LastStatus, LastError: e.LastError}
	}
	return struct {
		Entries []OutboxEntry `json:"entries"`
	}{entries}, nil
}

func (a *API) redriveOutbox(r *http.Request) (any, error) {
	answer, err := a.changeOutbox(r, func(ctx context.Context, tx *sql.Tx, f delivery.Filter) (int, error) {
		return delivery.Redrive(ctx, tx, f, a.now())
	})
	if err == nil {
		a.Wake()
	}
	return answer, err
}

func (a *API) dropOutbox(r *http.Request) (any, error) { return a.changeOutbox(r, delivery.Drop) }

func (a *API) changeOutbox(r *http.Request, change func(context.Context, *sql.Tx, delivery.Filter) (int, error)) (any, error) {
	if err := operatorOnly(r, "the outbox"); err != nil {
		return nil, err
	}
	var wanted OutboxSelection
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	if len(wanted.IDs) > maxListed {
		return nil, refuse(http.StatusBadRequest, "ids has at most %d entries, not %d", maxListed, len(wanted.IDs))
	}
	var changed OutboxChanged
	for n := delivery.MaxChange; n == delivery.MaxChange; changed.Entries += n {
		err := a.transact(r, func(ctx context.Context, tx *sql.Tx) (err error) {
			n, err = change(ctx, tx, delivery.Filter{IDs: wanted.IDs, State: delivery.Failed})
			return err
		})
		if err != nil {
			return changed, err
		}
	}
	return changed, nil
}
