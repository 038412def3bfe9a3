package jobs

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/awsapi/jobs/importfile"
	"github.com/rebound-mail/rebound/schemas"
)

// Kind tells what a job does.
type Kind string

// The kinds.
const (
	KindImport Kind = "import"
	KindExport Kind = "export"
)

// Status is how far a job is, in the words of SES.
type Status string

// The statuses. The last three are final.
const (
	Created    Status = "CREATED"
	Processing Status = "PROCESSING"
	Completed  Status = "COMPLETED"
	Failed     Status = "FAILED"
	Cancelled  Status = "CANCELLED"
)

// Action is what an import does with the addresses of a file.
type Action string

// The actions.
const (
	Put    Action = "PUT"
	Delete Action = "DELETE"
)

// Import brings a file into the suppression list of the account.
type Import struct {
	Action Action
	S3URL  string // s3://BUCKET/KEY
	Format importfile.Format
}

// Export writes a file. One of Insights and Metrics is set.
type Export struct {
	Format   importfile.Format
	Insights *InsightsQuery `json:",omitempty"`
	Metrics  *MetricsQuery  `json:",omitempty"`
}

// Job is an import or an export.
type Job struct {
	ID      string
	Account string
	Import  *Import // or
	Export  *Export

	Status    Status
	Created   time.Time // kept in milliseconds
	Completed time.Time // zero until it has ended
	Processed int64     // records, refused ones as well
	Failed    int64     // records of an import that were refused
	Exported  int64     // records of an export that were written
	ResultURL string    // of an import the refused records, "" when there are none; of an export the file
	Problem   string    // why it failed; "" when it did not
}

// Kind returns what the job does.
func (j Job) Kind() Kind {
	if j.Export != nil {
		return KindExport
	}
	return KindImport
}

var (
	// ErrNotFound is returned for a job that the account does not have.
	ErrNotFound = errors.New("jobs: no such job")
	// ErrEnded is returned for cancelling a job that has ended.
	ErrEnded = errors.New("jobs: the job has ended")
	// ErrCursor is returned for a cursor that List did not give.
	ErrCursor = errors.New("jobs: invalid cursor")
	// ErrLocation is wrapped by the error for what is no s3://BUCKET/KEY.
	ErrLocation = errors.New("jobs: write s3://BUCKET/KEY")
)

// Create stores a new job; the runner does it. It fills in ID, Status and Created. The error wraps ErrLocation.
func Create(ctx context.Context, tx *sql.Tx, j *Job, now time.Time) error {
	var task any = j.Export
	if j.Import != nil {
		if _, err := parseLocation(j.Import.S3URL); err != nil {
			return err
		}
		task = j.Import
	}
	encoded, err := json.Marshal(task)
	if err != nil {
		return fmt.Errorf("jobs: create: %w", err)
	}
	j.ID, j.Status, j.Created = schemas.NewUUID(), Created, now.UTC().Truncate(time.Millisecond)
	if _, err := tx.ExecContext(ctx, insertJob, j.ID, j.Account, string(j.Kind()), string(encoded), string(j.Status), j.Created.UnixMilli()); err != nil {
		return fmt.Errorf("jobs: create: %w", err)
	}
	return nil
}

// Get returns a job of an account. Errors: ErrNotFound.
func Get(ctx context.Context, db *sql.DB, account string, kind Kind, id string) (Job, error) {
	j, err := scan(db.QueryRowContext(ctx, selectJob, id, account, string(kind)))
	if errors.Is(err, sql.ErrNoRows) {
		return Job{}, ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("jobs: get %s: %w", id, err)
	}
	return j, nil
}

// List returns at most limit jobs of an account, the newest first, and the cursor of the next page, which is empty after the last. An
// empty status selects all. Errors: ErrCursor.
func List(ctx context.Context, db *sql.DB, account string, kind Kind, status Status, cursor string, limit int) ([]Job, string, error) {
	created, id, err := decodeCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := db.QueryContext(ctx, selectJobs, account, string(kind), string(status), created, id, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("jobs: list: %w", err)
	}
	defer rows.Close()
	var found []Job
	for rows.Next() {
		j, err := scan(rows)
		if err != nil {
			return nil, "", fmt.Errorf("jobs: list: %w", err)
		}
		found = append(found, j)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("jobs: list: %w", err)
	}
	if len(found) <= limit {
		return found, "", nil
	}
	last := found[limit-1]
	return found[:limit], base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", last.Created.UnixMilli(), last.ID)), nil
}

func decodeCursor(cursor string) (created int64, id string, err error) {
	if cursor == "" {
		return 1<<63 - 1, "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, "", ErrCursor
	}
	millis, id, _ := strings.Cut(string(text), " ")
	if created, err = strconv.ParseInt(millis, 10, 64); err != nil || id == "" {
		return 0, "", ErrCursor
	}
	return created, id, nil
}

// Cancel ends a job before it is done. Errors: ErrNotFound, ErrEnded.
func Cancel(ctx context.Context, tx *sql.Tx, account string, kind Kind, id string, now time.Time) error {
	result, err := tx.ExecContext(ctx, cancelJob, now.UnixMilli(), id, account, string(kind))
	if err != nil {
		return fmt.Errorf("jobs: cancel %s: %w", id, err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = scan(tx.QueryRowContext(ctx, selectJob, id, account, string(kind)))
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("jobs: cancel %s: %w", id, err)
	}
	return ErrEnded
}
