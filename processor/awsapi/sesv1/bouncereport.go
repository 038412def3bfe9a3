package sesv1

import (
	"regexp"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/dsn/status"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
)

// bounceReport is the report of a bounce.
type bounceReport = dsn.Report

// bounceTypes are status and words of SES's types of bounces.
var bounceTypes = map[string][2]string{
	"DoesNotExist":     {"5.1.1", "550 5.1.1 the mailbox does not exist"},
	"MessageTooLarge":  {"5.3.4", "552 5.3.4 the message is too large"},
	"ExceededQuota":    {"5.2.2", "552 5.2.2 the mailbox is full"},
	"ContentRejected":  {"5.6.1", "554 5.6.1 the content was rejected"},
	"Undefined":        {"5.0.0", "550 5.0.0 the mail was refused"},
	"TemporaryFailure": {"4.0.0", "450 4.0.0 the mail could not be delivered for now"},
}

// report reads what the bounce is to say, of recipients that the mail went to.
func (a *API) report(values query.Values, mail original) (*bounceReport, error) {
	bounce := &bounceReport{ReportingMTA: dsn.TypedName{Type: "dns", Name: a.Domain}, ArrivalDate: mail.arrived}
	about := values.Structure("MessageDsn")
	if len(about) > 0 {
		if err := need(about, "ReportingMta"); err != nil {
			return nil, err
		}
		bounce.ReportingMTA = nameOf(about.Get("ReportingMta"))
	}
	var err error
	if about.Has("ArrivalDate") {
		if bounce.ArrivalDate, err = timeOf(about, "ArrivalDate"); err != nil {
			return nil, err
		}
	}
	if bounce.Extensions, err = extensions(about); err != nil {
		return nil, err
	}
	given := values.Structures("BouncedRecipientInfoList.member")
	if len(given) == 0 {
		return nil, query.Null("bouncedRecipientInfoList")
	}
	if len(given) > maxBounced {
		return nil, invalid("There are %d bounced recipients: at most %d.", len(given), maxBounced)
	}
	for _, one := range given {
		recipient, err := recipientOf(one)
		if err != nil {
			return nil, err
		}
		if to := one.Get("Recipient"); !mail.went(to) {
			return nil, rejected("The mail did not go to %.320s.", to)
		}
		bounce.Recipients = append(bounce.Recipients, recipient)
	}
	return bounce, nil
}

// recipientOf reads what happened to one recipient: a type of bounce, or the fields of RFC 3464, which count more.
func recipientOf(values query.Values) (dsn.Recipient, error) {
	if err := need(values, "Recipient"); err != nil {
		return dsn.Recipient{}, err
	}
	if !address.IsAddress(values.Get("Recipient")) {
		return dsn.Recipient{}, invalid("Invalid email address<%.320s>.", values.Get("Recipient"))
	}
	r := dsn.Recipient{Address: values.Get("Recipient"), FinalRecipient: dsn.TypedAddress{Address: values.Get("Recipient")}, Action: dsn.Failed}
	fields := values.Structure("RecipientDsnFields")
	kind, known := bounceTypes[values.Get("BounceType")]
	switch {
	case known:
		r.Status, r.DiagnosticType, r.DiagnosticText = kind[0], "smtp", kind[1]
	case values.Get("BounceType") != "":
		return dsn.Recipient{}, enumerated("bounceType", values.Get("BounceType"),
			[]string{"DoesNotExist", "MessageTooLarge", "ExceededQuota", "ContentRejected", "Undefined", "TemporaryFailure"})
	case len(fields) == 0:
		return dsn.Recipient{}, query.Refuse("InvalidParameterCombination", "Give BounceType or RecipientDsnFields for %s.", r.Address)
	}
	if len(fields) == 0 {
		return r, nil
	}
	return r, overlay(&r, fields)
}

// overlay puts the fields that a caller gives over those of the type.
func overlay(r *dsn.Recipient, fields query.Values) error {
	if err := need(fields, "Action", "Status"); err != nil {
		return err
	}
	if err := enumerated("action", fields.Get("Action"), []string{"failed", "delayed", "delivered", "relayed", "expanded"}); err != nil {
		return err
	}
	if code, ok := status.Parse(fields.Get("Status")); !ok || code.String() != fields.Get("Status") {
		return invalid("Status %.20q is no status such as 5.1.1.", fields.Get("Status"))
	}
	r.Action, r.Status, r.DiagnosticType = dsn.Action(fields.Get("Action")), fields.Get("Status"), "smtp"
	if text := fields.Get("DiagnosticCode"); text != "" {
		kind, rest, typed := strings.Cut(text, ";")
		if r.DiagnosticText = text; typed {
			r.DiagnosticType, r.DiagnosticText = strings.TrimSpace(kind), strings.TrimSpace(rest)
		}
	}
	if final := fields.Get("FinalRecipient"); final != "" {
		_, addr, typed := strings.Cut(final, ";")
		if !typed {
			addr = final
		}
		if addr = strings.TrimSpace(addr); !address.IsAddress(addr) {
			return invalid("FinalRecipient %.320q is no address.", final)
		}
		r.Address, r.FinalRecipient.Address = addr, addr
	}
	if remote := fields.Get("RemoteMta"); remote != "" {
		r.RemoteMTA = nameOf(remote)
	}
	var err error
	if fields.Has("LastAttemptDate") {
		if r.LastAttemptDate, err = timeOf(fields, "LastAttemptDate"); err != nil {
			return err
		}
	}
	r.Extensions, err = extensions(fields)
	return err
}

// nameOf reads the name of a mail server with or without its type: "dns; mx.example.net".
func nameOf(text string) dsn.TypedName {
	kind, name, typed := strings.Cut(text, ";")
	if !typed {
		return dsn.TypedName{Type: "dns", Name: strings.TrimSpace(text)}
	}
	return dsn.TypedName{Type: strings.TrimSpace(kind), Name: strings.TrimSpace(name)}
}

func timeOf(values query.Values, parameter string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, values.Get(parameter))
	if err != nil {
		return time.Time{}, invalid("%s %.50q is no timestamp.", parameter, values.Get(parameter))
	}
	return at, nil
}

var fieldName = regexp.MustCompile(`^[A-Za-z0-9-]{1,76}$`)

// maxExtensions bounds the further fields of a group.
const maxExtensions = 50

// extensions reads ExtensionFields.
func extensions(values query.Values) ([]report.Field, error) {
	given := values.Structures("ExtensionFields.member")
	if len(given) > maxExtensions {
		return nil, invalid("There are %d extension fields: at most %d.", len(given), maxExtensions)
	}
	var fields []report.Field
	for _, one := range given {
		if !fieldName.MatchString(one.Get("Name")) {
			return nil, invalid("%.80q is no name of a field.", one.Get("Name"))
		}
		fields = append(fields, report.Field{Name: one.Get("Name"), Value: one.Get("Value")})
	}
	return fields, nil
}
