package sesv2

import (
	"errors"
	"fmt"

	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
)

// metricNames are all metrics of SES.
var metricNames = []string{"SEND", "COMPLAINT", "PERMANENT_BOUNCE", "TRANSIENT_BOUNCE", "OPEN", "CLICK", "DELIVERY", "DELIVERY_OPEN", "DELIVERY_CLICK",
	"DELIVERY_COMPLAINT"}

type metricQuery struct {
	ID         string `json:"Id"`
	Namespace  string
	Metric     string
	Dimensions map[string]string
	StartDate  moment
	EndDate    moment
}

type metricResult struct {
	ID         string `json:"Id"`
	Timestamps []moment
	Values     []int64
}

type metricError struct {
	ID      string `json:"Id"`
	Code    string
	Message string
}

// batchGetMetricData answers each query with a value for each day on which anything happened, or with an error for figures that nobody
// counts.
func (a *API) batchGetMetricData(c *call) (any, error) {
	var wanted struct{ Queries []metricQuery }
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.present("queries", len(wanted.Queries) > 0)
	wrong.atMost("queries", len(wanted.Queries), 10)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	answer := struct {
		Results []metricResult
		Errors  []metricError
	}{[]metricResult{}, []metricError{}}
	for _, query := range wanted.Queries {
		if err := query.check(); err != nil {
			return nil, err
		}
		if problem := query.problem(); problem != "" {
			answer.Errors = append(answer.Errors, metricError{query.ID, "INTERNAL_FAILURE", problem})
			continue
		}
		days, err := jobs.DailyCounts(c, a.Store.Read, c.account, query.StartDate.Time, query.EndDate.Time)
		if err != nil {
			return nil, err
		}
		result := metricResult{query.ID, []moment{}, []int64{}}
		for _, point := range days {
			result.Timestamps = append(result.Timestamps, moment{point.At})
			result.Values = append(result.Values, jobs.Metric(query.Metric).ValueOf(point.Counts))
		}
		answer.Results = append(answer.Results, result)
	}
	return answer, nil
}

func (q metricQuery) check() error {
	var wrong violations
	wrong.required("queries.member.id", q.ID)
	wrong.atMost("queries.member.id", len(q.ID), 255)
	wrong.oneOf("queries.member.namespace", q.Namespace, "VDM")
	wrong.oneOf("queries.member.metric", q.Metric, metricNames...)
	for name := range q.Dimensions {
		wrong.eachOf("queries.member.dimensions", []string{name}, "EMAIL_IDENTITY", "CONFIGURATION_SET", "ISP")
	}
	return errors.Join(wrong.err(), span(q.StartDate, q.EndDate))
}

// problem says why there is no answer; "" when there is one.
func (q metricQuery) problem() string {
	if len(q.Dimensions) > 0 {
		return "Figures are kept for the whole account: leave the dimensions out."
	}
	if !jobs.Metric(q.Metric).Counted() {
		return uncounted(jobs.Metric(q.Metric))
	}
	return ""
}

func uncounted(metric jobs.Metric) string {
	return fmt.Sprintf("Nobody counts %s here; there are %v.", metric, jobs.CountedMetrics())
}
