package sesv1

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
)

// setName is a configuration set where it is listed.
type setName struct{ Name string }

func (a *API) createSet(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if err := need(values, "ConfigurationSet.Name"); err != nil {
		return nil, err
	}
	set := account.ConfigurationSet{Account: caller.Account, Name: values.Get("ConfigurationSet.Name"), SendingEnabled: true}
	err := a.transact(ctx, func(tx *sql.Tx) error {
		_, err := account.CreateConfigurationSet(ctx, tx, set, a.now())
		return err
	})
	switch {
	case errors.Is(err, account.ErrExists):
		return nil, query.Refuse("ConfigurationSetAlreadyExists", "Configuration set <%s> already exists.", set.Name)
	case errors.Is(err, account.ErrInvalid):
		return nil, query.Refuse("InvalidConfigurationSet", "%v", err)
	}
	return nil, ours(err)
}

func (a *API) deleteSet(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if err := need(values, "ConfigurationSetName"); err != nil {
		return nil, err
	}
	name := values.Get("ConfigurationSetName")
	return nil, noSet(a.transact(ctx, func(tx *sql.Tx) error {
		existed, err := account.DeleteConfigurationSet(ctx, tx, caller.Account, name)
		if err == nil && !existed {
			err = account.ErrNoConfigurationSet
		}
		return err
	}), name)
}

func (a *API) listSets(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	size := 100
	if text := values.Get("MaxItems"); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil || size < 1 || size >= maxItems {
			return nil, invalid("MaxItems is 1 to %d, not %.20s.", maxItems-1, text)
		}
	}
	after, err := base64.RawURLEncoding.DecodeString(values.Get("NextToken"))
	if err != nil {
		return nil, errToken
	}
	found, err := account.ListConfigurationSets(ctx, a.Store.Read, caller.Account, string(after), size+1)
	if err != nil {
		return nil, err
	}
	answer := struct {
		ConfigurationSets query.List[setName]
		NextToken         string `xml:",omitempty"`
	}{ConfigurationSets: query.List[setName]{}}
	for _, set := range found[:min(len(found), size)] {
		answer.ConfigurationSets = append(answer.ConfigurationSets, setName{set.Name})
	}
	if len(found) > size {
		answer.NextToken = base64.RawURLEncoding.EncodeToString([]byte(found[size-1].Name))
	}
	return answer, nil
}

type deliveryOptions struct{ TlsPolicy string }

type trackingOptions struct{ CustomRedirectDomain string }

type reputationOptions struct {
	SendingEnabled           bool
	ReputationMetricsEnabled bool
}

// described is a configuration set with what the caller wants to see of it.
type described struct {
	ConfigurationSet  setName
	EventDestinations *query.List[eventDestination] `xml:",omitempty"`
	TrackingOptions   *trackingOptions              `xml:",omitempty"`
	DeliveryOptions   *deliveryOptions              `xml:",omitempty"`
	ReputationOptions *reputationOptions            `xml:",omitempty"`
}

var attributeNames = []string{"eventDestinations", "trackingOptions", "deliveryOptions", "reputationOptions"}

func (a *API) describeSet(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if err := need(values, "ConfigurationSetName"); err != nil {
		return nil, err
	}
	name, wanted := values.Get("ConfigurationSetName"), values.List("ConfigurationSetAttributeNames")
	for _, attribute := range wanted {
		if err := enumerated("configurationSetAttributeNames", attribute, attributeNames); err != nil {
			return nil, err
		}
	}
	set, err := account.GetConfigurationSet(ctx, a.Store.Read, caller.Account, name)
	if err != nil {
		return nil, noSet(err, name)
	}
	answer := described{ConfigurationSet: setName{set.Name}}
	if slices.Contains(wanted, "eventDestinations") {
		found, err := account.EventDestinations(ctx, a.Store.Read, caller.Account, name)
		if err != nil {
			return nil, noSet(err, name)
		}
		shown := shownDestinations(found)
		answer.EventDestinations = &shown
	}
	if _, tracked := set.Options[trackingBlock]; tracked && slices.Contains(wanted, "trackingOptions") {
		err = block(set, trackingBlock, &answer.TrackingOptions)
	}
	if slices.Contains(wanted, "deliveryOptions") {
		answer.DeliveryOptions = &deliveryOptions{"Optional"}
		err = errors.Join(err, deliveryOf(set, answer.DeliveryOptions))
	}
	if slices.Contains(wanted, "reputationOptions") {
		answer.ReputationOptions = &reputationOptions{SendingEnabled: set.SendingEnabled}
		err = errors.Join(err, block(set, reputationBlock, answer.ReputationOptions))
	}
	return answer, err
}

// block reads an option block of a set; one that is not there changes nothing.
func block(set account.ConfigurationSet, name string, into any) error {
	if encoded, there := set.Options[name]; there {
		return json.Unmarshal(encoded, into)
	}
	return nil
}

// change changes the set that a call names.
func (a *API) change(ctx context.Context, caller auth.Caller, values query.Values, change func(*account.ConfigurationSet) error) error {
	if err := need(values, "ConfigurationSetName"); err != nil {
		return err
	}
	name := values.Get("ConfigurationSetName")
	return noSet(a.transact(ctx, func(tx *sql.Tx) error {
		return account.ChangeConfigurationSet(ctx, tx, caller.Account, name, change)
	}), name)
}

func (a *API) updateSetSending(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	enabled, err := flag(values, "Enabled")
	if err != nil {
		return nil, err
	}
	return nil, a.change(ctx, caller, values, func(s *account.ConfigurationSet) error { s.SendingEnabled = enabled; return nil })
}
