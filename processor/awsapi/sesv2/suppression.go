package sesv2

import (
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/suppression"
)

// destination is an address on the list of the account, in the words of SES. Attributes are absent where no report put it there.
type destination struct {
	EmailAddress   string
	Reason         suppression.Reason
	LastUpdateTime moment
	Attributes     *attributes `json:",omitempty"`
}

type attributes struct {
	MessageID  string `json:"MessageId,omitempty"`
	FeedbackID string `json:"FeedbackId,omitempty"`
}

// summary is a destination without attributes.
func summary(e suppression.Entry) destination {
	return destination{EmailAddress: e.Address, Reason: e.Reason.SES(), LastUpdateTime: moment{e.Updated}}
}

// noTenant refuses what is about a tenant.
func noTenant(name string) error {
	if name != "" {
		return badRequest("There are no tenants here: leave TenantName out.")
	}
	return nil
}

// validAddress returns a bare address without blanks around it.
func validAddress(text string) (string, error) {
	addr := strings.TrimSpace(text)
	if _, err := address.Normalize(addr); err != nil || !address.IsAddress(addr) {
		return "", badRequest("Invalid email address: %.320s", text)
	}
	return addr, nil
}

func (a *API) putSuppressed(c *call) (any, error) {
	var wanted struct{ EmailAddress, Reason, TenantName string }
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.required("emailAddress", wanted.EmailAddress)
	wrong.oneOf("reason", wanted.Reason, reasonNames()...)
	if err := errors.Join(wrong.err(), noTenant(wanted.TenantName)); err != nil {
		return nil, err
	}
	addr, err := validAddress(wanted.EmailAddress)
	if err != nil {
		return nil, err
	}
	owner, err := account.Get(c, a.Store.Read, c.account)
	if err != nil {
		return nil, err
	}
	reason := suppression.Reason(wanted.Reason)
	entry := suppression.Entry{List: suppression.List{Account: c.account}, Address: addr, Reason: reason, Expires: owner.SuppressedUntil(reason, a.now())}
	return nil, a.transact(c, func(tx *sql.Tx) error { return suppression.Put(c, tx, entry, a.now()) })
}

func (a *API) getSuppressed(c *call) (any, error) {
	addr, err := c.suppressed()
	if err != nil {
		return nil, err
	}
	entry, found, err := suppression.Get(c, a.Store.Read, suppression.List{Account: c.account}, addr, a.now())
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, notListed(c)
	}
	shown := summary(entry)
	if entry.FeedbackID != "" {
		shown.Attributes = &attributes{entry.MessageID, entry.FeedbackID}
	}
	return struct{ SuppressedDestination destination }{shown}, nil
}

func (a *API) deleteSuppressed(c *call) (any, error) {
	addr, err := c.suppressed()
	if err != nil {
		return nil, err
	}
	return nil, a.transact(c, func(tx *sql.Tx) error {
		existed, err := suppression.Delete(c, tx, suppression.List{Account: c.account}, addr, a.now())
		if err == nil && !existed {
			return notListed(c)
		}
		return err
	})
}

// suppressed returns the address that the path names.
func (c *call) suppressed() (string, error) {
	if err := noTenant(c.query("TenantName")); err != nil {
		return "", err
	}
	return validAddress(c.path("EmailAddress"))
}

func notListed(c *call) error {
	return notFound("Email address %s does not exist on your suppression list.", c.path("EmailAddress"))
}

func (a *API) listSuppressed(c *call) (any, error) {
	values := c.request.URL.Query()
	query := suppression.Query{List: suppression.List{Account: c.account}, Cursor: values.Get("NextToken"), Now: a.now()}
	var wrong violations
	wrong.eachOf("reasons", values["Reason"], reasonNames()...)
	if err := errors.Join(wrong.err(), noTenant(values.Get("TenantName"))); err != nil {
		return nil, err
	}
	for _, reason := range values["Reason"] {
		query.Reasons = append(query.Reasons, suppression.Reason(reason))
		if reason == string(suppression.Manual.SES()) {
			query.Reasons = append(query.Reasons, suppression.Manual)
		}
	}
	var err error
	if query.Limit, err = pageSize(values.Get("PageSize")); err != nil {
		return nil, err
	}
	if query.Start, err = c.time("StartDate"); err != nil {
		return nil, err
	}
	if query.End, err = c.time("EndDate"); err != nil {
		return nil, err
	}
	entries, next, err := suppression.Entries(c, a.Store.Read, query)
	if errors.Is(err, suppression.ErrCursor) {
		return nil, errToken
	}
	if err != nil {
		return nil, err
	}
	answer := struct {
		SuppressedDestinationSummaries []destination
		NextToken                      string `json:",omitempty"`
	}{make([]destination, len(entries)), next}
	for i, entry := range entries {
		answer.SuppressedDestinationSummaries[i] = summary(entry)
	}
	return answer, nil
}

// time reads a time of the query, zero when it is absent.
func (c *call) time(name string) (at time.Time, err error) {
	text := c.query(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, ok := parseTime(text)
	if !ok {
		return time.Time{}, badRequest("%s %.40q is no timestamp: write 2026-01-27T15:00:00Z", name, text)
	}
	return at, nil
}

func reasonNames() []string {
	var names []string
	for _, reason := range suppression.Reasons() {
		names = append(names, string(reason))
	}
	return names
}
