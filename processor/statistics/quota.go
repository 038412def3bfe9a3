package statistics

import (
	"context"
	"database/sql"
	"time"
)

// Quota is how much an account may send, in the words of SES.
type Quota struct {
	Max24HourSend   float64 // mails; -1 is no limit
	MaxSendRate     float64 // mails a second
	SentLast24Hours float64 // mails, counted by recipient
}

// unboundedRate stands for no limit. Unlike Max24HourSend the rate knows no -1: django-ses fails on one, and others would wait for ever.
const unboundedRate = 1000

// QuotaOf returns the quota of an account and how much of it is used. Nothing limits what is sent past us.
func QuotaOf(ctx context.Context, db *sql.DB, account string, now time.Time) (Quota, error) {
	points, err := Points(ctx, db, account, now.Add(-24*time.Hour))
	if err != nil {
		return Quota{}, err
	}
	return Quota{Max24HourSend: -1, MaxSendRate: unboundedRate, SentLast24Hours: float64(Sum(points).DeliveryAttempts)}, nil
}
