package importfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/suppression"
)

// Format says how a file is written.
type Format string

// The formats, as SES names them. JSON is one object a line.
const (
	CSV  Format = "CSV"
	JSON Format = "JSON"
)

// maxLine bounds a line, in bytes: the longest address has 320, and other programs may add columns.
const maxLine = 16 << 10

// Row is one line of a file.
type Row struct {
	Line    int                // of the file, from 1
	Address string             // without blanks around it
	Reason  suppression.Reason // "" when the line has none
}

// LineError says what is wrong with one line. The reader goes on with the next.
type LineError struct {
	Line int
	Text string // of the line, cut to 1000 bytes
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// Reader reads the rows of one file.
type Reader struct {
	format Format
	in     *bufio.Reader
	line   int
	began  bool // the first line that is not empty has been read
}

// NewReader reads rows from r, which it unpacks when it is compressed with gzip. Errors: those of r, and of gzip.
func NewReader(r io.Reader, format Format) (*Reader, error) {
	if format != CSV && format != JSON {
		return nil, fmt.Errorf("importfile: format %.20q is neither %s nor %s", format, CSV, JSON)
	}
	in := bufio.NewReaderSize(r, maxLine)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("importfile: %w", err)
		}
		in = bufio.NewReaderSize(unpacked, maxLine)
	}
	if mark, _ := in.Peek(3); string(mark) == "\uFEFF" {
		_, _ = in.Discard(3) // has been peeked at
	}
	return &Reader{format: format, in: in}, nil
}

// Read returns the next row. Errors: *LineError, after which the next can be read; io.EOF; any other ends the file. Empty lines, and a
// first line of CSV that names the columns, are no rows.
func (r *Reader) Read() (Row, error) {
	for {
		text, err := r.next()
		if err != nil {
			return Row{}, err
		}
		if text == "" {
			continue
		}
		first := !r.began
		r.began = true
		row, err := r.parse(text)
		if err != nil && first && r.format == CSV && isHeading(text) {
			continue
		}
		if err != nil {
			return Row{}, &LineError{Line: r.line, Text: text[:min(len(text), 1000)], Err: err}
		}
		row.Line = r.line
		return row, nil
	}
}

var errLong = fmt.Errorf("it has over %d bytes", maxLine)

// next returns the next line without blanks around it.
func (r *Reader) next() (string, error) {
	line, err := r.in.ReadSlice('\n')
	r.line++
	if errors.Is(err, bufio.ErrBufferFull) {
		start := string(line[:1000])
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.in.ReadSlice('\n')
		}
		if err == nil || errors.Is(err, io.EOF) {
			r.began = true
			return "", &LineError{Line: r.line, Text: start, Err: errLong}
		}
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = nil
	}
	if errors.Is(err, io.EOF) {
		return "", io.EOF
	}
	if err != nil {
		return "", fmt.Errorf("importfile: line %d: %w", r.line, err)
	}
	return string(bytes.TrimSpace(line)), nil
}

func (r *Reader) parse(text string) (Row, error) {
	addr, reason := "", ""
	if r.format == JSON {
		var object struct{ EmailAddress, Reason string }
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			return Row{}, fmt.Errorf("it is no JSON object with emailAddress and reason: %w", err)
		}
		addr, reason = object.EmailAddress, object.Reason
	} else {
		addr, reason = columns(text)
	}
	row := Row{Address: strings.TrimSpace(addr), Reason: suppression.Reason(strings.ToUpper(strings.TrimSpace(reason)))}
	if _, err := address.Normalize(row.Address); err != nil || !address.IsAddress(row.Address) {
		return Row{}, fmt.Errorf("%.320q is no mail address", row.Address)
	}
	if row.Reason != "" && !row.Reason.Valid() && row.Reason != suppression.Manual {
		return Row{}, fmt.Errorf("reason %.50q is none of %s, %s and %s", row.Reason, suppression.Bounce, suppression.Complaint, suppression.Manual)
	}
	return row, nil
}

// columns returns the first two columns of a line. An address with a quoted local part may stand unquoted, as in "a b"@x,BOUNCE: what
// is no CSV is cut at the last comma.
func columns(text string) (first, second string) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = -1
	if fields, err := reader.Read(); err == nil && len(fields) > 0 {
		return fields[0], strings.Join(fields[1:min(len(fields), 2)], "")
	}
	comma := strings.LastIndexByte(text, ',')
	if comma < 0 || strings.Contains(text[comma:], "@") {
		return text, ""
	}
	return text[:comma], text[comma+1:]
}

// isHeading tells whether a line names columns.
func isHeading(text string) bool {
	first, _ := columns(text)
	switch strings.ToLower(strings.ReplaceAll(strings.TrimSpace(first), " ", "")) {
	case "emailaddress", "email", "address":
		return true
	}
	return false
}
