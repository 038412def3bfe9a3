package plaintext

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// bytesOf tells which bytes stand in s.
func bytesOf(s string) (in [256]bool) {
	for i := range len(s) {
		in[s[i]] = true
	}
	return in
}

// trimRight cuts white space at the end of a line.
func trimRight(line string) string {
	for line != "" && isSpace(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	return line
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// rooms are what text is written in.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// written returns what write appends.
func written(write func(room []byte) []byte) string {
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	*room = write((*room)[:0])
	return string(*room)
}

// appendWords appends s with one blank in the place of each run of white space.
func appendWords(dst []byte, s string) []byte {
	begin := len(dst)
	for i := 0; i < len(s); {
		clean := i // single blanks between words need no change
		space := 0 // bytes of the white space behind it that do
		for ; i < len(s); i++ {
			if !beginsSpace[s[i]] || s[i] == ' ' && i > clean && i+1 < len(s) && !beginsSpace[s[i+1]] {
				continue
			}
			if space = spaceAt(s, i); space > 0 {
				break
			}
		}
		if i > clean {
			if len(dst) > begin {
				dst = append(dst, ' ')
			}
			dst = append(dst, s[clean:i]...)
		}
		i += space
	}
	return dst
}

// appendLowerWords appends s in lower case, as appendWords has it.
func appendLowerWords(dst []byte, s string) []byte {
	dst = slices.Grow(dst, len(s)+1)
	room, n := dst[:cap(dst)], len(dst)
	last := byte(' ')
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			c = foldedASCII[c]
			room[n] = c
			if (c^' ')|(last^' ') != 0 { // not both are blanks
				n++
			}
			last = c
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case !beginsSpace[s[i]] || !unicode.IsSpace(r):
			n, last = len(appendLowerRune(room[:n], r, s[i:i+size])), 0
		case last != ' ':
			room[n], last = ' ', ' '
			n++
		}
		i += size
	}
	if n > len(dst) && last == ' ' {
		n--
	}
	return room[:n]
}

// beginsSpace tells the bytes that white space may begin with.
var beginsSpace = func() (begins [256]bool) {
	for r := range rune(0x10000) {
		if unicode.IsSpace(r) {
			begins[string(r)[0]] = true
		}
	}
	return begins
}()

// spaceAt returns the length of the white space at s[i], 0 for another character.
func spaceAt(s string, i int) int {
	if s[i] < utf8.RuneSelf && beginsSpace[s[i]] {
		return 1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	if !unicode.IsSpace(r) {
		return 0
	}
	return size
}

// toLower returns s in lower case, every character in its place: those stay as
// they are whose lower case is longer or shorter.
func toLower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || lowerASCII[c] != c {
			return written(func(room []byte) []byte { return appendLower(room, s) })
		}
	}
	return s
}

// lowerText is strings.ToLower, faster for ASCII.
func lowerText(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.ToLower(s)
		}
	}
	return toLower(s)
}

// lower returns s as toLower has it, up to the next use of the room.
func (d *document) lower(s string) []byte {
	d.room = appendLower(d.room[:0], s)
	return d.room
}

func appendLower(dst []byte, s string) []byte {
	dst = slices.Grow(dst, len(s))
	room := dst[len(dst) : len(dst)+len(s)]
	for i := 0; i < len(s); {
		if at := min(i, len(s)-8); at >= 0 { // the last eight may hold some that are done
			if eight := eightBytes(s[at:]); eight&highBits == 0 {
				binary.LittleEndian.PutUint64(room[at:], lowerEight(eight))
				i = at + 8
				continue
			}
		}
		if c := s[i]; c < utf8.RuneSelf {
			room[i] = lowerASCII[c]
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		appendLowerRune(room[:i], r, s[i:i+size])
		i += size
	}
	return dst[:len(dst)+len(s)]
}

// lowerEight returns eight bytes of ASCII in lower case.
func lowerEight(eight uint64) uint64 {
	fromA, aboveZ := eight+0x3f3f3f3f3f3f3f3f, eight+0x2525252525252525 // a high bit each where it is so
	return eight | (fromA&^aboveZ&highBits)>>2
}

// highBits are those that no byte of ASCII has.
const highBits = 0x8080808080808080

// appendLowerRune appends r in lower case; s is how it is spelled, maybe one byte
// that is no UTF-8.
func appendLowerRune(dst []byte, r rune, s string) []byte {
	if low := lowerOf(r); low != r && utf8.RuneLen(low) == len(s) {
		return utf8.AppendRune(dst, low)
	}
	return append(dst, s...)
}

// lowerASCII spares a branch that nobody can predict.
var lowerASCII = func() (low [utf8.RuneSelf]byte) {
	for c := range low {
		low[c] = byte(unicode.ToLower(rune(c)))
	}
	return low
}()

// foldedASCII is lowerASCII with a blank for all white space.
var foldedASCII = func() (folded [utf8.RuneSelf]byte) {
	for c, low := range lowerASCII {
		folded[c] = low
		if unicode.IsSpace(rune(c)) {
			folded[c] = ' '
		}
	}
	return folded
}()

// lowerOf is unicode.ToLower, at once for all up to two bytes long, for the
// scripts up to Burmese and for those of East Asia, which have no cases.
func lowerOf(r rune) rune {
	switch {
	case r < rune(len(lowerShort)):
		return rune(lowerShort[r])
	case r < 0x10a0, r >= 0x2e80 && r < 0xa640, r >= 0xac00 && r < 0xd7b0:
		return r
	}
	return unicode.ToLower(r)
}

// lowerShort holds what unicode.ToLower would search for.
var lowerShort = func() (low [0x800]uint16) {
	for r := range low {
		low[r] = uint16(unicode.ToLower(rune(r)))
	}
	return low
}()
