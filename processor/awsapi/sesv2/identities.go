package sesv2

import (
	"database/sql"
	"errors"
	"strings"

	"github.com/rebound-mail/rebound/processor/account"
)

// Every identity that an account has is verified: on a server of one's own the word of who runs it is enough. Mails are signed by who
// sends them, so nothing here has a DKIM key.

type dkimAttributes struct {
	SigningEnabled          bool
	Status                  string
	SigningAttributesOrigin string
}

type mailFromAttributes struct{ BehaviorOnMxFailure string }

func unsigned() dkimAttributes {
	return dkimAttributes{Status: "NOT_STARTED", SigningAttributesOrigin: "AWS_SES"}
}

func identityType(name string) string {
	if strings.Contains(name, "@") {
		return "EMAIL_ADDRESS"
	}
	return "DOMAIN"
}

func (a *API) createIdentity(c *call) (any, error) {
	var wanted struct {
		EmailIdentity        string
		Tags                 []tag
		ConfigurationSetName string
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.required("emailIdentity", wanted.EmailIdentity)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	tags, err := tagsOf(wanted.Tags)
	if err != nil {
		return nil, err
	}
	err = a.transact(c, func(tx *sql.Tx) error {
		if err := a.checkSet(c, wanted.ConfigurationSetName); err != nil {
			return err
		}
		if _, err := account.CreateIdentity(c, tx, c.account, wanted.EmailIdentity, a.now()); err != nil {
			return err
		}
		return account.ChangeIdentity(c, tx, c.account, wanted.EmailIdentity, func(i *account.Identity) error {
			i.Tags, i.ConfigurationSet = tags, wanted.ConfigurationSetName
			return nil
		})
	})
	if errors.Is(err, account.ErrExists) {
		return nil, alreadyExists("Email identity %s already exist.", wanted.EmailIdentity)
	}
	return struct {
		IdentityType             string
		VerifiedForSendingStatus bool
		DkimAttributes           dkimAttributes
	}{identityType(wanted.EmailIdentity), true, unsigned()}, invalid(err)
}

// checkSet refuses a configuration set that does not exist; "" is none.
func (a *API) checkSet(c *call, name string) error {
	if name == "" {
		return nil
	}
	_, err := account.GetConfigurationSet(c, a.Store.Read, c.account, name)
	return noSet(err, name)
}

// identity returns the name of the identity that the path names, by its ARN or as it is.
func (c *call) identity() string {
	name := c.path("EmailIdentity")
	if _, after, isARN := strings.Cut(name, ":identity/"); isARN && strings.HasPrefix(name, "arn:") {
		return after
	}
	return name
}

func (c *call) noIdentity(err error) error {
	if errors.Is(err, account.ErrNotFound) {
		return notFound("Email identity %.320s does not exist.", c.identity())
	}
	return invalid(err)
}

func (a *API) getIdentity(c *call) (any, error) {
	found, err := account.GetIdentity(c, a.Store.Read, c.account, c.identity())
	if err != nil {
		return nil, c.noIdentity(err)
	}
	return struct {
		IdentityType             string
		FeedbackForwardingStatus bool
		VerifiedForSendingStatus bool
		VerificationStatus       string
		DkimAttributes           dkimAttributes
		MailFromAttributes       mailFromAttributes
		Policies                 map[string]string
		Tags                     []tag
		ConfigurationSetName     string `json:",omitempty"`
	}{identityType(found.Identity), found.ForwardingEnabled, true, "SUCCESS", unsigned(), mailFromAttributes{"USE_DEFAULT_VALUE"}, map[string]string{},
		shownTags(found.Tags), found.ConfigurationSet}, nil
}

func (a *API) listIdentities(c *call) (any, error) {
	from, size, err := c.page()
	if err != nil {
		return nil, err
	}
	found, err := account.ListIdentities(c, a.Store.Read, c.account, from, size)
	if errors.Is(err, account.ErrInvalid) {
		return nil, errToken
	}
	if err != nil {
		return nil, err
	}
	type identity struct {
		IdentityType       string
		IdentityName       string
		SendingEnabled     bool
		VerificationStatus string
	}
	answer := struct {
		EmailIdentities []identity
		NextToken       string `json:",omitempty"`
	}{EmailIdentities: []identity{}}
	for _, one := range found {
		answer.EmailIdentities = append(answer.EmailIdentities, identity{identityType(one.Identity), one.Identity, true, "SUCCESS"})
	}
	if len(found) == size {
		answer.NextToken, err = a.moreIdentities(c, found[size-1].Identity)
	}
	return answer, err
}

// moreIdentities returns the token of the next page, "" when there is none.
func (a *API) moreIdentities(c *call, last string) (string, error) {
	more, err := account.ListIdentities(c, a.Store.Read, c.account, last, 1)
	if err != nil || len(more) == 0 {
		return "", err
	}
	return token(last), nil
}

func (a *API) deleteIdentity(c *call) (any, error) {
	err := a.transact(c, func(tx *sql.Tx) error {
		existed, err := account.DeleteIdentity(c, tx, c.account, c.identity())
		if err == nil && !existed {
			return account.ErrNotFound
		}
		return err
	})
	return nil, c.noIdentity(err)
}

func (a *API) putIdentityFeedback(c *call) (any, error) {
	var wanted struct{ EmailForwardingEnabled bool } // absent is false, as at SES
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	err := a.transact(c, func(tx *sql.Tx) error {
		return account.SetForwarding(c, tx, c.account, c.identity(), wanted.EmailForwardingEnabled)
	})
	if errors.Is(err, account.ErrNoChannel) {
		return nil, badRequest("Feedback notification topic not set.")
	}
	return nil, c.noIdentity(err)
}

func (a *API) putIdentitySet(c *call) (any, error) {
	var wanted struct{ ConfigurationSetName string }
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if err := a.checkSet(c, wanted.ConfigurationSetName); err != nil {
		return nil, err
	}
	return nil, c.noIdentity(a.transact(c, func(tx *sql.Tx) error {
		return account.ChangeIdentity(c, tx, c.account, c.identity(), func(i *account.Identity) error {
			i.ConfigurationSet = wanted.ConfigurationSetName
			return nil
		})
	}))
}
