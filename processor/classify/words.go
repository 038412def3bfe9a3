package classify

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// words is a folded text.
type words struct {
	text   []byte
	padded []byte // text and the zeros behind it, so that bytes can be read behind its end
	// starts has a bit for each place where a word may begin, blanks for those of
	// them where no phrase begins. Zeros follow them.
	starts, blanks []uint64
	open           []opening
	near           near
	nearTo         int // the place that near is for
}

// opening is a place behind the first part of phrases that go on, and where their
// endings are in trie.endings.
type opening struct {
	from, to uint32
	at       int
}

// near has the bits of link.heads for the words that may begin behind a place, as
// far as a gap reaches: many phrases ask for the same ones.
type near struct {
	heads [4]uint64
	all   uint64 // as in link.may
}

// padding is how many bytes can be read behind the end of a text.
const padding = 8

// set takes over the text.
func (w *words) set(text []byte) {
	w.padded = append(text, make([]byte, padding)...)
	w.text = w.padded[:len(text)]
	w.nearTo = -1
	w.open = w.open[:0]
	pieces := len(text)>>6 + 2
	w.starts, w.blanks = slices.Grow(w.starts[:0], pieces), slices.Grow(w.blanks[:0], pieces)
	inside := uint64(0) // whether the byte before belongs to a word
	for from := 0; from <= len(text); from += 64 {
		alnum, blank := uint64(0), uint64(0)
		for i := from; i < min(from+64, len(text)); i += 8 {
			letters, blanks := kinds(binary.LittleEndian.Uint64(w.padded[i:]))
			alnum |= letters << (i & 63)
			blank |= blanks << (i & 63)
		}
		w.starts = append(w.starts, ^(alnum & (alnum<<1 | inside)))
		w.blanks = append(w.blanks, blank)
		inside = alnum >> 63
	}
	w.starts[len(text)>>6] &= 1<<(len(text)&63) - 1
	w.starts, w.blanks = append(w.starts, 0), append(w.blanks, 0)
}

const (
	each  = 0x0101010101010101 // a byte eight times
	highs = 0x80 * each
)

// kinds returns a bit for each of eight bytes that is a letter or digit of ASCII,
// and one for each that is a blank. The first byte is the lowest.
func kinds(of uint64) (alnum, blank uint64) {
	return highBits(within(of, 'a', 'z') | within(of, '0', '9')), highBits(within(of, ' ', ' '))
}

// highBits puts the highest bits of eight bytes beside one another.
func highBits(of uint64) uint64 { return of & highs >> 7 * 0x0102040810204080 >> 56 }

// behind returns a bit for each place from at on where a word may begin, as far
// as a gap reaches. The one for at is the lowest.
func (w *words) behind(at int) uint64 {
	i := at >> 6
	return (w.starts[i]>>(at&63) | w.starts[i+1]<<(63-at&63)<<1) & (1<<(gap+1) - 1)
}

// head returns the hash of the bytes at the place.
func (w *words) head(at int) byte {
	of := binary.LittleEndian.Uint32(w.padded[at:])
	return hashWord(byte(of), byte(of>>8), byte(of>>16))
}

// seen returns the bit of link.may for the bytes at the place.
func (w *words) seen(at int) uint64 { return 1 << (w.head(at) & 63) }

// ahead returns near for the place.
func (w *words) ahead(at int) *near {
	n := &w.near
	if w.nearTo == at {
		return n
	}
	*n, w.nearTo = near{}, at
	for starts := w.behind(at); starts != 0; starts &= starts - 1 {
		head := w.head(at + bits.TrailingZeros64(starts))
		n.heads[head>>6] |= 1 << (head & 63)
	}
	n.all = n.heads[0] | n.heads[1] | n.heads[2] | n.heads[3]
	return n
}
