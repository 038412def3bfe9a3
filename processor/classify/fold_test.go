package classify

import (
	"strings"
	"testing"
)

// TestPlainBytes holds which bytes are folded eight at a time, whatever stands
// beside them: no blank behind another, no digit that may begin a code, and only
// what is printed of ASCII, but the sign of addresses.
func TestPlainBytes(t *testing.T) {
	for c := range 256 {
		for before := range 256 {
			of := uint64(before)*each ^ uint64(before^c)<<32
			folded, special := foldPlain(of, ' ')
			if got, want := byte(folded>>32), lower(byte(c)); got != want {
				t.Fatalf("%#x behind %#x: got %#x, want %#x", c, before, got, want)
			}
			plain := c >= ' ' && c < 0x7f && c != '@'
			switch {
			case c == ' ':
				plain = before != ' '
			case c >= '2' && c <= '5':
				b := lower(byte(before))
				plain = isAlnum(b) || b == '.' || b == '-'
			}
			if got := special>>39&1 == 0; got != plain {
				t.Fatalf("%#x behind %#x: plain: got %v, want %v", c, before, got, plain)
			}
		}
	}
}

// TestFoldingDoesNotDependOnThePlace holds that what is folded eight bytes at a
// time is so wherever the eight begin and the text ends.
func TestFoldingDoesNotDependOnThePlace(t *testing.T) {
	const said, want = "B  550-5.1.1 X1.25  Ä <a@b.example> No\tsuch 3 452 4.2.2 \xe9 Y", "b x1.25 a no such 3 e y"
	for i := range 20 {
		before, behind := strings.Repeat("x", i), strings.Repeat("Z", i)
		if got := string(fold(before+" "+said+behind, 4096)); strings.TrimLeft(got, " ") != strings.TrimLeft(before+" "+want+strings.ToLower(behind), " ") {
			t.Errorf("behind %d bytes: got %q", i, got)
		}
	}
}
