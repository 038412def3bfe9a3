package sesv1

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	// bounceable is how long after its arrival a mail can be bounced, as at SES.
	bounceable = 24 * time.Hour
	// maxBounced is how many recipients one bounce names.
	maxBounced = 50
)

// original is the mail that is to be bounced.
type original struct {
	from       string // return path, to which the bounce goes
	recipients []string
	arrived    time.Time
	header     report.Header
	owned      bool // it is known to be the caller's; else its recipients have to be
}

// sendBounce sends a delivery report about a mail that came in, to the address that it came from. The mail is named by its feedback id or
// its number in the stream (see `rebound feedback list`), a mail that was registered by its message id.
func (a *API) sendBounce(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if err := need(values, "OriginalMessageId", "BounceSender"); err != nil {
		return nil, err
	}
	sender, err := address.Normalize(values.Get("BounceSender"))
	if err != nil {
		return nil, invalid("BounceSender: %v", err)
	}
	if err := a.verified(ctx, caller, sender); err != nil {
		return nil, err
	}
	mail, err := a.original(ctx, caller, values.Get("OriginalMessageId"))
	if err != nil {
		return nil, err
	}
	for _, recipient := range values.Structures("BouncedRecipientInfoList.member") {
		if !mail.owned {
			err = errors.Join(err, a.verified(ctx, caller, recipient.Get("Recipient")))
		}
	}
	if err != nil {
		return nil, err
	}
	bounce, err := a.report(values, mail)
	if err != nil {
		return nil, err
	}
	id := schemas.NewID(a.now())
	around := report.Mail{From: "<" + sender + ">", To: "<" + mail.from + ">", Subject: "Delivery Status Notification (Failure)", MessageID: "<" + id + "@" + a.Domain + ">",
		Date: a.now(), Text: explanation(values, bounce), Returned: mail.header}
	var body bytes.Buffer
	if err := bounce.Compose(&body, around); err != nil {
		return nil, invalid("The bounce cannot be written: %v.", err)
	}
	err = a.transact(ctx, func(tx *sql.Tx) error {
		return delivery.Enqueue(ctx, tx, delivery.Message{ID: schemas.NewUUID(), Kind: delivery.KindMail, Body: body.String(),
			Targets: []delivery.Target{{Protocol: delivery.SMTP, Endpoint: mail.from}}}, a.now())
	})
	if errors.Is(err, delivery.ErrTooLarge) {
		return nil, invalid("The bounce is too large: %v.", err)
	}
	return struct {
		MessageID string `xml:"MessageId"`
	}{id}, err
}

// verified refuses an address that no identity of the caller's stands for.
func (a *API) verified(ctx context.Context, caller auth.Caller, addr string) error {
	_, verified, err := account.IdentityFor(ctx, a.Store.Read, caller.Account, addr)
	if err == nil && !verified {
		err = unverified(a.Region, addr)
	}
	return err
}

func rejected(format string, args ...any) error {
	return query.Refuse("MessageRejected", format, args...)
}

// original finds the mail that a call names, of which the caller may know.
func (a *API) original(ctx context.Context, caller auth.Caller, id string) (original, error) {
	found, err := a.received(ctx, caller, id)
	if err == nil && found.from == "" && found.recipients == nil {
		found, err = a.registered(ctx, caller, id)
	}
	switch {
	case err != nil:
		return original{}, err
	case found.recipients == nil:
		return original{}, rejected("There is no received mail %.100s.", id)
	case found.from == "":
		return original{}, rejected("Mail %.100s has no return path: nobody may be told.", id)
	case a.now().Sub(found.arrived) > bounceable:
		return original{}, rejected("Mail %.100s came in more than 24 hours ago.", id)
	}
	return found, nil
}

// received looks among the mails that came in. One that matched no account is that of whoever has its recipients as identities.
func (a *API) received(ctx context.Context, caller auth.Caller, id string) (original, error) {
	wanted := processor.FeedbackQuery{ID: id, Limit: 1}
	seq, err := strconv.ParseUint(id, 10, 62)
	if err == nil {
		wanted = processor.FeedbackQuery{Before: seq + 1, Limit: 1}
	}
	arrived, err := processor.ListFeedback(ctx, a.Store.Read, wanted)
	if err != nil || len(arrived) == 0 || wanted.ID == "" && arrived[0].Seq != seq || arrived[0].Account != "" && arrived[0].Account != caller.Account {
		return original{}, err
	}
	mail, err := a.Bus.Mail(ctx, arrived[0].Seq)
	if errors.Is(err, bus.ErrGone) {
		return original{}, nil
	}
	if err != nil {
		return original{}, err
	}
	content, err := a.Bus.Open(ctx, mail)
	if err != nil {
		return original{}, err
	}
	defer content.Close()
	read, err := report.Read(content)
	if err != nil {
		return original{}, rejected("Mail %.100s cannot be read: %v.", id, err)
	}
	return original{mail.From, append([]string{}, mail.To...), mail.Received, read.Header, arrived[0].Account == caller.Account}, nil
}

// registered looks among the mails that were registered.
func (a *API) registered(ctx context.Context, caller auth.Caller, id string) (original, error) {
	found, err := sentmail.ByMessageID(ctx, a.Store.Read, []string{id})
	if err != nil {
		return original{}, err
	}
	for _, mail := range found {
		if mail.Account != caller.Account {
			continue
		}
		from, err := address.Normalize(mail.Source)
		if err != nil {
			return original{}, nil
		}
		one := original{from: from, recipients: []string{}, arrived: mail.Sent, owned: true}
		for _, recipient := range mail.Recipients {
			one.recipients = append(one.recipients, recipient.Address)
		}
		for _, field := range mail.Header {
			one.header = append(one.header, report.Field{Name: field.Name, Value: field.Value})
		}
		return one, nil
	}
	return original{}, nil
}

// went tells whether the mail went to an address.
func (o original) went(to string) bool {
	for _, recipient := range o.recipients {
		if address.Equal(recipient, to) {
			return true
		}
	}
	return false
}

// explanation is what people read.
func explanation(values query.Values, bounce *bounceReport) string {
	if text := values.Get("Explanation"); text != "" {
		return text + "\n"
	}
	text := "Your mail could not be delivered to:\n\n"
	for _, r := range bounce.Recipients {
		text += fmt.Sprintf("    %s: %s\n", r.FinalRecipient.Address, r.DiagnosticText)
	}
	return text
}
