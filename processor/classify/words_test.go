package classify

import "testing"

// TestKindsOfBytes holds that eight bytes are told apart as each is alone,
// whatever stands beside it.
func TestKindsOfBytes(t *testing.T) {
	for c := range 256 {
		for beside := range 256 {
			of := uint64(beside)*each ^ uint64(beside^c)<<24
			alnum, blank := kinds(of)
			if got, want := alnum>>3&1 == 1, isAlnum(byte(c)); got != want {
				t.Fatalf("%#x beside %#x: a letter or digit: got %v, want %v", c, beside, got, want)
			}
			if got, want := blank>>3&1 == 1, c == ' '; got != want {
				t.Fatalf("%#x beside %#x: a blank: got %v, want %v", c, beside, got, want)
			}
		}
	}
}
