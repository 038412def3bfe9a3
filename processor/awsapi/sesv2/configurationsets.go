package sesv2

import (
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/rebound-mail/rebound/processor/account"
)

// The option blocks of a set as package account keeps them.
const (
	deliveryBlock   = "DeliveryOptions"
	reputationBlock = "ReputationOptions"
	trackingBlock   = "TrackingOptions"
)

type deliveryOptions struct {
	TLSPolicy          string `json:"TlsPolicy,omitempty"`
	SendingPoolName    string `json:",omitempty"`
	MaxDeliverySeconds *int64 `json:",omitempty"`
}

type reputationOptions struct{ ReputationMetricsEnabled bool }

type trackingOptions struct {
	CustomRedirectDomain string `json:",omitempty"`
	HTTPSPolicy          string `json:"HttpsPolicy,omitempty"`
}

type sendingOptions struct{ SendingEnabled bool }

func (o deliveryOptions) check() error {
	var wrong violations
	if o.TLSPolicy != "" {
		wrong.oneOf("tlsPolicy", o.TLSPolicy, "REQUIRE", "OPTIONAL")
	}
	if o.MaxDeliverySeconds != nil && *o.MaxDeliverySeconds < 300 {
		wrong.add("maxDeliverySeconds", "Member must have value greater than or equal to 300")
	}
	if o.MaxDeliverySeconds != nil && *o.MaxDeliverySeconds > 50400 {
		wrong.add("maxDeliverySeconds", "Member must have value less than or equal to 50400")
	}
	if err := wrong.err(); err != nil {
		return err
	}
	if o.SendingPoolName != "" {
		return badRequest("There are no pools of dedicated addresses here: leave SendingPoolName out.")
	}
	return nil
}

func (o trackingOptions) check() error {
	var wrong violations
	if o.HTTPSPolicy != "" {
		wrong.oneOf("httpsPolicy", o.HTTPSPolicy, "REQUIRE", "REQUIRE_OPEN_ONLY", "OPTIONAL")
	}
	wrong.atMost("customRedirectDomain", len(o.CustomRedirectDomain), 253)
	return wrong.err()
}

func (a *API) createSet(c *call) (any, error) {
	var wanted struct {
		ConfigurationSetName string
		SuppressionOptions   *wantedOptions
		SendingOptions       *sendingOptions
		DeliveryOptions      *deliveryOptions
		ReputationOptions    *reputationOptions
		TrackingOptions      *trackingOptions
		Tags                 []tag
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.required("configurationSetName", wanted.ConfigurationSetName)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	set := account.ConfigurationSet{Account: c.account, Name: wanted.ConfigurationSetName, SendingEnabled: wanted.SendingOptions == nil || wanted.SendingOptions.SendingEnabled}
	var err error
	if set.Tags, err = tagsOf(wanted.Tags); err != nil {
		return nil, err
	}
	if wanted.SuppressionOptions != nil {
		if set.SuppressedReasons, err = wanted.SuppressionOptions.reasons(); err != nil {
			return nil, err
		}
	}
	if wanted.DeliveryOptions != nil {
		err = errors.Join(wanted.DeliveryOptions.check(), setBlock(&set, deliveryBlock, wanted.DeliveryOptions))
	}
	if wanted.ReputationOptions != nil {
		err = errors.Join(err, setBlock(&set, reputationBlock, wanted.ReputationOptions))
	}
	if wanted.TrackingOptions != nil {
		err = errors.Join(err, wanted.TrackingOptions.check(), setBlock(&set, trackingBlock, wanted.TrackingOptions))
	}
	if err != nil {
		return nil, err
	}
	err = a.transact(c, func(tx *sql.Tx) error {
		_, err := account.CreateConfigurationSet(c, tx, set, a.now())
		return err
	})
	if errors.Is(err, account.ErrExists) {
		return nil, alreadyExists("Configuration set <%s> already exists.", set.Name)
	}
	return nil, invalid(err)
}

// setBlock puts an option block into a set.
func setBlock(s *account.ConfigurationSet, name string, block any) error {
	encoded, err := json.Marshal(block)
	if err != nil {
		return err
	}
	if s.Options == nil {
		s.Options = map[string]json.RawMessage{}
	}
	s.Options[name] = encoded
	return nil
}

func (a *API) getSet(c *call) (any, error) {
	name := c.path("ConfigurationSetName")
	set, err := account.GetConfigurationSet(c, a.Store.Read, c.account, name)
	if err != nil {
		return nil, noSet(err, name)
	}
	answer := struct {
		ConfigurationSetName string
		DeliveryOptions      deliveryOptions
		ReputationOptions    reputationOptions
		SendingOptions       sendingOptions
		SuppressionOptions   *suppressionOptions `json:",omitempty"`
		Tags                 []tag
		TrackingOptions      *trackingOptions `json:",omitempty"`
	}{ConfigurationSetName: set.Name, DeliveryOptions: deliveryOptions{TLSPolicy: "OPTIONAL"}, SendingOptions: sendingOptions{set.SendingEnabled}, Tags: shownTags(set.Tags)}
	if set.SuppressedReasons != nil {
		answer.SuppressionOptions = &suppressionOptions{set.SuppressedReasons}
	}
	for block, into := range map[string]any{deliveryBlock: &answer.DeliveryOptions, reputationBlock: &answer.ReputationOptions, trackingBlock: &answer.TrackingOptions} {
		if encoded, there := set.Options[block]; there {
			if err := json.Unmarshal(encoded, into); err != nil {
				return nil, err
			}
		}
	}
	return answer, nil
}

func (a *API) listSets(c *call) (any, error) {
	from, size, err := c.page()
	if err != nil {
		return nil, err
	}
	found, err := account.ListConfigurationSets(c, a.Store.Read, c.account, from, size)
	if err != nil {
		return nil, err
	}
	answer := struct {
		ConfigurationSets []string
		NextToken         string `json:",omitempty"`
	}{ConfigurationSets: []string{}}
	for _, set := range found {
		answer.ConfigurationSets = append(answer.ConfigurationSets, set.Name)
	}
	if len(found) == size {
		more, err := account.ListConfigurationSets(c, a.Store.Read, c.account, found[size-1].Name, 1)
		if err != nil {
			return nil, err
		}
		if len(more) > 0 {
			answer.NextToken = token(found[size-1].Name)
		}
	}
	return answer, nil
}

func (a *API) deleteSet(c *call) (any, error) {
	name := c.path("ConfigurationSetName")
	return nil, a.transact(c, func(tx *sql.Tx) error {
		existed, err := account.DeleteConfigurationSet(c, tx, c.account, name)
		if err == nil && !existed {
			err = account.ErrNoConfigurationSet
		}
		return noSet(err, name)
	})
}

func (a *API) putSetSending(c *call) (any, error) {
	var wanted sendingOptions // absent is false, as at SES
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	return nil, a.changeSet(c, func(s *account.ConfigurationSet) error { s.SendingEnabled = wanted.SendingEnabled; return nil })
}

func (a *API) putSetReputation(c *call) (any, error) {
	var wanted reputationOptions
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	return nil, a.changeSet(c, func(s *account.ConfigurationSet) error { return setBlock(s, reputationBlock, wanted) })
}

func (a *API) putSetTracking(c *call) (any, error) {
	var wanted trackingOptions
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if err := wanted.check(); err != nil {
		return nil, err
	}
	return nil, a.changeSet(c, func(s *account.ConfigurationSet) error { return setBlock(s, trackingBlock, wanted) })
}

func (a *API) putSetDelivery(c *call) (any, error) {
	var wanted deliveryOptions
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if err := wanted.check(); err != nil {
		return nil, err
	}
	return nil, a.changeSet(c, func(s *account.ConfigurationSet) error { return setBlock(s, deliveryBlock, wanted) })
}
