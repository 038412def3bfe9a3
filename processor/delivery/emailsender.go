package delivery

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/forward"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

// What stands in the mails of SNS.
const (
	defaultMailName     = "AWS Notifications"
	defaultMailSubject  = "AWS Notification Message"
	confirmationSubject = "AWS Notification - Subscription Confirmation"
)

// letterTimeout is enough for a short mail to a smart host.
const letterTimeout = 2 * time.Minute

var errLetter = errors.New("the mail cannot be written")

// EmailSender sends notifications to the subscriptions of the protocols email, as text for people, and email-json, the signed envelope.
type EmailSender struct {
	Store     *store.Store
	Signer    *topic.Signer
	Host      forward.SmartHost
	Domain    string           // ours: the mails come from no-reply@Domain
	Name      string           // of the From field, for topics without a display name; "" for "AWS Notifications"
	PublicURL string           // where subscribers reach the API: https://host
	Now       func() time.Time // nil means time.Now
}

// Terms are those of SNS's mails.
func (s *EmailSender) Terms() Terms {
	return Terms{Policy: MailPolicy, Timeout: letterTimeout, Parallel: mailsAtOnce}
}

// Send hands the mail to the smart host, from the null return path.
func (s *EmailSender) Send(ctx context.Context, e Entry) Result {
	if s.Host.Addr == "" {
		return *final("no smart host is set up to send mails")
	}
	to, settled := e.addressee(context.WithoutCancel(ctx), s.Store.Read, s.now)
	if settled != nil {
		return *settled
	}
	mail, err := s.letter(e, to)
	if err != nil {
		return Result{Outcome: NotTried, Err: err}
	}
	return sendLetter(ctx, s.Host, mail)
}

func (s *EmailSender) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// sendLetter hands a mail of ours to the smart host.
func sendLetter(ctx context.Context, host forward.SmartHost, mail letter) Result {
	var content bytes.Buffer
	if err := mail.write(&content); err != nil {
		return Result{Outcome: Final, Err: err}
	}
	return mailResult(host.Send(ctx, mail.To, "", &content))
}

func (s *EmailSender) letter(e Entry, to Addressee) (letter, error) {
	base := strings.TrimSuffix(s.PublicURL, "/")
	l := letter{FromName: cmp.Or(to.Topic.DisplayName, s.Name, defaultMailName), From: "no-reply@" + s.Domain, To: e.Endpoint,
		ID: e.MessageID, Domain: s.Domain, Date: e.Published}
	if e.Kind == KindSubscriptionConfirmation {
		l.Subject = confirmationSubject
		l.Body = confirmationText(to, base+"/?Action=ConfirmSubscription&TopicArn="+to.Topic.ARN+"&Token="+to.Subscription.Token)
	} else {
		l.Subject = cmp.Or(oneLine(e.Subject), defaultMailSubject)
		l.Unsubscribe = base + "/?Action=Unsubscribe&SubscriptionArn=" + url.QueryEscape(to.Subscription.ARN)
		l.Body = notificationText(e, l.Unsubscribe)
	}
	if e.Protocol == topic.EmailJSON {
		body, _, err := e.sealed(s.Signer, to, s.PublicURL)
		l.Body = string(body) + "\n"
		return l, err
	}
	return l, nil
}

func notificationText(e Entry, unsubscribe string) string {
	return e.Body + `

--
If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:
` + unsubscribe + `

Please do not reply directly to this email.
`
}

func confirmationText(to Addressee, link string) string {
	return `You have chosen to subscribe to the topic:
` + to.Topic.ARN + `

To confirm this subscription, click or visit the link below (if this was in error no action is necessary):
` + link + `

Please do not reply directly to this email.
`
}
