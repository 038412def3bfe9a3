package sesv2

import (
	"encoding/json"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/statistics"
)

// accountDetails is what an account tells of itself.
type accountDetails struct {
	MailType                    string         `json:",omitempty"`
	WebsiteURL                  string         `json:",omitempty"`
	ContactLanguage             string         `json:",omitempty"`
	UseCaseDescription          string         `json:",omitempty"`
	AdditionalContactEmailAddrs []string       `json:"AdditionalContactEmailAddresses,omitempty"`
	ReviewDetails               *reviewDetails `json:",omitempty"` // in answers only
	ProductionAccessEnabled     *bool          `json:",omitempty"` // in requests only
}

type reviewDetails struct{ Status string }

func (a *API) getAccount(c *call) (any, error) {
	owner, err := account.Get(c, a.Store.Read, c.account)
	if err != nil {
		return nil, err
	}
	quota, err := statistics.QuotaOf(c, a.Store.Read, c.account, a.now())
	if err != nil {
		return nil, err
	}
	answer := struct {
		DedicatedIPAutoWarmupEnabled bool `json:"DedicatedIpAutoWarmupEnabled"`
		EnforcementStatus            string
		ProductionAccessEnabled      bool
		SendQuota                    statistics.Quota
		SendingEnabled               bool
		SuppressionAttributes        suppressionOptions
		Details                      *accountDetails `json:",omitempty"`
	}{EnforcementStatus: "HEALTHY", ProductionAccessEnabled: true, SendQuota: quota, SendingEnabled: !owner.SendingPaused,
		SuppressionAttributes: suppressionOptions{owner.SuppressedReasons}}
	if owner.Details != nil {
		if err := json.Unmarshal(owner.Details, &answer.Details); err != nil {
			return nil, err
		}
		answer.Details.ReviewDetails = &reviewDetails{"GRANTED"}
	}
	return answer, nil
}

func (a *API) putAccountSending(c *call) (any, error) {
	var wanted struct{ SendingEnabled bool } // absent is false, as at SES
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	return nil, a.changeAccount(c, func(owner *account.Account) { owner.SendingPaused = !wanted.SendingEnabled })
}

// putAccountDetails keeps what the caller tells. Nobody reviews it: every account may send to whomever it wants.
func (a *API) putAccountDetails(c *call) (any, error) {
	var wanted accountDetails
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.oneOf("mailType", wanted.MailType, "MARKETING", "TRANSACTIONAL")
	wrong.required("websiteURL", wanted.WebsiteURL)
	wrong.atMost("websiteURL", len(wanted.WebsiteURL), 1000)
	if wanted.ContactLanguage != "" {
		wrong.oneOf("contactLanguage", wanted.ContactLanguage, "EN", "JA")
	}
	wrong.atMost("useCaseDescription", len(wanted.UseCaseDescription), 5000)
	wrong.atMost("additionalContactEmailAddresses", len(wanted.AdditionalContactEmailAddrs), 4)
	for _, addr := range wanted.AdditionalContactEmailAddrs {
		if !address.IsAddress(addr) {
			wrong.add("additionalContactEmailAddresses.member", "Member must satisfy regular expression pattern: ^(.+)@(.+)$")
		}
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	if wanted.ProductionAccessEnabled != nil && !*wanted.ProductionAccessEnabled {
		return nil, badRequest("There is no sandbox here: leave ProductionAccessEnabled out.")
	}
	wanted.ReviewDetails, wanted.ProductionAccessEnabled = nil, nil
	details, err := json.Marshal(wanted)
	if err != nil {
		return nil, err
	}
	return nil, invalid(a.changeAccount(c, func(owner *account.Account) { owner.Details = details }))
}
