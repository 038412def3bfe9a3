package report

import (
	"errors"
	"testing"
	"time"
)

func TestParseDateReadsTheDatesOfReports(t *testing.T) {
	at := time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC)
	tests := []struct {
		name, in string
		want     time.Time
	}{
		{"RFC 5322 section 3.3", "Sun, 22 Nov 2026 05:29:15 +0000", at},
		{"comment with the zone", "Sun, 22 Nov 2026 05:29:15 +0000 (UTC)", at},
		{"offset", "Sun, 22 Nov 2026 14:29:15 +0900 (JST)", at},
		{"GMT", "Sun, 22 Nov 2026 05:29:15 GMT", at},
		{"zone name, RFC 5322 section 4.3", "Sun, 22 Nov 2026 00:29:15 EST", at},
		{"zone name in use", "Sun, 22 Nov 2026 14:29:15 JST", at},
		{"wrong day of the week", "Mon, 22 Nov 2026 05:29:15 +0000", at},
		{"day of the week in another language", "Dim, 22 Nov 2026 05:29:15 +0000", at},
		{"no day of the week", "22 Nov 2026 05:29:15 +0000", at},
		{"two digits of year", "Sun, 22 Nov 26 05:29:15 UTC", at},
		{"two blanks", "Sun,  2 Nov 2026 05:29:15 +0000", time.Date(2026, 11, 2, 5, 29, 15, 0, time.UTC)},
		{"tabs and other blanks", "Sun, 22\tNov\u00a02026  05:29:15\v+0000", at},
		{"no seconds", "Sun, 22 Nov 2026 05:29 +0000", at.Truncate(time.Minute)},
		{"no zone", "Sun, 22 Nov 2026 05:29:15", at},
		{"C library", "Sun Nov 22 05:29:15 2026", at},
		{"ISO 8601", "2026-11-22T05:29:15Z", at},
		{"ISO 8601 with blanks", "2026-11-22 14:29:15 +0900", at},
		{"unknown offset", "Sun, 22 Nov 2026 05:29:15 -0000 (XYZ)", at},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseDate(test.in)
			if err != nil || !got.Equal(test.want) || got.Location() != time.UTC {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
	for _, in := range []string{"", "never", "Sun, 32 Nov 2026 05:29:15 +0000", "22.11.2026", "(comment)"} {
		if got, err := ParseDate(in); !errors.Is(err, ErrDate) {
			t.Errorf("%q: got %v, %v, want ErrDate", in, got, err)
		}
	}
}

// Lesson 9 of the recordings: every date in them can be read.
func TestEveryDateOfTheRecordingsIsRead(t *testing.T) {
	dates := 0
	for name, mail := range recordings(t) {
		m := read(t, string(mail))
		for _, part := range m.Machine {
			for _, group := range part.Groups {
				for _, field := range []string{"Arrival-Date", "Last-Attempt-Date", "Will-Retry-Until"} {
					if !group.Has(field) {
						continue
					}
					dates++
					if at, err := ParseDate(group.Get(field)); err != nil || at.Year() != 2026 {
						t.Errorf("%s: %s %q: got %v, %v", name, field, group.Get(field), at, err)
					}
				}
			}
		}
	}
	if dates < 100 {
		t.Errorf("found only %d dates", dates)
	}
}

func TestWithoutCommentsKeepsTheValue(t *testing.T) {
	for in, want := range map[string]string{
		"relayed (to non-DSN-aware mailer)":  "relayed",
		"5.0.0 (permanent (really) failure)": "5.0.0",
		"(a) b (c)":                          "b",
		`"(a)" b`:                            `"(a)" b`,
		`"a\"(b" (c)`:                        `"a\"(b"`,
		`(a\)) b`:                            "b",
		"mx.example.net (never closed (a)":   "mx.example.net",
		"a) b":                               "a) b",
		"  none ":                            "none",
		"":                                   "",
		`a\(`:                                `a\`,
	} {
		if got := WithoutComments(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
