package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
)

// Metric is a figure in SES's words.
type Metric string

// day is the length of a point of a metric.
const day = 24 * time.Hour

// metrics are the figures that are counted. SES has others, which nothing here tells of.
var metrics = map[Metric]func(statistics.Counts) int64{
	"SEND":             func(c statistics.Counts) int64 { return c.DeliveryAttempts },
	"DELIVERY":         func(c statistics.Counts) int64 { return c.Deliveries },
	"PERMANENT_BOUNCE": func(c statistics.Counts) int64 { return c.Bounces },
	"COMPLAINT":        func(c statistics.Counts) int64 { return c.Complaints },
}

// Counted tells whether there are figures for a metric.
func (m Metric) Counted() bool { return metrics[m] != nil }

// MetricsQuery chooses figures.
type MetricsQuery struct {
	Start, End time.Time // End is not part of it
	Columns    []MetricColumn
}

// MetricColumn is a metric, as a number of mails, or as its share of the mails that were sent.
type MetricColumn struct {
	Metric Metric
	Rate   bool
}

func (c MetricColumn) name() string {
	if c.Rate {
		return string(c.Metric) + "_RATE"
	}
	return string(c.Metric)
}

// DailyCounts returns what happened on the days (UTC) from start until end on which anything did, in their order.
func DailyCounts(ctx context.Context, db *sql.DB, account string, start, end time.Time) ([]statistics.Point, error) {
	points, err := statistics.Points(ctx, db, account, start)
	if err != nil {
		return nil, err
	}
	var days []statistics.Point
	for _, point := range points {
		if !point.At.Before(end) {
			break
		}
		at := point.At.Truncate(day)
		if len(days) == 0 || !days[len(days)-1].At.Equal(at) {
			days = append(days, statistics.Point{At: at})
		}
		days[len(days)-1].Add(point.Counts)
	}
	return days, nil
}

// ValueOf returns the figure of a metric; 0 for one that is not counted.
func (m Metric) ValueOf(c statistics.Counts) int64 {
	if !m.Counted() {
		return 0
	}
	return metrics[m](c)
}

func (r *Runner) exportMetrics(ctx context.Context, j *Job, out *table) error {
	query := j.Export.Metrics
	names := []string{"Timestamp"}
	for _, column := range query.Columns {
		names = append(names, column.name())
	}
	if err := out.head(names...); err != nil {
		return err
	}
	days, err := DailyCounts(ctx, r.store.Read, j.Account, query.Start, query.End)
	if err != nil {
		return err
	}
	for _, point := range days {
		row := []string{schemas.FormatTime(point.At)}
		for _, column := range query.Columns {
			row = append(row, column.value(point.Counts))
		}
		if err := out.write(row...); err != nil {
			return err
		}
		j.Processed++
		j.Exported++
	}
	if err := r.progress(ctx, j); err != nil {
		return err
	}
	return out.flush()
}

func (c MetricColumn) value(counts statistics.Counts) string {
	value := c.Metric.ValueOf(counts)
	if !c.Rate {
		return strconv.FormatInt(value, 10)
	}
	if counts.DeliveryAttempts == 0 {
		return "0"
	}
	return fmt.Sprintf("%.6f", float64(value)/float64(counts.DeliveryAttempts))
}

// CountedMetrics returns the metrics that there are figures for, in the order of the alphabet.
func CountedMetrics() []Metric {
	names := make([]Metric, 0, len(metrics))
	for name := range metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
