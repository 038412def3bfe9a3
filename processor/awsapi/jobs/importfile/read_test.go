package importfile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/awsapi/jobs/importfile"
	"github.com/rebound-mail/rebound/suppression"
)

// readAll returns the rows of a text, and the lines that are none.
func readAll(t *testing.T, text string, format importfile.Format) (rows []importfile.Row, bad []int) {
	t.Helper()
	reader, err := importfile.NewReader(strings.NewReader(text), format)
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := reader.Read()
		var line *importfile.LineError
		switch {
		case err == nil:
			rows = append(rows, row)
		case errors.Is(err, io.EOF):
			return rows, bad
		case errors.As(err, &line):
			bad = append(bad, line.Line)
		default:
			t.Fatal(err)
		}
	}
}

func TestEachLineIsARow(t *testing.T) {
	for name, test := range map[string]struct {
		format importfile.Format
		text   string
		rows   []importfile.Row
		bad    []int
	}{
		"csv":            {importfile.CSV, "jane@example.net,BOUNCE\njoe@example.net,complaint\r\n", []importfile.Row{{1, "jane@example.net", "BOUNCE"}, {2, "joe@example.net", "COMPLAINT"}}, nil},
		"no reason":      {importfile.CSV, "jane@example.net\njoe@example.net,", []importfile.Row{{1, "jane@example.net", ""}, {2, "joe@example.net", ""}}, nil},
		"heading":        {importfile.CSV, "emailAddress,reason\njane@example.net,BOUNCE", []importfile.Row{{2, "jane@example.net", "BOUNCE"}}, nil},
		"byte order":     {importfile.CSV, "\uFEFFEmail Address,Reason,Since\njane@example.net,BOUNCE,2026", []importfile.Row{{2, "jane@example.net", "BOUNCE"}}, nil},
		"quoted":         {importfile.CSV, `"""a b""@example.net",BOUNCE` + "\n" + `"a, b"@example.net,BOUNCE` + "\n" + `"a,b"@example.net`, []importfile.Row{{1, `"a b"@example.net`, "BOUNCE"}, {2, `"a, b"@example.net`, "BOUNCE"}, {3, `"a,b"@example.net`, ""}}, nil},
		"bad lines":      {importfile.CSV, "\n\njane\njane@example.net,SPAM\n" + strings.Repeat("a", 40<<10) + "\njane@example.net,MANUAL\n", []importfile.Row{{6, "jane@example.net", "MANUAL"}}, []int{3, 4, 5}},
		"json":           {importfile.JSON, `{"emailAddress":"jane@example.net","reason":"BOUNCE","x":1}` + "\n" + `{"EmailAddress":"joe@example.net"}`, []importfile.Row{{1, "jane@example.net", "BOUNCE"}, {2, "joe@example.net", ""}}, nil},
		"no json":        {importfile.JSON, "[]\nnull\n{\"emailAddress\":1}\njane@example.net", nil, []int{1, 2, 3, 4}},
		"not only ascii": {importfile.CSV, "用户@例子.广告,BOUNCE", []importfile.Row{{1, "用户@例子.广告", "BOUNCE"}}, nil},
		"empty":          {importfile.CSV, "", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad := readAll(t, test.text, test.format)
			if diff := cmp.Diff(test.rows, rows); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.bad, bad); diff != "" {
				t.Error(diff)
			}
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			_, _ = io.WriteString(w, test.text)
			_ = w.Close()
			again, _ := readAll(t, packed.String(), test.format)
			if diff := cmp.Diff(test.rows, again); diff != "" {
				t.Errorf("packed: %s", diff)
			}
		})
	}
}

func TestAFileThatIsCutOffIsNoEnd(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, strings.Repeat("jane@example.net,BOUNCE\n", 1000))
	_ = w.Close()
	reader, err := importfile.NewReader(bytes.NewReader(packed.Bytes()[:packed.Len()-8]), importfile.CSV)
	for err == nil {
		_, err = reader.Read()
	}
	if errors.Is(err, io.EOF) {
		t.Error("half a file was read as a whole one")
	}
	if _, err := importfile.NewReader(strings.NewReader(""), "XML"); err == nil {
		t.Error("XML was taken")
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{"jane@example.net,BOUNCE\n", `{"emailAddress":"a@b.example"}`, "\"a,b\"@x.example,COMPLAINT", "email\n", "\x1f\x8b"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, lines bool) {
		format := importfile.CSV
		if lines {
			format = importfile.JSON
		}
		reader, err := importfile.NewReader(strings.NewReader(text), format)
		if err != nil {
			return
		}
		for range strings.Count(text, "\n") + 2 {
			row, err := reader.Read()
			var line *importfile.LineError
			if err != nil && !errors.As(err, &line) {
				return
			}
			if err == nil && (row.Address == "" || row.Reason != "" && !row.Reason.Valid() && row.Reason != suppression.Manual) {
				t.Errorf("got %+v", row)
			}
			if strings.HasPrefix(text, "\x1f\x8b") {
				return
			}
		}
		t.Error("the reader finds no end")
	})
}
