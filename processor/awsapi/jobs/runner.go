package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	// lease is how long a job stays with a runner that says nothing more: one that was killed loses it then.
	lease = 10 * time.Second
	// look is how often a runner looks for jobs of others that were killed.
	look = 5 * time.Second
	// Retention is how long a job is shown after it has ended.
	Retention = 30 * 24 * time.Hour
)

// Runner does the jobs, one after the other.
type Runner struct {
	store   *store.Store
	buckets *Buckets
	now     func() time.Time
	log     *slog.Logger
	id      string
	wake    chan struct{}
}

// NewRunner returns a runner; Run makes it work. A nil now is time.Now.
func NewRunner(s *store.Store, buckets *Buckets, now func() time.Time, log *slog.Logger) *Runner {
	if now == nil {
		now = time.Now
	}
	return &Runner{store: s, buckets: buckets, now: now, log: log, id: schemas.NewUUID(), wake: make(chan struct{}, 1)}
}

// Wake tells the runner of a new job.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run does jobs until ctx ends. A job that is not done then is done by whoever runs next, from where it was.
func (r *Runner) Run(ctx context.Context) error {
	ticks := time.NewTicker(look)
	defer ticks.Stop()
	for {
		for ctx.Err() == nil {
			did, err := r.Next(ctx)
			if err != nil && ctx.Err() == nil {
				r.log.Error("a job stopped and is tried again", "error", err)
			}
			if !did || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-ticks.C:
		}
	}
}

// Next does one job and tells whether there was one. When it returns an error the job is to be done again.
func (r *Runner) Next(ctx context.Context) (did bool, err error) {
	var j Job
	err = r.store.Transact(ctx, func(tx *sql.Tx) error {
		now := r.now()
		if _, err := tx.ExecContext(ctx, purgeJobs, now.Add(-Retention).UnixMilli(), 100); err != nil {
			return err
		}
		j, err = scan(tx.QueryRowContext(ctx, claimJob, r.id, now.Add(lease).UnixMilli(), now.UnixMilli()))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("jobs: claim: %w", err)
	}
	if j.Import != nil {
		err = r.runImport(ctx, &j)
	} else {
		err = r.runExport(ctx, &j)
	}
	var fault *fault
	switch {
	case err == nil:
		err = r.end(ctx, j, Completed)
	case errors.As(err, &fault):
		j.Problem = fault.Error()
		r.log.Warn("a job failed", "job", j.ID, "error", err)
		err = r.end(ctx, j, Failed)
	case errors.Is(err, errLost):
		return true, nil
	default:
		err = errors.Join(fmt.Errorf("jobs: %s: %w", j.ID, err), r.release(ctx, j))
	}
	return true, err
}

// fault is an error that the owner of a job is told: it is about the job, not about us.
type fault struct{ message string }

func (f *fault) Error() string { return f.message }

func fail(format string, args ...any) error { return &fault{fmt.Sprintf(format, args...)} }

// errLost is returned when a job was cancelled, or another runner has it.
var errLost = errors.New("jobs: the job is no longer this runner's")

// advance notes how far a job is, and keeps it.
func (r *Runner) advance(ctx context.Context, tx *sql.Tx, j *Job) error {
	return mine(tx.ExecContext(ctx, advanceJob, j.Processed, j.Failed, j.Exported, r.now().Add(lease).UnixMilli(), j.ID, r.id))
}

func (r *Runner) end(ctx context.Context, j Job, status Status) error {
	err := r.store.Transact(ctx, func(tx *sql.Tx) error {
		return mine(tx.ExecContext(ctx, endJob, string(status), r.now().UnixMilli(), j.Processed, j.Failed, j.Exported, j.ResultURL, j.Problem, j.ID, r.id))
	})
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// release lets another runner take the job at once.
func (r *Runner) release(ctx context.Context, j Job) error {
	ctx = context.WithoutCancel(ctx)
	return r.store.Transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, releaseJob, j.ID, r.id)
		return err
	})
}

// mine turns no changed row into errLost.
func mine(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return errLost
}
