package sesv1

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
)

// invalid refuses in SES's words.
func invalid(format string, args ...any) *query.Error {
	return query.Refuse("InvalidParameterValue", format, args...)
}

// ours turns what breaks a rule of package account into SES's codes.
func ours(err error) error {
	switch {
	case errors.Is(err, account.ErrInvalid):
		return invalid("%v", err)
	case errors.Is(err, account.ErrTooMany):
		return query.Refuse("LimitExceeded", "%v", err)
	}
	return err
}

// need refuses a call that lacks one of some parameters, named as they stand in the call.
func need(values query.Values, parameters ...string) error {
	for _, name := range parameters {
		if values.Get(name) == "" {
			last := name[strings.LastIndexByte(name, '.')+1:]
			return query.Null(strings.ToLower(last[:1]) + last[1:])
		}
	}
	return nil
}

// flag reads true or false.
func flag(values query.Values, parameter string) (bool, error) {
	switch values.Get(parameter) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "":
		return false, need(values, parameter)
	}
	return false, query.Refuse("MalformedInput", "%.50q is no boolean: %s is true or false.", values.Get(parameter), parameter)
}

// enumerated refuses a value that is none of some, in AWS's words.
func enumerated(member, value string, among []string) error {
	for _, one := range among {
		if one == value {
			return nil
		}
	}
	return query.Refuse("ValidationError", "1 validation error detected: Value '%.100s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
		value, member, strings.Join(among, ", "))
}

// sendLater refuses to send: mail goes out through the mail server that is there already, and what it sent is registered.
func sendLater(context.Context, auth.Caller, query.Values) (any, error) {
	return nil, query.Refuse("MessageRejected",
		"Mail cannot be sent through this API yet: it comes with the send gate. Send it with your mail server, and register it with POST /v1/sent.")
}

// unverified says that somebody sends in a name that is none of theirs.
func unverified(region, addr string) error {
	return query.Refuse("MessageRejected", "Email address is not verified. The following identities failed the check in region %s: %.320s", strings.ToUpper(region), addr)
}

func noSet(err error, name string) error {
	if errors.Is(err, account.ErrNoConfigurationSet) {
		return query.Refuse("ConfigurationSetDoesNotExist", "Configuration set <%.64s> does not exist.", name)
	}
	return ours(err)
}

// number writes a double as AWS does: 200.0.
type number float64

// MarshalText writes the number.
func (n number) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%.1f", float64(n)), nil }
