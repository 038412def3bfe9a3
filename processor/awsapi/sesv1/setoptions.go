package sesv1

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
)

// The option blocks of a set as SES v2 writes them, which package account keeps.
const (
	deliveryBlock   = "DeliveryOptions"
	reputationBlock = "ReputationOptions"
	trackingBlock   = "TrackingOptions"
)

// edit changes one member of an option block and leaves the others as they are.
func edit(s *account.ConfigurationSet, name, member string, value any) error {
	members := map[string]any{}
	if err := block(*s, name, &members); err != nil {
		return err
	}
	members[member] = value
	encoded, err := json.Marshal(members)
	if s.Options == nil {
		s.Options = map[string]json.RawMessage{}
	}
	s.Options[name] = encoded
	return err
}

// deliveryOf reads the policy in the spelling of v1: Require and Optional.
func deliveryOf(set account.ConfigurationSet, into *deliveryOptions) error {
	if err := block(set, deliveryBlock, into); err != nil || into.TlsPolicy == "" {
		return err
	}
	into.TlsPolicy = into.TlsPolicy[:1] + strings.ToLower(into.TlsPolicy[1:])
	return nil
}

func (a *API) putDelivery(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	policy := values.Get("DeliveryOptions.TlsPolicy")
	if policy == "" {
		policy = "Optional"
	}
	if err := enumerated("deliveryOptions.tlsPolicy", policy, []string{"Require", "Optional"}); err != nil {
		return nil, err
	}
	return nil, a.change(ctx, caller, values, func(s *account.ConfigurationSet) error {
		return edit(s, deliveryBlock, "TlsPolicy", strings.ToUpper(policy))
	})
}

func (a *API) updateReputation(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	enabled, err := flag(values, "Enabled")
	if err != nil {
		return nil, err
	}
	return nil, a.change(ctx, caller, values, func(s *account.ConfigurationSet) error {
		return edit(s, reputationBlock, "ReputationMetricsEnabled", enabled)
	})
}

func (a *API) createTracking(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	return a.setTracking(ctx, caller, values, false)
}

func (a *API) updateTracking(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	return a.setTracking(ctx, caller, values, true)
}

// setTracking sets the options of a set that has some already, or has none.
func (a *API) setTracking(ctx context.Context, caller auth.Caller, values query.Values, has bool) (any, error) {
	if err := need(values, "ConfigurationSetName", "TrackingOptions.CustomRedirectDomain"); err != nil {
		return nil, err
	}
	return nil, a.change(ctx, caller, values, func(s *account.ConfigurationSet) error {
		if err := checkTracking(s, has); err != nil {
			return err
		}
		return edit(s, trackingBlock, "CustomRedirectDomain", values.Get("TrackingOptions.CustomRedirectDomain"))
	})
}

func checkTracking(s *account.ConfigurationSet, has bool) error {
	switch _, there := s.Options[trackingBlock]; {
	case there && !has:
		return query.Refuse("TrackingOptionsAlreadyExistsException", "Configuration set <%s> already has tracking options.", s.Name)
	case !there && has:
		return query.Refuse("TrackingOptionsDoesNotExistException", "Configuration set <%s> has no tracking options.", s.Name)
	}
	return nil
}

func (a *API) deleteTracking(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	return nil, a.change(ctx, caller, values, func(s *account.ConfigurationSet) error {
		if err := checkTracking(s, true); err != nil {
			return err
		}
		delete(s.Options, trackingBlock)
		return nil
	})
}
