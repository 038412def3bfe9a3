package jobs

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/jobs/importfile"
	"github.com/rebound-mail/rebound/schemas"
)

// runExport writes the file of an export job anew from its beginning, also after a restart.
func (r *Runner) runExport(ctx context.Context, j *Job) error {
	j.Processed, j.Exported = 0, 0
	name := exportBucket + "/" + j.ID + "." + strings.ToLower(string(j.Export.Format))
	file, err := r.buckets.create(name)
	if err != nil {
		return fail("the file cannot be written: %v", err)
	}
	if j.Export.Metrics != nil {
		err = r.exportMetrics(ctx, j, newTable(file, j.Export.Format))
	} else {
		err = r.exportInsights(ctx, j, newTable(file, j.Export.Format))
	}
	if err := r.buckets.replace(name, file, err); err != nil {
		return err
	}
	j.ResultURL = "s3://" + name
	return nil
}

// progress notes how far an export is, and finds out whether it was cancelled.
func (r *Runner) progress(ctx context.Context, j *Job) error {
	return r.store.Transact(ctx, func(tx *sql.Tx) error { return r.advance(ctx, tx, j) })
}

// table writes rows with named columns, as CSV or as lines of JSON.
type table struct {
	csv     *csv.Writer // nil for JSON
	out     io.Writer
	columns []string
}

func newTable(out io.Writer, format importfile.Format) *table {
	t := &table{out: out}
	if format == importfile.CSV {
		t.csv = csv.NewWriter(out)
	}
	return t
}

// head names the columns.
func (t *table) head(columns ...string) error {
	t.columns = columns
	if t.csv == nil {
		return nil
	}
	return t.csv.Write(columns)
}

// write writes a row with a value for each column. In JSON empty ones are left out.
func (t *table) write(values ...string) error {
	if t.csv != nil {
		for i, value := range values {
			values[i] = harmless(value)
		}
		return t.csv.Write(values)
	}
	object := make(map[string]string, len(values))
	for i, value := range values {
		if value != "" {
			object[t.columns[i]] = value
		}
	}
	line, err := schemas.Marshal(object)
	if err != nil {
		return fmt.Errorf("jobs: a row: %w", err)
	}
	_, err = t.out.Write(append(line, '\n'))
	return err
}

// flush ends the table.
func (t *table) flush() error {
	if t.csv == nil {
		return nil
	}
	t.csv.Flush()
	return t.csv.Error()
}

// harmless keeps a spreadsheet from taking what a stranger wrote, such as a subject, for a formula.
func harmless(value string) string {
	if value != "" && strings.ContainsRune("=+-@\t\r", rune(value[0])) {
		return "'" + value
	}
	return value
}
