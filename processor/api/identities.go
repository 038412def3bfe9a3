package api

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// Identity is an address or a domain that mail is sent from, with where its feedback goes. An address overrides its domain wholly.
// In a PUT an absent field keeps its value, and an empty topic clears it.
type Identity struct {
	Identity           string       `json:"identity"`
	BounceTopic        *string      `json:"bounceTopic,omitempty"`
	ComplaintTopic     *string      `json:"complaintTopic,omitempty"`
	DeliveryTopic      *string      `json:"deliveryTopic,omitempty"`
	Forwarding         *bool        `json:"forwarding,omitempty"`
	HeadersInBounce    *bool        `json:"headersInBounce,omitempty"`
	HeadersInComplaint *bool        `json:"headersInComplaint,omitempty"`
	HeadersInDelivery  *bool        `json:"headersInDelivery,omitempty"`
	Created            schemas.Time `json:"created,omitzero"`
	// DetachedTopic is the topic that was taken away last because it was gone, and DetachedAt when. Absent when there was none, and
	// once a topic is set again; what a PUT says of them is ignored.
	DetachedTopic string       `json:"detachedTopic,omitempty"`
	DetachedAt    schemas.Time `json:"detachedAt,omitzero"`
}

// Account is one sender. SuppressedReasons says what its own list takes in (BOUNCE, COMPLAINT); with none the account goes by the
// global list alone. In a PUT an absent field keeps its value; a new account lists for all reasons.
type Account struct {
	ID                string               `json:"id"`
	Name              string               `json:"name,omitempty"`
	Contact           string               `json:"contact,omitempty"` // mail address for alarms
	SuppressedReasons []suppression.Reason `json:"suppressedReasons"`
	SuppressionTopic  *string              `json:"suppressionTopic,omitempty"` // is told of each change of its lists; empty is none
	Created           schemas.Time         `json:"created,omitzero"`
}

func (a *API) listIdentities(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	found, err := account.ListIdentities(r.Context(), a.Store.Read, owner.ID, r.URL.Query().Get("cursor"), maxListed)
	if err != nil {
		return nil, accountRefusal(err)
	}
	identities := make([]Identity, len(found))
	for i := range found {
		one := &found[i]
		identities[i] = Identity{Identity: one.Identity, BounceTopic: &one.BounceTopic, ComplaintTopic: &one.ComplaintTopic, DeliveryTopic: &one.DeliveryTopic,
			Forwarding: &one.ForwardingEnabled, HeadersInBounce: &one.HeadersInBounce, HeadersInComplaint: &one.HeadersInComplaint,
			HeadersInDelivery: &one.HeadersInDelivery, Created: schemas.Time{Time: one.Created},
			DetachedTopic: one.DetachedTopic, DetachedAt: schemas.Time{Time: one.Detached}}
	}
	return struct {
		Identities []Identity `json:"identities"`
	}{identities}, nil
}

func (a *API) putIdentity(r *http.Request) (any, error) {
	var wanted Identity
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	for _, arn := range []*string{wanted.BounceTopic, wanted.ComplaintTopic, wanted.DeliveryTopic} {
		if arn != nil && *arn != "" {
			if err := a.mine(r, *arn); err != nil {
				return nil, err
			}
		}
	}
	err = a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		identity, err := account.CreateIdentity(ctx, tx, owner.ID, wanted.Identity, a.now())
		if err != nil && !errors.Is(err, account.ErrExists) {
			return accountRefusal(err)
		}
		before := identity
		set(&identity.BounceTopic, wanted.BounceTopic)
		set(&identity.ComplaintTopic, wanted.ComplaintTopic)
		set(&identity.DeliveryTopic, wanted.DeliveryTopic)
		set(&identity.ForwardingEnabled, wanted.Forwarding)
		set(&identity.HeadersInBounce, wanted.HeadersInBounce)
		set(&identity.HeadersInComplaint, wanted.HeadersInComplaint)
		set(&identity.HeadersInDelivery, wanted.HeadersInDelivery)
		if !identity.ForwardingEnabled && (identity.BounceTopic == "" || identity.ComplaintTopic == "") {
			return accountRefusal(account.ErrNoChannel)
		}
		if err := a.announce(ctx, tx, before, &identity); err != nil {
			return err
		}
		return accountRefusal(account.PutIdentity(ctx, tx, identity))
	})
	a.Wake()
	return nil, err
}

// announce tells each topic that an identity is given that it was. What was detached before is thereby mended.
func (a *API) announce(ctx context.Context, tx *sql.Tx, before account.Identity, identity *account.Identity) error {
	for _, kind := range []schemas.NotificationType{schemas.TypeBounce, schemas.TypeComplaint, schemas.TypeDelivery} {
		arn := identity.Topic(kind)
		if arn == "" || arn == before.Topic(kind) {
			continue
		}
		identity.DetachedTopic, identity.Detached = "", time.Time{}
		if err := processor.AnnounceIdentityTopic(ctx, tx, a.Store.Read, identity.Identity, kind, arn, a.now()); err != nil {
			return err
		}
	}
	return nil
}

// accountRefusal tells the caller's mistakes from ours.
func accountRefusal(err error) error {
	switch {
	case errors.Is(err, account.ErrInvalid), errors.Is(err, account.ErrNoChannel), errors.Is(err, account.ErrTooMany):
		return refuse(http.StatusBadRequest, "%v", err)
	case errors.Is(err, account.ErrNotFound):
		return refuse(http.StatusNotFound, "%v", err)
	}
	return err
}

func set[T any](target *T, value *T) {
	if value != nil {
		*target = *value
	}
}

func (a *API) deleteIdentity(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	return nil, a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		name := r.URL.Query().Get("identity")
		existed, err := account.DeleteIdentity(ctx, tx, owner.ID, name)
		if err == nil && !existed {
			return refuse(http.StatusNotFound, "account %s has no identity %s", owner.ID, name)
		}
		return accountRefusal(err)
	})
}

func (a *API) listAccounts(r *http.Request) (any, error) {
	found, err := account.List(r.Context(), a.Store.Read, r.URL.Query().Get("cursor"), maxListed)
	if err != nil {
		return nil, err
	}
	only, authenticated := r.Context().Value(authenticatedAs{}).(string)
	accounts := []Account{}
	for _, one := range found {
		if !authenticated || one.ID == only {
			shown := Account{ID: one.ID, Name: one.Name, Contact: one.Contact, SuppressedReasons: one.SuppressedReasons, Created: schemas.Time{Time: one.Created}}
			if one.SuppressionTopic != "" {
				shown.SuppressionTopic = &one.SuppressionTopic
			}
			accounts = append(accounts, shown)
		}
	}
	return struct {
		Accounts []Account `json:"accounts"`
	}{accounts}, nil
}

func (a *API) putAccount(r *http.Request) (any, error) {
	var wanted Account
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	if only, ok := r.Context().Value(authenticatedAs{}).(string); ok && only != wanted.ID {
		return nil, refuse(http.StatusForbidden, "the access key is not one of account %s", wanted.ID)
	}
	changed, err := account.Get(r.Context(), a.Store.Read, wanted.ID)
	if err != nil && !errors.Is(err, account.ErrNotFound) {
		return nil, err
	}
	isNew := err != nil
	changed.ID = wanted.ID
	if wanted.Name != "" {
		changed.Name = wanted.Name
	}
	if wanted.Contact != "" {
		changed.Contact = wanted.Contact
	}
	if wanted.SuppressedReasons != nil {
		changed.SuppressedReasons = wanted.SuppressedReasons
	}
	if arn := wanted.SuppressionTopic; arn != nil {
		if err := a.topicOf(r, wanted.ID, *arn); err != nil {
			return nil, err
		}
		changed.SuppressionTopic = *arn
	}
	return nil, a.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		if isNew {
			_, err := account.Create(ctx, tx, changed, a.now())
			return accountRefusal(err)
		}
		return accountRefusal(account.Put(ctx, tx, changed))
	})
}
