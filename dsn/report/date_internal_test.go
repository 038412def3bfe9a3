package report

import (
	"net/mail"
	"testing"
)

func TestPlainDatesReadAsTheLibraryReadsThem(t *testing.T) {
	for _, text := range []string{"Sun, 22 Nov 2026 05:29:15 +0000 (UTC)", "Sun, 22 Nov 2026 05:19:13 GMT", "2 Jan 2006 15:04 -0700", "Thu,  2 Jul 2020 06:04:42 -0400 (EDT)",
		"29 Feb 2024 00:00:00 +1245", "Fri, 31 Dec 1999 23:59:60 +0000"} {
		want, err := mail.ParseDate(text)
		got, ok := plainDate(text)
		if err == nil && (!ok || !got.Equal(want)) {
			t.Errorf("%q: got %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "yesterday", "31 Apr 2024 00:00:00 +0000", "1 Foo 2024 00:00:00 +0000", "1 Jan 24 00:00:00 +0000", "1 Jan 2024 25:00:00 +0000",
		"1 Jan 2024 00:00:00 EST", "1 Jan 2024 00:00:00 +0000 more", "1 anF 2024 00:00:00 +0000"} {
		if got, ok := plainDate(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
