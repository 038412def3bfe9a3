package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// results is what a run prints.
type results struct {
	Machine  machine   `json:"machine"`
	Sections []section `json:"sections"`
}

// section is a table: each row has a value for each column, or none.
type section struct {
	Key     string
	Title   string
	Columns []column
	Rows    []row
	Notes   []string
}

// column is a kind of value. Key names it in JSON, with its unit.
type column struct {
	Key, Title string
	Format     func(float64) string
}

// row is a figure, or a bound of the figures above it.
type row struct {
	Name   string
	Values []float64 // one a column; none is a value that does not exist
	Bound  bool
}

var none = math.NaN()

func (r results) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// MarshalJSON writes the rows as objects whose keys are the columns'.
func (s section) MarshalJSON() ([]byte, error) {
	rows := make([]map[string]any, len(s.Rows))
	for i, r := range s.Rows {
		rows[i] = map[string]any{"name": r.Name, "bound": r.Bound}
		for c, value := range r.Values {
			if !math.IsNaN(value) {
				rows[i][s.Columns[c].Key] = value
			}
		}
	}
	return json.Marshal(struct {
		Key   string           `json:"key"`
		Title string           `json:"title"`
		Rows  []map[string]any `json:"rows"`
		Notes []string         `json:"notes,omitempty"`
	}{s.Key, s.Title, rows, s.Notes})
}

const (
	nameWidth   = 48
	columnWidth = 12
)

func (s section) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s", padded(s.Title, nameWidth))
	for _, c := range s.Columns {
		fmt.Fprint(out, aligned(c.Title))
	}
	fmt.Fprintln(out)
	for _, r := range s.Rows {
		name := "  " + r.Name
		if r.Bound {
			name = "    └ " + r.Name
		}
		line := padded(name, nameWidth)
		for i, value := range r.Values {
			text := ""
			if !math.IsNaN(value) {
				text = s.Columns[i].Format(value)
			}
			line += aligned(text)
		}
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
	for _, note := range s.Notes {
		fmt.Fprintln(out, "  "+note)
	}
}

func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(1, width-utf8.RuneCountInString(text)))
}

func aligned(text string) string {
	return strings.Repeat(" ", max(1, columnWidth-utf8.RuneCountInString(text))) + text
}

// whole shows a number with its thousands apart: 12,345; small ones with a decimal.
func whole(v float64) string {
	if v < 10 && v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

func percent(v float64) string { return whole(100*v) + " %" }

// times shows a ratio: 1.00×, 12.3×.
func times(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.2f×", v)
	}
	return fmt.Sprintf("%.1f×", v)
}

// seconds shows a time in the unit that fits.
func seconds(v float64) string {
	switch d := time.Duration(v * float64(time.Second)); {
	case d < 10*time.Microsecond:
		return fmt.Sprintf("%.2f µs", v*1e6)
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", v*1e6)
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", v*1e3)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", v*1e3)
	}
	return fmt.Sprintf("%.2f s", v)
}
