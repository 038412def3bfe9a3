package sesv1

import (
	"context"
	"database/sql"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/statistics"
)

// dataPoint is what became of the mails of 15 minutes.
type dataPoint struct {
	Timestamp        string
	DeliveryAttempts int64
	Bounces          int64 // for good
	Complaints       int64
	Rejects          int64
}

func (a *API) getStatistics(ctx context.Context, caller auth.Caller, _ query.Values) (any, error) {
	found, err := statistics.Points(ctx, a.Store.Read, caller.Account, a.now().Add(-statistics.Retention))
	if err != nil {
		return nil, err
	}
	points := query.List[dataPoint]{}
	for _, p := range found {
		points = append(points, dataPoint{p.At.Format(time.RFC3339), p.DeliveryAttempts, p.Bounces, p.Complaints, p.Rejects})
	}
	return struct{ SendDataPoints query.List[dataPoint] }{points}, nil
}

func (a *API) getQuota(ctx context.Context, caller auth.Caller, _ query.Values) (any, error) {
	quota, err := statistics.QuotaOf(ctx, a.Store.Read, caller.Account, a.now())
	return struct{ Max24HourSend, MaxSendRate, SentLast24Hours number }{number(quota.Max24HourSend), number(quota.MaxSendRate), number(quota.SentLast24Hours)}, err
}

func (a *API) getSending(ctx context.Context, caller auth.Caller, _ query.Values) (any, error) {
	owner, err := account.Get(ctx, a.Store.Read, caller.Account)
	return struct{ Enabled bool }{!owner.SendingPaused}, err
}

// updateSending enables sending or pauses it; without Enabled it pauses, as at SES.
func (a *API) updateSending(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	enabled := false
	if values.Get("Enabled") != "" {
		var err error
		if enabled, err = flag(values, "Enabled"); err != nil {
			return nil, err
		}
	}
	return nil, a.transact(ctx, func(tx *sql.Tx) error {
		return account.Change(ctx, tx, caller.Account, func(owner *account.Account) error { owner.SendingPaused = !enabled; return nil })
	})
}
