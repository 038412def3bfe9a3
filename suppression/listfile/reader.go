package listfile

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
)

// Format is how a file is written.
type Format string

// The formats. Plain lines are CSV with one column, and JSON documents are read as NDJSON is.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
)

// Options say what is known of a file.
type Options struct {
	Format Format // empty: told by its first character
	Column string // the name of the column or member that holds the address; empty: found by the usual names, then by content
}

// Reader reads a file record by record.
type Reader struct {
	// Header holds the names of the columns of a CSV file; nil when it has none. Comma is what separates its columns.
	Header []string
	Comma  rune

	next func() (Record, error)
}

// sniffed is how much of a file is looked at before it is read.
const sniffed = 64 << 10

// NewReader begins to read a file. The errors are those of the input, ErrEncoding and ErrNoAddress.
func NewReader(in io.Reader, o Options) (*Reader, error) {
	buffered := bufio.NewReaderSize(in, sniffed)
	start, err := buffered.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) || bytes.IndexByte(start, 0) >= 0 {
		return nil, ErrEncoding
	}
	if bom := []byte("\xef\xbb\xbf"); bytes.HasPrefix(start, bom) {
		start = start[len(bom):]
		if _, err := buffered.Discard(len(bom)); err != nil {
			return nil, err
		}
	}
	trimmed := bytes.TrimLeft(start, " \t\r\n")
	r := &Reader{}
	err = nil // that the file ends within what was looked at is none
	switch {
	case o.Format == CSV || o.Format == "" && !bytes.HasPrefix(trimmed, []byte("{")) && !bytes.HasPrefix(trimmed, []byte("[")):
		err = r.readCSV(buffered, start, o.Column)
	case o.Format != NDJSON && o.Format != "":
		return nil, fmt.Errorf("listfile: format %q: write %s or %s", o.Format, CSV, NDJSON)
	case isByLine(trimmed, o.Column):
		r.next = (&jsonLines{lines: bufio.NewReaderSize(buffered, MaxRecord), column: o.Column}).next
	default:
		r.next = newDocument(buffered, o.Column).next
	}
	if errors.Is(err, io.EOF) { // nothing in it
		r.next, err = func() (Record, error) { return Record{}, io.EOF }, nil
	}
	return r, err
}

// Next returns the next record, and io.EOF after the last. After an error that wraps ErrFormat nothing more can be read.
func (r *Reader) Next() (Record, error) {
	record, err := r.next()
	if err != nil {
		return Record{}, err
	}
	given := strings.TrimSpace(record.Address)
	if bare, err := address.Parse(given); err == nil {
		record.Address = bare
		return record, nil
	}
	record.Address = clip(given)
	record.Problem = cmp.Or(record.Problem, "not a mail address")
	return record, nil
}

// isByLine tells whether JSON holds a record in each line, by the first of them.
func isByLine(start []byte, column string) bool {
	line, _, _ := bytes.Cut(start, []byte("\n"))
	line = bytes.TrimSpace(line)
	if !bytes.HasPrefix(line, []byte("{")) || !bytes.HasSuffix(line, []byte("}")) {
		return false
	}
	var value map[string]any
	return json.Unmarshal(line, &value) != nil || addressOf(members(value), column) != ""
}

// window bounds what is read for one record.
type window struct {
	in       io.Reader
	read     int     // since the last record, in bytes
	offset   int64   // of all that was read
	newlines []int64 // offsets of line ends that were read and not counted yet
	line     int     // of the last offset that was asked for
	counting bool
}

// Read reads on, but not beyond the greatest record.
func (w *window) Read(p []byte) (int, error) {
	if w.read > MaxRecord {
		return 0, fmt.Errorf("%w: a record of over %d bytes; is a quote not closed?", ErrFormat, MaxRecord)
	}
	n, err := w.in.Read(p[:min(len(p), sniffed)])
	if w.counting {
		for i, c := range p[:n] {
			if c == '\n' {
				w.newlines = append(w.newlines, w.offset+int64(i))
			}
		}
	}
	w.read, w.offset = w.read+n, w.offset+int64(n)
	return n, err
}

// lineAt returns the line of an offset; offsets are asked for in order.
func (w *window) lineAt(offset int64) int {
	passed := 0
	for passed < len(w.newlines) && w.newlines[passed] < offset {
		passed++
	}
	w.newlines = w.newlines[passed:]
	w.line += passed
	return w.line + 1
}
