package sesv2

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
	"github.com/rebound-mail/rebound/processor/store"
)

// API is SES v2 over the accounts of this installation.
type API struct {
	Store  *store.Store
	Jobs   *jobs.Runner
	Region string           // of all ARNs
	Wake   func()           // tells the delivery engine of new entries in the outbox
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger
}

// operation is one thing that the API does. What handle returns is written as JSON, nil as {}.
type operation struct {
	name       string // as in policies, after "ses:"
	permission account.Permission
	handle     func(c *call) (any, error)
}

// operations returns all operations by method and path.
func (a *API) operations() map[string]operation {
	const (
		suppressed   = "/v2/email/suppression/addresses"
		sets         = "/v2/email/configuration-sets"
		set          = sets + "/{ConfigurationSetName}"
		destinations = set + "/event-destinations"
		identities   = "/v2/email/identities"
		identity     = identities + "/{EmailIdentity}"
	)
	read, suppress, administer, send := account.Read, account.Suppress, account.Administer, account.Send
	return map[string]operation{
		"PUT " + suppressed:                        {"PutSuppressedDestination", suppress, a.putSuppressed},
		"GET " + suppressed:                        {"ListSuppressedDestinations", read, a.listSuppressed},
		"GET " + suppressed + "/{EmailAddress}":    {"GetSuppressedDestination", read, a.getSuppressed},
		"DELETE " + suppressed + "/{EmailAddress}": {"DeleteSuppressedDestination", suppress, a.deleteSuppressed},

		"POST /v2/email/import-jobs":               {"CreateImportJob", suppress, a.createImportJob},
		"POST /v2/email/import-jobs/list":          {"ListImportJobs", read, a.listImportJobs},
		"GET /v2/email/import-jobs":                {"ListImportJobs", read, a.listImportJobs}, // of clients before 2022
		"GET /v2/email/import-jobs/{JobId}":        {"GetImportJob", read, a.getImportJob},
		"POST /v2/email/export-jobs":               {"CreateExportJob", read, a.createExportJob},
		"POST /v2/email/list-export-jobs":          {"ListExportJobs", read, a.listExportJobs},
		"GET /v2/email/export-jobs/{JobId}":        {"GetExportJob", read, a.getExportJob},
		"PUT /v2/email/export-jobs/{JobId}/cancel": {"CancelExportJob", read, a.cancelExportJob},

		"GET /v2/email/account":                  {"GetAccount", read, a.getAccount},
		"PUT /v2/email/account/sending":          {"PutAccountSendingAttributes", administer, a.putAccountSending},
		"PUT /v2/email/account/suppression":      {"PutAccountSuppressionAttributes", administer, a.putAccountSuppression},
		"POST /v2/email/account/details":         {"PutAccountDetails", administer, a.putAccountDetails},
		"POST /v2/email/metrics/batch":           {"BatchGetMetricData", read, a.batchGetMetricData},
		"GET /v2/email/insights/{MessageId}":     {"GetMessageInsights", read, a.getMessageInsights},
		"GET /v2/email/insights/{MessageId}/{$}": {"GetMessageInsights", read, a.getMessageInsights},

		"POST " + sets:                                       {"CreateConfigurationSet", administer, a.createSet},
		"GET " + sets:                                        {"ListConfigurationSets", read, a.listSets},
		"GET " + set:                                         {"GetConfigurationSet", read, a.getSet},
		"DELETE " + set:                                      {"DeleteConfigurationSet", administer, a.deleteSet},
		"PUT " + set + "/suppression-options":                {"PutConfigurationSetSuppressionOptions", administer, a.putSetSuppression},
		"PUT " + set + "/sending":                            {"PutConfigurationSetSendingOptions", administer, a.putSetSending},
		"PUT " + set + "/reputation-options":                 {"PutConfigurationSetReputationOptions", administer, a.putSetReputation},
		"PUT " + set + "/tracking-options":                   {"PutConfigurationSetTrackingOptions", administer, a.putSetTracking},
		"PUT " + set + "/delivery-options":                   {"PutConfigurationSetDeliveryOptions", administer, a.putSetDelivery},
		"POST " + destinations:                               {"CreateConfigurationSetEventDestination", administer, a.createDestination},
		"GET " + destinations:                                {"GetConfigurationSetEventDestinations", read, a.getDestinations},
		"PUT " + destinations + "/{EventDestinationName}":    {"UpdateConfigurationSetEventDestination", administer, a.updateDestination},
		"DELETE " + destinations + "/{EventDestinationName}": {"DeleteConfigurationSetEventDestination", administer, a.deleteDestination},

		"POST " + identities:                     {"CreateEmailIdentity", administer, a.createIdentity},
		"GET " + identities:                      {"ListEmailIdentities", read, a.listIdentities},
		"GET " + identity:                        {"GetEmailIdentity", read, a.getIdentity},
		"DELETE " + identity:                     {"DeleteEmailIdentity", administer, a.deleteIdentity},
		"PUT " + identity + "/feedback":          {"PutEmailIdentityFeedbackAttributes", administer, a.putIdentityFeedback},
		"PUT " + identity + "/configuration-set": {"PutEmailIdentityConfigurationSetAttributes", administer, a.putIdentitySet},

		"POST /v2/email/tags":                 {"TagResource", administer, a.tagResource},
		"GET /v2/email/tags":                  {"ListTagsForResource", read, a.listTags},
		"DELETE /v2/email/tags":               {"UntagResource", administer, a.untagResource},
		"POST /v2/email/outbound-emails":      {"SendEmail", send, a.sendLater},
		"POST /v2/email/outbound-bulk-emails": {"SendBulkEmail", send, a.sendLater},
	}
}

// Handler answers authenticated calls; the caller is in their context.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, op := range a.operations() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, op) })
	}
	mux.HandleFunc("/", awsapi.UnknownOperation)
	return mux
}

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
