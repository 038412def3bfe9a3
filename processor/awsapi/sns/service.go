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
			"CreateTopic":               {Permission: account.Administer, Handle: a.createTopic},
			"DeleteTopic":               {Permission: account.Administer, Handle: a.deleteTopic, NoResult: true},
			"ListTopics":                {Permission: account.Read, Handle: a.listTopics},
			"GetTopicAttributes":        {Permission: account.Read, Handle: a.getTopicAttributes},
			"SetTopicAttributes":        {Permission: account.Administer, Handle: a.setTopicAttributes, NoResult: true},
			"Subscribe":                 {Permission: account.Administer, Handle: a.subscribe},
			"ConfirmSubscription":       {Permission: account.Administer, Handle: a.confirmSubscription, Unsigned: true},
			"Unsubscribe":               {Permission: account.Administer, Handle: a.unsubscribe, Unsigned: true, NoResult: true},
			"ListSubscriptions":         {Permission: account.Read, Handle: a.listSubscriptions},
			"ListSubscriptionsByTopic":  {Permission: account.Read, Handle: a.listSubscriptionsByTopic},
			"GetSubscriptionAttributes": {Permission: account.Read, Handle: a.getSubscriptionAttributes},
			"SetSubscriptionAttributes": {Permission: account.Administer, Handle: a.setSubscriptionAttributes, NoResult: true},
			"Publish":                   {Permission: account.Send, Handle: a.publish},
			"PublishBatch":              {Permission: account.Send, Handle: a.publishBatch},
			"TagResource":               {Permission: account.Administer, Handle: a.tagResource},
			"UntagResource":             {Permission: account.Administer, Handle: a.untagResource},
			"ListTagsForResource":       {Permission: account.Read, Handle: a.listTagsForResource},
			"AddPermission":             {Permission: account.Administer, Handle: a.addPermission, NoResult: true},
			"RemovePermission":          {Permission: account.Administer, Handle: a.removePermission, NoResult: true},
			"GetDataProtectionPolicy":   {Permission: account.Read, Handle: a.getDataProtectionPolicy},
			"PutDataProtectionPolicy":   {Permission: account.Administer, Handle: a.putDataProtectionPolicy, NoResult: true},
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
