package jobs

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs/importfile"
	"github.com/rebound-mail/rebound/suppression"
)

// The most records of one job, as in SES.
const (
	maxPut    = 100_000
	maxDelete = 10_000
)

// batch is how many records one transaction takes.
const batch = 1000

// runImport reads the file twice: first it finds what is wrong with it, then it brings in what is right. So a file that is too long
// changes nothing, and a job that goes on after a restart writes the same refused records again.
func (r *Runner) runImport(ctx context.Context, j *Job) error {
	name, err := parseLocation(j.Import.S3URL)
	if err != nil {
		return fail("%v", err)
	}
	file, err := r.buckets.open(name)
	if err != nil {
		return fail("%s cannot be read: put the file into the folder buckets/%s of the data folder: %v", j.Import.S3URL, name, err)
	}
	defer file.Close()
	refused := name + "." + j.ID + ".failed.csv"
	if j.Failed, err = r.check(file, j.Import, refused); err != nil {
		return err
	}
	if j.Failed > 0 {
		j.ResultURL = "s3://" + refused
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	records, err := newRecords(file, j.Import)
	if err != nil {
		return err
	}
	for skip := j.Processed; skip > 0; skip-- {
		if _, err := records.next(); err != nil && !errors.As(err, new(*importfile.LineError)) {
			return err
		}
	}
	for {
		rows, read, err := records.batch()
		if err != nil {
			return err
		}
		if read == 0 {
			return nil
		}
		j.Processed += int64(read)
		if err := r.apply(ctx, j, rows); err != nil {
			return err
		}
	}
}

// check counts the records that are refused, and writes them to a file, each with the reason, when there are some.
func (r *Runner) check(file *os.File, task *Import, refused string) (failed int64, err error) {
	records, err := newRecords(file, task)
	if err != nil {
		return 0, err
	}
	out, err := r.buckets.create(refused)
	if err != nil {
		return 0, fail("the refused records cannot be written beside the file: %v", err)
	}
	writer := csv.NewWriter(out)
	err = writer.Write([]string{"line", "record", "reason"})
	for err == nil {
		_, err = records.next()
		var line *importfile.LineError
		if errors.As(err, &line) {
			failed++
			err = writer.Write([]string{strconv.Itoa(line.Line), line.Text, line.Err.Error()})
		}
	}
	writer.Flush()
	if errors.Is(err, io.EOF) {
		err = writer.Error()
	}
	if err == nil && failed == 0 {
		return 0, r.buckets.discard(refused, out)
	}
	return failed, r.buckets.replace(refused, out, err)
}

// records are the rows of a file that an import can use.
type records struct {
	reader *importfile.Reader
	task   *Import
	read   int
}

func newRecords(file *os.File, task *Import) (*records, error) {
	reader, err := importfile.NewReader(file, task.Format)
	if err != nil {
		return nil, fail("%s cannot be read: %v", task.S3URL, err)
	}
	return &records{reader: reader, task: task}, nil
}

// next returns the next row. Errors: *importfile.LineError for one that is refused, io.EOF, *fault.
func (r *records) next() (importfile.Row, error) {
	row, err := r.reader.Read()
	if errors.Is(err, io.EOF) {
		return importfile.Row{}, io.EOF
	}
	if err != nil && !errors.As(err, new(*importfile.LineError)) {
		return importfile.Row{}, fail("%s cannot be read to its end: %v", r.task.S3URL, err)
	}
	most := maxPut
	if r.task.Action == Delete {
		most = maxDelete
	}
	if r.read++; r.read > most {
		return importfile.Row{}, fail("%s has more than %d records: divide it", r.task.S3URL, most)
	}
	if err == nil && r.task.Action == Put && row.Reason == "" {
		err = &importfile.LineError{Line: row.Line, Text: row.Address, Err: errors.New("it has no reason: write BOUNCE or COMPLAINT")}
	}
	return row, err
}

// batch returns the next rows that are not refused, and how many records they are together with the refused ones.
func (r *records) batch() (rows []importfile.Row, read int, err error) {
	for ; read < batch; read++ {
		row, err := r.next()
		switch {
		case err == nil:
			rows = append(rows, row)
		case errors.Is(err, io.EOF):
			return rows, read, nil
		case !errors.As(err, new(*importfile.LineError)):
			return nil, 0, err
		}
	}
	return rows, read, nil
}

// apply changes the list by some rows, and notes in the same transaction that it did.
func (r *Runner) apply(ctx context.Context, j *Job, rows []importfile.Row) error {
	owner, err := account.Get(ctx, r.store.Read, j.Account)
	if err != nil {
		return err
	}
	now, on := r.now(), suppression.List{Account: j.Account}
	err = r.store.Transact(ctx, func(tx *sql.Tx) error {
		if err := r.advance(ctx, tx, j); err != nil {
			return err
		}
		if j.Import.Action == Delete {
			addresses := make([]string, len(rows))
			for i, row := range rows {
				addresses[i] = row.Address
			}
			_, err := suppression.DeleteMany(ctx, tx, on, addresses, now)
			return err
		}
		entries := make([]suppression.Entry, len(rows))
		for i, row := range rows {
			entries[i] = suppression.Entry{List: on, Address: row.Address, Reason: row.Reason, Expires: owner.SuppressedUntil(row.Reason, now)}
		}
		return suppression.PutMany(ctx, tx, entries, now)
	})
	if err != nil && !errors.Is(err, errLost) {
		return fmt.Errorf("after %d records: %w", j.Processed, err)
	}
	return err
}
