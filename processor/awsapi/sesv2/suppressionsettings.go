package sesv2

import (
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/suppression"
)

// suppressionOptions say for which reasons the list of the account counts, and takes addresses. Absent reasons leave it to what lies
// above: a set follows its account.
type suppressionOptions struct {
	SuppressedReasons []suppression.Reason `json:",omitzero"`
}

// wantedOptions are suppressionOptions as callers give them, with what is not done here.
type wantedOptions struct {
	SuppressedReasons    []string
	SuppressionScope     string
	ValidationAttributes json.RawMessage
	ValidationOptions    json.RawMessage
}

// reasons checks the options and returns their reasons: nil when they are absent, empty for none.
func (w wantedOptions) reasons() ([]suppression.Reason, error) {
	var wrong violations
	wrong.eachOf("suppressedReasons", w.SuppressedReasons, reasonNames()...)
	if w.SuppressionScope != "" {
		wrong.oneOf("suppressionScope", w.SuppressionScope, "ACCOUNT", "TENANT")
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	if w.SuppressionScope == "TENANT" {
		return nil, badRequest("There are no tenants here: SuppressionScope is ACCOUNT.")
	}
	if w.ValidationAttributes != nil || w.ValidationOptions != nil {
		return nil, badRequest("Addresses are not validated here: leave ValidationAttributes and ValidationOptions out.")
	}
	if w.SuppressedReasons == nil {
		return nil, nil
	}
	reasons := []suppression.Reason{}
	for _, reason := range w.SuppressedReasons {
		reasons = append(reasons, suppression.Reason(reason))
	}
	return reasons, nil
}

// putAccountSuppression sets the reasons of the account; absent ones are none, as at SES.
func (a *API) putAccountSuppression(c *call) (any, error) {
	var wanted wantedOptions
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	reasons, err := wanted.reasons()
	if err != nil {
		return nil, err
	}
	return nil, a.changeAccount(c, func(owner *account.Account) { owner.SuppressedReasons = reasons })
}

func (a *API) changeAccount(c *call, change func(*account.Account)) error {
	return a.transact(c, func(tx *sql.Tx) error {
		return account.Change(c, tx, c.account, func(owner *account.Account) error { change(owner); return nil })
	})
}

func (a *API) putSetSuppression(c *call) (any, error) {
	var wanted wantedOptions
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	reasons, err := wanted.reasons()
	if err != nil {
		return nil, err
	}
	return nil, a.changeSet(c, func(s *account.ConfigurationSet) error { s.SuppressedReasons = reasons; return nil })
}

// changeSet changes the set that the path names.
func (a *API) changeSet(c *call, change func(*account.ConfigurationSet) error) error {
	name := c.path("ConfigurationSetName")
	err := a.transact(c, func(tx *sql.Tx) error {
		return account.ChangeConfigurationSet(c, tx, c.account, name, change)
	})
	return noSet(invalid(err), name)
}

// noSet says in SES's words that a configuration set does not exist.
func noSet(err error, name string) error {
	if errors.Is(err, account.ErrNoConfigurationSet) {
		return notFound("Configuration set <%.64s> does not exist.", name)
	}
	return err
}
