package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/classify"
)

func TestTheMailsAreHardBouncesOfTheCommonSize(t *testing.T) {
	mail := bounce(7, returnPathOf(noToken))
	if len(mail) < 3700 || len(mail) > 3900 {
		t.Errorf("got a mail of %d bytes, want about 3.8 KB", len(mail))
	}
	if strings.Contains(string(mail), "\n.") || strings.Count(string(mail), "\n") != strings.Count(string(mail), "\r\n") {
		t.Error("the mail cannot go over SMTP as it is")
	}
	if strings.Contains(string(mail), "%!") {
		t.Errorf("the form does not fit its values:\n%s", mail)
	}
	found := processor.Recognize(bytes.NewReader(mail), classify.Default())
	if found.Kind != processor.KindBounce || len(found.Recipients) != 1 || len(found.Problems) > 0 {
		t.Fatalf("got %+v, want the bounce of one recipient", found)
	}
	got := []string{found.Recipients[0].Address, found.Recipients[0].Cause.BounceType, found.Recipients[0].Cause.BounceSubType, found.Returned.Get("Message-ID")}
	if diff := cmp.Diff([]string{recipientOf(7), "Permanent", "NoEmail", messageIDOf(7)}, got); diff != "" {
		t.Errorf("recipient, type and mail (-want +got):\n%s", diff)
	}
}

func TestATableShowsWhatExists(t *testing.T) {
	s := section{Key: "k", Title: "Title", Columns: []column{{"rate", "mails/s", whole}, {"ofBound", "of bound", percent}, {"p50Seconds", "p50", seconds}},
		Rows:  []row{{Name: "it", Values: []float64{12345.6, 0.5, 0.0123}}, {Name: "the bound", Values: []float64{24691.2, none, none}, Bound: true}},
		Notes: []string{"A note."}}
	var out strings.Builder
	s.print(&out)
	want := "\n" +
		"Title                                                mails/s    of bound         p50\n" +
		"  it                                                  12,346        50 %     12.3 ms\n" +
		"    └ the bound                                       24,691\n" +
		"  A note.\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("the table (-want +got):\n%s", diff)
	}
	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	wantJSON := `{"key":"k","title":"Title","rows":[{"bound":false,"name":"it","ofBound":0.5,"p50Seconds":0.0123,"rate":12345.6},` +
		`{"bound":true,"name":"the bound","rate":24691.2}],"notes":["A note."]}`
	if diff := cmp.Diff(wantJSON, string(encoded)); diff != "" {
		t.Errorf("the JSON (-want +got):\n%s", diff)
	}
}

func TestNumbersAreShownInTheUnitThatFits(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{whole(0), "0"}, {whole(4.56), "4.6"}, {whole(999.6), "1,000"}, {whole(1234567), "1,234,567"},
		{percent(0.094), "9.4 %"}, {percent(1.1), "110 %"},
		{times(0.456), "0.46×"}, {times(12.34), "12.3×"},
		{seconds(3.5e-6), "3.50 µs"}, {seconds(42e-6), "42 µs"}, {seconds(1.23e-3), "1.2 ms"}, {seconds(0.123), "123 ms"}, {seconds(2.345), "2.35 s"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestARunMeasuresEverythingAndLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	var out strings.Builder
	if err := run(t.Context(), options{scale: 0.02, asJSON: true}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var found struct {
		Sections []struct {
			Key  string
			Rows []map[string]any
		}
	}
	if err := json.Unmarshal([]byte(out.String()), &found); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	var keys []string
	for _, s := range found.Sections {
		keys = append(keys, s.Key)
		for _, r := range s.Rows {
			for column, value := range r {
				if figure, ok := value.(float64); ok && (figure < 0 || figure == 0 && !strings.HasPrefix(column, "alloc")) {
					t.Errorf("%s: %s has %s %v", s.Key, r["name"], column, value)
				}
			}
		}
	}
	if diff := cmp.Diff([]string{"accepts", "deliveries", "stages", "reading", "readingLarge", "after", "suppression", "notifications", "sick", "held"}, keys); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

func TestAScaleThatMeasuresNothingIsRefused(t *testing.T) {
	for _, scale := range []float64{0, -1, 101} {
		if err := run(t.Context(), options{scale: scale, asJSON: true}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "-n") {
			t.Errorf("-n %v: got %v, want an error that names the flag", scale, err)
		}
	}
}
