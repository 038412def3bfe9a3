package sesv2

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs/importfile"
)

// importDestination says where an import goes.
type importDestination struct {
	SuppressionListDestination *suppressionListDestination `json:",omitempty"`
	ContactListDestination     json.RawMessage             `json:",omitempty"`
}

type suppressionListDestination struct{ SuppressionListImportAction string }

type importSource struct {
	S3URL      string `json:"S3Url"`
	DataFormat string
}

// importJob is an import job as it is shown. ImportDestination.SuppressionListDestination is always there.
type importJob struct {
	JobID                 string `json:"JobId"`
	ImportDestination     importDestination
	ImportDataSource      *importSource `json:",omitempty"` // not in lists
	FailureInfo           *failureInfo  `json:",omitempty"`
	JobStatus             jobs.Status
	CreatedTimestamp      moment
	CompletedTimestamp    moment `json:",omitzero"`
	ProcessedRecordsCount int64
	FailedRecordsCount    int64
}

type failureInfo struct {
	FailedRecordsS3URL string `json:"FailedRecordsS3Url,omitempty"`
	ErrorMessage       string `json:",omitempty"`
}

func formats() []string { return []string{string(importfile.CSV), string(importfile.JSON)} }

func (a *API) createImportJob(c *call) (any, error) {
	var wanted struct {
		ImportDestination *importDestination
		ImportDataSource  *importSource
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.present("importDestination", wanted.ImportDestination != nil)
	wrong.present("importDataSource", wanted.ImportDataSource != nil)
	if wanted.ImportDataSource != nil {
		wrong.required("importDataSource.s3Url", wanted.ImportDataSource.S3URL)
		wrong.oneOf("importDataSource.dataFormat", wanted.ImportDataSource.DataFormat, formats()...)
	}
	list := &suppressionListDestination{}
	if wanted.ImportDestination != nil && wanted.ImportDestination.SuppressionListDestination != nil {
		list = wanted.ImportDestination.SuppressionListDestination
		wrong.oneOf("importDestination.suppressionListDestination.suppressionListImportAction", list.SuppressionListImportAction, string(jobs.Put), string(jobs.Delete))
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	if wanted.ImportDestination.ContactListDestination != nil || wanted.ImportDestination.SuppressionListDestination == nil {
		return nil, badRequest("There are no contact lists here: give SuppressionListDestination as ImportDestination.")
	}
	job := jobs.Job{Account: c.account, Import: &jobs.Import{Action: jobs.Action(list.SuppressionListImportAction),
		S3URL: wanted.ImportDataSource.S3URL, Format: importfile.Format(wanted.ImportDataSource.DataFormat)}}
	return a.createJob(c, &job)
}

// createJob stores a job and wakes the runner.
func (a *API) createJob(c *call, job *jobs.Job) (any, error) {
	err := a.transact(c, func(tx *sql.Tx) error { return jobs.Create(c, tx, job, a.now()) })
	if errors.Is(err, jobs.ErrLocation) {
		return nil, badRequest("%v; a bucket is a folder below the folder buckets of the server's data", err)
	}
	if err != nil {
		return nil, err
	}
	a.Jobs.Wake()
	return struct {
		JobID string `json:"JobId"`
	}{job.ID}, nil
}

func (a *API) getImportJob(c *call) (any, error) {
	job, err := a.job(c, jobs.KindImport)
	if err != nil {
		return nil, err
	}
	shown := shownImport(job)
	shown.ImportDataSource = &importSource{job.Import.S3URL, string(job.Import.Format)}
	if job.ResultURL != "" || job.Problem != "" {
		shown.FailureInfo = &failureInfo{job.ResultURL, job.Problem}
	}
	return shown, nil
}

// job returns the job that the path names.
func (a *API) job(c *call, kind jobs.Kind) (jobs.Job, error) {
	job, err := jobs.Get(c, a.Store.Read, c.account, kind, c.path("JobId"))
	return job, noJob(err, c)
}

func noJob(err error, c *call) error {
	if errors.Is(err, jobs.ErrNotFound) {
		return notFound("Job %.64s does not exist.", c.path("JobId"))
	}
	return err
}

func shownImport(job jobs.Job) importJob {
	return importJob{JobID: job.ID, JobStatus: job.Status, CreatedTimestamp: moment{job.Created}, CompletedTimestamp: moment{job.Completed},
		ImportDestination:     importDestination{SuppressionListDestination: &suppressionListDestination{string(job.Import.Action)}},
		ProcessedRecordsCount: job.Processed, FailedRecordsCount: job.Failed}
}

// jobsWanted chooses jobs to list. Clients before 2022 write it in the query.
type jobsWanted struct {
	ImportDestinationType string
	ExportSourceType      string
	JobStatus             string
	NextToken             string
	PageSize              *int
}

func (a *API) listImportJobs(c *call) (any, error) {
	var wanted jobsWanted
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.ImportDestinationType == "" {
		wanted.ImportDestinationType = c.query("ImportDestinationType")
	}
	if wanted.ImportDestinationType != "" {
		var wrong violations
		wrong.oneOf("importDestinationType", wanted.ImportDestinationType, "SUPPRESSION_LIST", "CONTACT_LIST")
		if err := wrong.err(); err != nil {
			return nil, err
		}
	}
	found, next, err := a.listJobs(c, jobs.KindImport, wanted)
	if err != nil {
		return nil, err
	}
	answer := struct {
		ImportJobs []importJob
		NextToken  string `json:",omitempty"`
	}{[]importJob{}, next}
	if wanted.ImportDestinationType == "CONTACT_LIST" {
		return struct{ ImportJobs []importJob }{[]importJob{}}, nil
	}
	for _, job := range found {
		answer.ImportJobs = append(answer.ImportJobs, shownImport(job))
	}
	return answer, nil
}

func (a *API) listJobs(c *call, kind jobs.Kind, wanted jobsWanted) ([]jobs.Job, string, error) {
	if wanted.NextToken == "" {
		wanted.NextToken = c.query("NextToken")
	}
	size := c.query("PageSize")
	if wanted.PageSize != nil {
		size = strconv.Itoa(*wanted.PageSize)
	}
	limit, err := pageSize(size)
	if err != nil {
		return nil, "", err
	}
	found, next, err := jobs.List(c, a.Store.Read, c.account, kind, jobs.Status(wanted.JobStatus), wanted.NextToken, limit)
	if errors.Is(err, jobs.ErrCursor) {
		err = errToken
	}
	return found, next, err
}
