package sesv1

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
)

// Every identity that an account has is verified: on a server of one's own the word of who runs it is enough. The tokens that belong into
// the DNS at SES are made from the domain, so that they stay the same, and nobody looks for them.

// maxItems bounds a page of ListIdentities, and is how many identities one call may ask about times ten.
const maxItems = 1000

// create makes an identity unless it is there.
func (a *API) create(ctx context.Context, caller auth.Caller, name string) error {
	err := a.transact(ctx, func(tx *sql.Tx) error {
		_, err := account.CreateIdentity(ctx, tx, caller.Account, name, a.now())
		return err
	})
	if errors.Is(err, account.ErrExists) {
		return nil
	}
	return ours(err)
}

func (a *API) verifyAddress(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if err := need(values, "EmailAddress"); err != nil {
		return nil, err
	}
	if !address.IsAddress(values.Get("EmailAddress")) {
		return nil, invalid("Invalid email address<%.320s>.", values.Get("EmailAddress"))
	}
	return nil, a.create(ctx, caller, values.Get("EmailAddress"))
}

// domain makes an identity of the parameter Domain.
func (a *API) domain(ctx context.Context, caller auth.Caller, values query.Values) (string, error) {
	if err := need(values, "Domain"); err != nil {
		return "", err
	}
	name := values.Get("Domain")
	if strings.Contains(name, "@") || address.Domain("x@"+name) == "" {
		return "", invalid("Invalid domain name %.255s.", name)
	}
	return address.Domain("x@" + name), a.create(ctx, caller, name)
}

func (a *API) verifyDomain(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	name, err := a.domain(ctx, caller, values)
	return struct{ VerificationToken string }{verificationToken(caller.Account, name)}, err
}

func verificationToken(owner, domain string) string {
	sum := sha256.Sum256([]byte("verification " + owner + " " + domain))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (a *API) verifyDkim(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	name, err := a.domain(ctx, caller, values)
	return struct{ DkimTokens query.List[string] }{dkimTokens(caller.Account, name)}, err
}

// dkimTokens are three texts of 32 letters and digits.
func dkimTokens(owner, domain string) query.List[string] {
	tokens := query.List[string]{}
	for i := range 3 {
		sum := sha256.Sum256([]byte("dkim " + strconv.Itoa(i) + " " + owner + " " + domain))
		tokens = append(tokens, strings.ToLower(base32.StdEncoding.EncodeToString(sum[:20])))
	}
	return tokens
}

func (a *API) deleteIdentity(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	return a.remove(ctx, caller, values, "Identity")
}

func (a *API) deleteAddress(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	return a.remove(ctx, caller, values, "EmailAddress")
}

// remove deletes an identity; that it is not there is no error, as at SES.
func (a *API) remove(ctx context.Context, caller auth.Caller, values query.Values, parameter string) (any, error) {
	if err := need(values, parameter); err != nil {
		return nil, err
	}
	name, err := a.nameOf(caller, values.Get(parameter))
	if err != nil {
		return nil, err
	}
	return nil, ours(a.transact(ctx, func(tx *sql.Tx) error {
		_, err := account.DeleteIdentity(ctx, tx, caller.Account, name)
		return err
	}))
}

// nameOf returns the name of an identity that is given as it is or by its ARN.
func (a *API) nameOf(caller auth.Caller, given string) (string, error) {
	if !strings.HasPrefix(given, "arn:") {
		return given, nil
	}
	name, own := strings.CutPrefix(given, "arn:aws:ses:"+a.Region+":"+caller.Account+":identity/")
	if !own {
		return "", notVerified(given)
	}
	return name, nil
}

func notVerified(identity string) error {
	return invalid("Identity %.400s is invalid. Must be a verified email address or domain.", identity)
}

// listed is a page of identities.
type listed struct {
	Identities query.List[string]
	NextToken  string `xml:",omitempty"`
}

func (a *API) listIdentities(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	kind := values.Get("IdentityType")
	if kind != "" {
		if err := enumerated("identityType", kind, []string{"EmailAddress", "Domain"}); err != nil {
			return nil, err
		}
	}
	size := 100
	if text := values.Get("MaxItems"); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil || size < 1 || size > maxItems {
			return nil, invalid("MaxItems is 1 to %d, not %.20s.", maxItems, text)
		}
	}
	from, err := base64.RawURLEncoding.DecodeString(values.Get("NextToken"))
	if err != nil {
		return nil, errToken
	}
	return a.list(ctx, caller.Account, kind, string(from), size)
}

var errToken = invalid("The NextToken is invalid.")

// list returns a page of identities of a kind, "" for both.
func (a *API) list(ctx context.Context, owner, kind, from string, size int) (listed, error) {
	answer := listed{Identities: query.List[string]{}}
	for {
		found, err := account.ListIdentities(ctx, a.Store.Read, owner, from, maxItems)
		if errors.Is(err, account.ErrInvalid) {
			return listed{}, errToken
		}
		if err != nil {
			return listed{}, err
		}
		for _, one := range found {
			if isAddress := strings.Contains(one.Identity, "@"); kind != "" && isAddress != (kind == "EmailAddress") {
				continue
			}
			if len(answer.Identities) == size {
				answer.NextToken = base64.RawURLEncoding.EncodeToString([]byte(answer.Identities[size-1]))
				return answer, nil
			}
			answer.Identities = append(answer.Identities, one.Identity)
		}
		if len(found) < maxItems {
			return answer, nil
		}
		from = found[maxItems-1].Identity
	}
}

// listAddresses lists all addresses: SES has no pages here.
func (a *API) listAddresses(ctx context.Context, caller auth.Caller, _ query.Values) (any, error) {
	answer, err := a.list(ctx, caller.Account, "EmailAddress", "", account.MaxIdentities)
	return struct{ VerifiedEmailAddresses query.List[string] }{answer.Identities}, err
}

// eachOf returns what of says of each of the identities that a call asks about and the account has, by the name that the call gives.
func eachOf[T any](ctx context.Context, a *API, caller auth.Caller, values query.Values, of func(account.Identity) T) (query.Map[T], error) {
	names := values.List("Identities")
	if len(names) == 0 && !values.Has("Identities") {
		return nil, query.Null("identities")
	}
	if len(names) > maxItems/10 {
		return nil, invalid("There are %d identities: at most %d in one call.", len(names), maxItems/10)
	}
	answer := query.Map[T]{}
	for _, given := range names {
		name, err := a.nameOf(caller, given)
		if err != nil {
			continue
		}
		found, err := account.GetIdentity(ctx, a.Store.Read, caller.Account, name)
		if errors.Is(err, account.ErrNotFound) || errors.Is(err, account.ErrInvalid) {
			continue
		}
		if err != nil {
			return nil, err
		}
		answer[given] = of(found)
	}
	return answer, nil
}

type verification struct {
	VerificationStatus string
	VerificationToken  string `xml:",omitempty"`
}

func (a *API) getVerification(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	found, err := eachOf(ctx, a, caller, values, func(i account.Identity) verification {
		if strings.Contains(i.Identity, "@") {
			return verification{VerificationStatus: "Success"}
		}
		return verification{"Success", verificationToken(caller.Account, i.Identity)}
	})
	return struct{ VerificationAttributes query.Map[verification] }{found}, err
}

// dkim tells that mails are not signed here: who sends them does.
type dkim struct {
	DkimEnabled            bool
	DkimVerificationStatus string
}

func (a *API) getDkim(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	found, err := eachOf(ctx, a, caller, values, func(account.Identity) dkim { return dkim{false, "NotStarted"} })
	return struct{ DkimAttributes query.Map[dkim] }{found}, err
}

type mailFrom struct{ BehaviorOnMXFailure string }

func (a *API) getMailFrom(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	found, err := eachOf(ctx, a, caller, values, func(account.Identity) mailFrom { return mailFrom{"UseDefaultValue"} })
	return struct{ MailFromDomainAttributes query.Map[mailFrom] }{found}, err
}
