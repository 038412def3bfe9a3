package report

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// TestDelimiterIsFoundHoweverTheInputComes holds that toDelimiter drops all lines
// before one that begins with two dashes, at the end of what was read as well.
func TestDelimiterIsFoundHoweverTheInputComes(t *testing.T) {
	for _, fill := range []int{0, 1, maxLine - 3, maxLine - 2, maxLine - 1, maxLine, maxLine + 1, maxLine + 2, 3 * maxLine} {
		for text, want := range map[string]string{
			"--a\nb":             "--a",
			"a--\n-\n--b\n":      "--b",
			"a\r--b\r\n":         "--b",
			"a\r\r\n----\r\nc":   "----",
			"a -- b\n-----c\nd":  "-----c",
			"a\n -- b\n------ ":  "------ ",
			"a--b\n- -\nc -----": "",
		} {
			mail := strings.Repeat("x", fill) + "\n" + text
			all, bytewise := lines{}, lines{}
			all.reset(strings.NewReader(mail))
			bytewise.reset(iotest.OneByteReader(bytes.NewReader([]byte(mail))))
			for _, l := range []*lines{&all, &bytewise} {
				l.toDelimiter()
				if line, _ := l.next(); string(line) != want {
					t.Errorf("%q behind %d bytes: got %q, want %q", text, fill, line, want)
				}
			}
		}
	}
}

// TestLinesEndAtEachLineEndHoweverTheyAreMixed holds that the short way for plain
// lines gives what a splitter without buffers gives.
func TestLinesEndAtEachLineEndHoweverTheyAreMixed(t *testing.T) {
	for _, mail := range []string{"a\nb\n\nc", "a\r\nb\r\n\r\nc\r\n", "a\rb\nc\r", "ab\rc\nd\r\n", "a\r\r\nb\r\r\r\n\rc\n", "a\nb\r\nc\rd\n\re\r\n"} {
		want := strings.Split(strings.TrimSuffix(regexp.MustCompile(`\r+\n|\r|\n`).ReplaceAllString(mail, "\n"), "\n"), "\n")
		for _, r := range []io.Reader{strings.NewReader(mail), iotest.OneByteReader(strings.NewReader(mail))} {
			l := lines{}
			l.reset(r)
			var got []string
			for line, ok := l.next(); ok; line, ok = l.next() {
				got = append(got, string(line))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: got %q, want %q", mail, got, want)
			}
		}
	}
}

func TestALineBehindOneThatWasCutIsWhole(t *testing.T) {
	l := lines{}
	l.reset(strings.NewReader(strings.Repeat("x", 3*maxLine) + "\nshort\nshorter\n"))
	if line, _ := l.next(); len(line) != maxLine || !l.cut {
		t.Errorf("the long line has %d bytes, cut: %t", len(line), l.cut)
	}
	for _, want := range []string{"short", "shorter"} {
		if line, _ := l.next(); string(line) != want || l.cut {
			t.Errorf("got %q, cut: %t", line, l.cut)
		}
	}
}
