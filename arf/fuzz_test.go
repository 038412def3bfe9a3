package arf

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
)

// FuzzParse holds that no input panics, that addresses are bare, that lists are
// bounded, and that a report which can be written is read back with the same
// type, sender and recipients.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/handwritten/*.eml", "../testdata/recordings/*/*.eml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			mail, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(mail)
		}
	}
	f.Fuzz(func(t *testing.T, mail []byte) {
		m, err := report.Read(bytes.NewReader(mail))
		if err != nil {
			return
		}
		r, err := Parse(m)
		if err != nil {
			return
		}
		recipients := r.Recipients()
		for _, spec := range append(recipients, r.OriginalRcptTo...) {
			if !address.IsAddress(spec) {
				t.Fatalf("got the recipient %q", spec)
			}
		}
		if len(recipients) > maxRecipients || len(r.Problems) > maxProblems || r.Incidents < 1 {
			t.Fatalf("got %d recipients, %d problems, %d incidents", len(recipients), len(r.Problems), r.Incidents)
		}
		if !utf8.ValidString(string(r.FeedbackType)+r.UserAgent) || strings.ContainsAny(string(r.FeedbackType), " \r\n") {
			t.Fatalf("got %q, %q", r.FeedbackType, r.UserAgent)
		}
		var b bytes.Buffer
		if r.Compose(&b, around) != nil {
			return
		}
		m, err = report.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(m)
		if err != nil || again.FeedbackType != r.FeedbackType || again.OriginalMailFrom != r.OriginalMailFrom || !cmp.Equal(again.OriginalRcptTo, r.OriginalRcptTo) || again.SourceIP != r.SourceIP {
			t.Fatalf("%v: got %+v, wrote %+v", err, again, r)
		}
	})
}
