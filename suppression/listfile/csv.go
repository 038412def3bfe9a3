package listfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/suppression"
)

// searched is in how many records the column of the addresses is looked for when its name does not tell.
const searched = 100

// table reads CSV.
type table struct {
	csv     *csv.Reader
	window  *window
	columns map[string]int // by folded name
	kind    suppression.Reason
	address int      // the column
	line    int      // of the last record
	ahead   []fields // read already
}

// fields are a record as it stands there.
type fields struct {
	line    int
	values  []string
	problem string
}

func (r *Reader) readCSV(in *bufio.Reader, start []byte, column string) error {
	t := &table{window: &window{in: in}, columns: map[string]int{}, address: -1}
	r.Comma, r.next = separator(start), t.next
	t.csv = csv.NewReader(t.window)
	t.csv.Comma, t.csv.FieldsPerRecord, t.csv.LazyQuotes = r.Comma, -1, true
	first, err := t.read()
	if err != nil {
		return err
	}
	if named := find(first.values, column); named >= 0 || column != "" || !isData(first.values) {
		if column != "" && named < 0 {
			return fmt.Errorf("listfile: there is no column %q, but %s", clip(column), clip(strings.Join(first.values, ", ")))
		}
		r.Header, t.address = first.values, named
		t.kind = kindOf(t.names(first.values))
	} else {
		t.ahead = append(t.ahead, first)
	}
	if t.address < 0 {
		return t.search()
	}
	return nil
}

// isData tells whether the first record is none with the names of columns: it has an address, or a single word that names none.
func isData(values []string) bool {
	return len(values) == 1 || slices.ContainsFunc(values, isAddress)
}

func isAddress(value string) bool {
	_, err := address.Parse(strings.TrimSpace(value))
	return err == nil
}

// find returns the column with this name, or with one of the usual ones for an address when there is none; -1 for none.
func find(header []string, column string) int {
	wanted := addressNames
	if column != "" {
		wanted = []string{fold(column)}
	}
	for _, name := range wanted {
		if i := slices.IndexFunc(header, func(head string) bool { return fold(head) == name }); i >= 0 {
			return i
		}
	}
	return -1
}

// names notes the columns by their names and returns these in order.
func (t *table) names(header []string) []string {
	names := make([]string, len(header))
	for i, head := range header {
		names[i] = fold(head)
		if _, twice := t.columns[names[i]]; !twice {
			t.columns[names[i]] = i
		}
	}
	slices.Sort(names)
	return names
}

// search takes the column that holds most addresses in the first records.
func (t *table) search() error {
	for len(t.ahead) < searched {
		one, err := t.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		t.ahead = append(t.ahead, one)
	}
	var found []int
	widest := 0
	for _, one := range t.ahead {
		widest = max(widest, len(one.values))
		for i, value := range one.values {
			if isAddress(value) {
				found = append(found, make([]int, max(0, i+1-len(found)))...)
				found[i]++
			}
		}
	}
	switch {
	case len(found) > 0:
		t.address = slices.Index(found, slices.Max(found))
	case widest <= 1:
		t.address = 0 // each line will be refused with its number
	default:
		return ErrNoAddress
	}
	return nil
}

// read returns the next record as it stands there; one that cannot be read has a problem.
func (t *table) read() (fields, error) {
	values, err := t.csv.Read()
	var broken *csv.ParseError
	if errors.As(err, &broken) && !errors.Is(err, ErrFormat) {
		t.window.read = 0
		return fields{line: broken.StartLine, problem: broken.Err.Error()}, nil
	}
	if errors.Is(err, ErrFormat) {
		return fields{}, fmt.Errorf("%w (after the record of line %d)", err, t.line)
	}
	if err != nil {
		return fields{}, err
	}
	t.window.read = 0
	t.line, _ = t.csv.FieldPos(0)
	return fields{line: t.line, values: values}, nil
}

func (t *table) next() (Record, error) {
	var one fields
	if len(t.ahead) > 0 {
		one, t.ahead = t.ahead[0], t.ahead[1:]
	} else {
		var err error
		if one, err = t.read(); err != nil {
			return Record{}, err
		}
	}
	record := Record{Line: one.line, Fields: one.values, Problem: one.problem}
	get := func(names []string) string {
		for _, name := range names {
			if i, ok := t.columns[name]; ok && i < len(one.values) && strings.TrimSpace(one.values[i]) != "" {
				return strings.TrimSpace(one.values[i])
			}
		}
		return ""
	}
	if t.address < len(one.values) {
		record.Address = one.values[t.address]
		record.judge(t.kind, get)
	}
	return record, nil
}

// separator is the character that the first line has most of, outside quotes.
func separator(start []byte) rune {
	line, _, _ := bytes.Cut(start, []byte("\n"))
	counts := map[byte]int{}
	quoted := false
	for _, c := range line {
		if c == '"' {
			quoted = !quoted
		}
		if !quoted {
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte(";\t|") {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}
