package jobs

import (
	"encoding/json"
	"fmt"
	"time"
)

const columns = `id, account, kind, task, status, created, completed, processed, failed, exported, result_url, problem`

const (
	insertJob  = `INSERT INTO jobs (id, account, kind, task, status, created) VALUES ($1, $2, $3, $4, $5, $6)`
	selectJob  = `SELECT ` + columns + ` FROM jobs WHERE id = $1 AND account = $2 AND kind = $3`
	selectJobs = `SELECT ` + columns + ` FROM jobs
WHERE account = $1 AND kind = $2 AND ($3 = '' OR status = $3) AND (created, id) < ($4, $5) ORDER BY created DESC, id DESC LIMIT $6`
	cancelJob = `UPDATE jobs SET status = 'CANCELLED', completed = $1 WHERE id = $2 AND account = $3 AND kind = $4 AND completed = 0`
	purgeJobs = `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE completed > 0 AND completed < $1 LIMIT $2)`

	// claimJob gives the oldest job that nobody works on.
	claimJob = `UPDATE jobs SET status = 'PROCESSING', owner = $1, leased = $2
WHERE id = (SELECT id FROM jobs WHERE completed = 0 AND leased <= $3 ORDER BY created, id LIMIT 1) AND completed = 0 AND leased <= $3
RETURNING ` + columns
	// advanceJob and endJob do nothing when the job was cancelled, or is another runner's by now.
	advanceJob = `UPDATE jobs SET processed = $1, failed = $2, exported = $3, leased = $4 WHERE id = $5 AND owner = $6 AND completed = 0`
	endJob     = `UPDATE jobs SET status = $1, completed = $2, processed = $3, failed = $4, exported = $5, result_url = $6, problem = $7
WHERE id = $8 AND owner = $9 AND completed = 0`
	releaseJob = `UPDATE jobs SET leased = 0 WHERE id = $1 AND owner = $2 AND completed = 0`
)

// row is what a single row and each of several have in common.
type row interface{ Scan(into ...any) error }

func scan(r row) (Job, error) {
	var j Job
	var kind Kind
	var task string
	var created, completed int64
	if err := r.Scan(&j.ID, &j.Account, &kind, &task, &j.Status, &created, &completed, &j.Processed, &j.Failed, &j.Exported, &j.ResultURL, &j.Problem); err != nil {
		return Job{}, err
	}
	if j.Created = time.UnixMilli(created).UTC(); completed > 0 {
		j.Completed = time.UnixMilli(completed).UTC()
	}
	var err error
	if kind == KindImport {
		err = json.Unmarshal([]byte(task), &j.Import)
	} else {
		err = json.Unmarshal([]byte(task), &j.Export)
	}
	if err != nil {
		return Job{}, fmt.Errorf("job %s: %w", j.ID, err)
	}
	return j, nil
}
