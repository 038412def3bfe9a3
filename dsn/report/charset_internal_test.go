package report

import (
	"runtime"
	"strings"
	"testing"
)

// TestManyStretchesOfJapaneseAreDecodedInLinearRoom holds it by the bytes that are
// allocated. A stretch whose text is as long as its code fills the room exactly.
func TestManyStretchesOfJapaneseAreDecodedInLinearRoom(t *testing.T) {
	const stretches = 4000
	text := []byte(strings.Repeat("\x1b$B%a%a%a%a%a%a\x1b(B", stretches))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	decoded, ok := appendISO2022JP(nil, text)
	runtime.ReadMemStats(&after)
	if !ok || string(decoded) != strings.Repeat("メ", 6*stretches) {
		t.Fatalf("got %d bytes, %t", len(decoded), ok)
	}
	// A decoder takes some 100 bytes.
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(stretches*200+10*len(decoded)); got > most {
		t.Errorf("%d bytes were allocated for %d, want at most %d", got, len(decoded), most)
	}
}
