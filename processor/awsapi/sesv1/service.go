package sesv1

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/store"
)

// API is SES v1 over the accounts of this installation.
type API struct {
	Store  *store.Store
	Bus    *bus.Bus         // holds the mails that came in, for SendBounce
	Region string           // of all ARNs
	Domain string           // ours: of the bounces that are sent
	Wake   func()           // tells the delivery engine of new entries in the outbox
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger
}

// handler does an action; see query.Action.
type handler = func(ctx context.Context, caller auth.Caller, values query.Values) (any, error)

// Service returns the actions, by name.
func (a *API) Service() *query.Service {
	s := &query.Service{Prefix: "ses", Names: []string{"ses", "email"}, Version: "2010-12-01", Namespace: "http://ses.amazonaws.com/doc/2010-12-01/",
		Denied: "AccessDenied", Internal: "InternalFailure", Log: a.Log, Actions: map[string]query.Action{}}
	for permission, handlers := range map[account.Permission]map[string]handler{
		account.Read: {
			"DescribeConfigurationSet": a.describeSet, "GetAccountSendingEnabled": a.getSending, "GetIdentityDkimAttributes": a.getDkim,
			"GetIdentityMailFromDomainAttributes": a.getMailFrom, "GetIdentityNotificationAttributes": a.getNotifications,
			"GetIdentityVerificationAttributes": a.getVerification, "GetSendQuota": a.getQuota, "GetSendStatistics": a.getStatistics,
			"ListConfigurationSets": a.listSets, "ListIdentities": a.listIdentities, "ListVerifiedEmailAddresses": a.listAddresses,
		},
		account.Send: {
			"SendBounce": a.sendBounce, "SendBulkTemplatedEmail": sendLater, "SendEmail": sendLater, "SendRawEmail": sendLater, "SendTemplatedEmail": sendLater,
		},
		account.Administer: {
			"CreateConfigurationSet": a.createSet, "CreateConfigurationSetEventDestination": a.createDestination,
			"CreateConfigurationSetTrackingOptions": a.createTracking, "DeleteConfigurationSet": a.deleteSet,
			"DeleteConfigurationSetEventDestination": a.deleteDestination, "DeleteConfigurationSetTrackingOptions": a.deleteTracking,
			"DeleteIdentity": a.deleteIdentity, "DeleteVerifiedEmailAddress": a.deleteAddress, "PutConfigurationSetDeliveryOptions": a.putDelivery,
			"SetIdentityFeedbackForwardingEnabled": a.setForwarding, "SetIdentityHeadersInNotificationsEnabled": a.setHeaders,
			"SetIdentityNotificationTopic": a.setTopic, "UpdateAccountSendingEnabled": a.updateSending,
			"UpdateConfigurationSetEventDestination": a.updateDestination, "UpdateConfigurationSetReputationMetricsEnabled": a.updateReputation,
			"UpdateConfigurationSetSendingEnabled": a.updateSetSending, "UpdateConfigurationSetTrackingOptions": a.updateTracking,
			"VerifyDomainDkim": a.verifyDkim, "VerifyDomainIdentity": a.verifyDomain, "VerifyEmailAddress": a.verifyAddress, "VerifyEmailIdentity": a.verifyAddress,
		},
	} {
		for name, handle := range handlers {
			s.Actions[name] = query.Action{Permission: permission, Handle: handle, NoResult: withoutResult[name]}
		}
	}
	return s
}

// withoutResult are the actions whose answer has no …Result element.
var withoutResult = map[string]bool{"VerifyEmailAddress": true, "DeleteVerifiedEmailAddress": true, "UpdateAccountSendingEnabled": true,
	"UpdateConfigurationSetSendingEnabled": true, "UpdateConfigurationSetReputationMetricsEnabled": true}

func (a *API) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// transact runs one write and wakes the delivery engine, which finds out by itself whether there is something to send.
func (a *API) transact(ctx context.Context, write func(tx *sql.Tx) error) error {
	err := a.Store.Transact(ctx, write)
	if err == nil {
		a.Wake()
	}
	return err
}
