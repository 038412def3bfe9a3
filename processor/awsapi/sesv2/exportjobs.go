package sesv2

import (
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs/importfile"
)

// What an export tells of.
const (
	metricsData     = "METRICS_DATA"
	messageInsights = "MESSAGE_INSIGHTS"
)

type exportSource struct {
	MetricsDataSource     *metricsSource  `json:",omitempty"`
	MessageInsightsSource *insightsSource `json:"MessageInsightsDataSource,omitempty"`
}

type metricsSource struct {
	Dimensions map[string][]string
	Namespace  string
	Metrics    []exportMetric
	StartDate  moment
	EndDate    moment
}

type exportMetric struct{ Name, Aggregation string }

type insightsSource struct {
	StartDate  moment
	EndDate    moment
	Include    *jobs.Filters `json:",omitempty"`
	Exclude    *jobs.Filters `json:",omitempty"`
	MaxResults int           `json:",omitempty"`
}

type exportDestination struct {
	DataFormat string
	S3URL      string `json:"S3Url,omitempty"`
}

// exportJob is an export job as it is shown. A list leaves out where it comes from and goes to.
type exportJob struct {
	JobID              string `json:"JobId"`
	ExportSourceType   string
	JobStatus          jobs.Status
	ExportDestination  *exportDestination `json:",omitempty"`
	ExportDataSource   *exportSource      `json:",omitempty"`
	CreatedTimestamp   moment
	CompletedTimestamp moment        `json:",omitzero"`
	Statistics         *exportCounts `json:",omitempty"`
	FailureInfo        *failureInfo  `json:",omitempty"`
}

type exportCounts struct{ ProcessedRecordsCount, ExportedRecordsCount int64 }

// maxFilter is how many values a filter of an export has at most, as at SES.
const maxFilter = 5

func (a *API) createExportJob(c *call) (any, error) {
	var wanted struct {
		ExportDataSource  *exportSource
		ExportDestination *exportDestination
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.present("exportDataSource", wanted.ExportDataSource != nil)
	wrong.present("exportDestination", wanted.ExportDestination != nil)
	if wanted.ExportDestination != nil {
		wrong.oneOf("exportDestination.dataFormat", wanted.ExportDestination.DataFormat, formats()...)
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	task := &jobs.Export{Format: importfile.Format(wanted.ExportDestination.DataFormat)}
	var err error
	switch source := wanted.ExportDataSource; {
	case (source.MetricsDataSource == nil) == (source.MessageInsightsSource == nil):
		err = badRequest("ExportDataSource has either MetricsDataSource or MessageInsightsDataSource.")
	case source.MetricsDataSource != nil:
		task.Metrics, err = source.MetricsDataSource.query()
	default:
		task.Insights, err = source.MessageInsightsSource.query()
	}
	if err != nil {
		return nil, err
	}
	return a.createJob(c, &jobs.Job{Account: c.account, Export: task})
}

func (s metricsSource) query() (*jobs.MetricsQuery, error) {
	query := &jobs.MetricsQuery{Start: s.StartDate.Time, End: s.EndDate.Time}
	var wrong violations
	wrong.oneOf("namespace", s.Namespace, "VDM")
	wrong.present("metrics", len(s.Metrics) > 0)
	wrong.atMost("metrics", len(s.Metrics), 10)
	for _, metric := range s.Metrics {
		wrong.oneOf("metrics.member.aggregation", metric.Aggregation, "VOLUME", "RATE")
		wrong.oneOf("metrics.member.name", metric.Name, metricNames...)
		query.Columns = append(query.Columns, jobs.MetricColumn{Metric: jobs.Metric(metric.Name), Rate: metric.Aggregation == "RATE"})
	}
	if err := errors.Join(wrong.err(), span(s.StartDate, s.EndDate)); err != nil {
		return nil, err
	}
	for _, column := range query.Columns {
		if !column.Metric.Counted() {
			return nil, badRequest("%s", uncounted(column.Metric))
		}
	}
	for name, values := range s.Dimensions {
		if !slices.Equal(values, []string{"*"}) {
			return nil, badRequest("Figures are kept for the whole account: dimension %.32s has the value * alone.", name)
		}
	}
	return query, nil
}

func (s insightsSource) query() (*jobs.InsightsQuery, error) {
	query := &jobs.InsightsQuery{Start: s.StartDate.Time, End: s.EndDate.Time, Most: s.MaxResults}
	var wrong violations
	if s.MaxResults < 0 || s.MaxResults > jobs.MaxInsights {
		wrong.add("maxResults", "Member must have value less than or equal to "+strconv.Itoa(jobs.MaxInsights))
	}
	for name, filters := range map[string]*jobs.Filters{"include": s.Include, "exclude": s.Exclude} {
		if filters != nil {
			checkFilters(&wrong, name, *filters)
		}
	}
	if err := errors.Join(wrong.err(), span(s.StartDate, s.EndDate)); err != nil {
		return nil, err
	}
	if s.Include != nil {
		query.Include = *s.Include
	}
	if s.Exclude != nil {
		query.Exclude = *s.Exclude
	}
	return query, nil
}

func checkFilters(wrong *violations, name string, f jobs.Filters) {
	for member, values := range map[string][]string{"fromEmailAddress": f.FromEmailAddress, "destination": f.Destination, "subject": f.Subject, "isp": f.Isp,
		"lastDeliveryEvent": f.LastDeliveryEvent, "lastEngagementEvent": f.LastEngagementEvent} {
		wrong.atMost(name+"."+member, len(values), maxFilter)
		for _, value := range values {
			wrong.atMost(name+"."+member+".member", len(value), 998)
		}
	}
	wrong.eachOf(name+".lastDeliveryEvent", f.LastDeliveryEvent, "SEND", "DELIVERY", "TRANSIENT_BOUNCE", "PERMANENT_BOUNCE", "UNDETERMINED_BOUNCE", "COMPLAINT")
	wrong.eachOf(name+".lastEngagementEvent", f.LastEngagementEvent, "OPEN", "CLICK")
}

// span checks the time that is asked about.
func span(start, end moment) error {
	var wrong violations
	wrong.present("startDate", !start.IsZero())
	wrong.present("endDate", !end.IsZero())
	if err := wrong.err(); err != nil {
		return err
	}
	if !start.Before(end.Time) {
		return badRequest("StartDate must be before EndDate.")
	}
	return nil
}

func (a *API) getExportJob(c *call) (any, error) {
	job, err := a.job(c, jobs.KindExport)
	if err != nil {
		return nil, err
	}
	shown := shownExport(job)
	shown.ExportDestination = &exportDestination{string(job.Export.Format), job.ResultURL}
	shown.ExportDataSource = sourceOf(*job.Export)
	if job.Status == jobs.Completed {
		shown.Statistics = &exportCounts{job.Processed, job.Exported}
	}
	if job.Problem != "" {
		shown.FailureInfo = &failureInfo{ErrorMessage: job.Problem}
	}
	return shown, nil
}

func shownExport(job jobs.Job) exportJob {
	kind := messageInsights
	if job.Export.Metrics != nil {
		kind = metricsData
	}
	return exportJob{JobID: job.ID, ExportSourceType: kind, JobStatus: job.Status, CreatedTimestamp: moment{job.Created}, CompletedTimestamp: moment{job.Completed}}
}

func sourceOf(task jobs.Export) *exportSource {
	if query := task.Metrics; query != nil {
		source := &metricsSource{Dimensions: map[string][]string{}, Namespace: "VDM", StartDate: moment{query.Start}, EndDate: moment{query.End}}
		for _, column := range query.Columns {
			aggregation := "VOLUME"
			if column.Rate {
				aggregation = "RATE"
			}
			source.Metrics = append(source.Metrics, exportMetric{string(column.Metric), aggregation})
		}
		return &exportSource{MetricsDataSource: source}
	}
	query := task.Insights
	return &exportSource{MessageInsightsSource: &insightsSource{StartDate: moment{query.Start}, EndDate: moment{query.End}, Include: &query.Include,
		Exclude: &query.Exclude, MaxResults: query.Most}}
}

func (a *API) listExportJobs(c *call) (any, error) {
	var wanted jobsWanted
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	if wanted.ExportSourceType != "" {
		wrong.oneOf("exportSourceType", wanted.ExportSourceType, metricsData, messageInsights)
	}
	if wanted.JobStatus != "" {
		wrong.oneOf("jobStatus", wanted.JobStatus, string(jobs.Created), string(jobs.Processing), string(jobs.Completed), string(jobs.Failed), string(jobs.Cancelled))
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	found, next, err := a.listJobs(c, jobs.KindExport, wanted)
	if err != nil {
		return nil, err
	}
	answer := struct {
		ExportJobs []exportJob
		NextToken  string `json:",omitempty"`
	}{[]exportJob{}, next}
	for _, job := range found {
		if shown := shownExport(job); wanted.ExportSourceType == "" || shown.ExportSourceType == wanted.ExportSourceType {
			answer.ExportJobs = append(answer.ExportJobs, shown)
		}
	}
	return answer, nil
}

func (a *API) cancelExportJob(c *call) (any, error) {
	err := a.transact(c, func(tx *sql.Tx) error {
		return jobs.Cancel(c, tx, c.account, jobs.KindExport, c.path("JobId"), a.now().Truncate(time.Millisecond))
	})
	if errors.Is(err, jobs.ErrEnded) {
		return nil, badRequest("Job %.64s has ended and cannot be cancelled.", c.path("JobId"))
	}
	return nil, noJob(err, c)
}
