package sns

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/store"
)

// pageSize is how many topics or subscriptions one call lists.
const pageSize = 100

// API is SNS over the topics of this installation.
type API struct {
	Store  *store.Store
	Region string // of all ARNs
	Wake   func() // tells the delivery engine of new entries in the outbox
	// EndQuietly is the setting unsubscribe_confirmation: never. Whoever visits an unsubscribe link hears nothing more.
	EndQuietly bool
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger
}

// Service returns the actions, by name.
func (a *API) Service() *query.Service {
	return &query.Service{Prefix: "SNS", Names: []string{"sns"}, Version: "2010-03-31", Namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
		Denied: "AuthorizationError", Internal: "InternalError", Log: a.Log,
		Actions: map[string]query.Action{
			"ConfirmSubscription": {Permission: account.Administer, Unsigned: true, Handle: a.confirmSubscription},
			"Unsubscribe":         {Permission: account.Administer, Unsigned: true, NoResult: true, Handle: a.unsubscribe},
		}}
}

func (a *API) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// transact runs one write and wakes the engine, which finds out by itself whether there is something to send.
func (a *API) transact(ctx context.Context, write func(tx *sql.Tx) error) error {
	err := a.Store.Transact(ctx, write)
	if err == nil {
		a.Wake()
	}
	return err
}
