package report

import (
	"runtime"
	"strings"
	"testing"
)

func TestWordsOfAnUnknownCharsetStayAsTheyAre(t *testing.T) {
	for _, value := range []string{"=?x-none?q?a?=", "=?x-none?q?a?=  =?X-NONE?q?b?= c", "a =?x-none?b?YQ==?=\t=?x-other?q?b?="} {
		want := strings.Replace(value, "?=\t=?", "?==?", 1) // blanks between two words are not shown
		if got := Text(value); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAHeaderFullOfWordsIsDecodedInBoundedMemory(t *testing.T) {
	for name, unit := range map[string]string{
		"words of one charset": "=?x-none?q?a?= ", "words of two": "=?utf-8?q?a?= =?utf-8?q?=C3?= =?koi8-r?q?a?=", "beginnings": "=?", "charsets": "=?a?", "words without an end": "=?a?q?",
		"language": "=?a*b?q?=", "UTF-7": "=?utf-7?q?+AAAA?=",
	} {
		value := strings.Repeat(unit, maxHeader/len(unit))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Text(value)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
			t.Errorf("%s: allocated %d bytes", name, got)
		}
	}
}

func TestUTF7IsDecoded(t *testing.T) {
	for encoded, want := range map[string]string{
		"Hi Mom -+Jjo--!":  "Hi Mom -☺-!", // RFC 2152
		"A+ImIDkQ.":        "A≢Α.",
		"+ZeVnLIqe-":       "日本語",
		"1 +- 1 +":         "1 + 1 +",
		"+2D3cqQ-":         "\U0001f4a9",
		"+2D0-a+3ak-b+2D0": "\uFFFDa\uFFFDb\uFFFD",
		"+2D0AYQ-":         "\uFFFDa",
		"plain":            "plain",
		"\xff+AGE":         "\uFFFDa",
	} {
		if got := decodeUTF7(encoded); got != want {
			t.Errorf("%q: got %q, want %q", encoded, got, want)
		}
	}
}
