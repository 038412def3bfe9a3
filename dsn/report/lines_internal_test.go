package report

import (
	"bytes"
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
