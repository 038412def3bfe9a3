package classify

import (
	"bytes"
	"math/bits"
	"slices"
)

// chains holds what follows the first parts of the phrases.
type chains struct {
	links   []link   // links[0] is not used
	words   []uint32 // the places in letters where the words begin; each ends where the next begins
	firsts  []byte   // the first letters of the words
	letters []byte
	known   map[*step]uint32 // the links made of steps; nil once all are made
}

// link is a step in the tables.
type link struct {
	may      uint64    // has a bit for each hash of what may stand behind what is before the link
	heads    [4]uint64 // has a bit for each hash of the first bytes of the words
	from, to uint32    // of its words, which are sorted
	next     uint32    // in links, 0 for none
	loose    bool
	empty    bool
}

// hashWord is the place in link.heads for a word that begins with the bytes; its
// lower six bits are the place in link.may. The places of all words with the same
// first bytes follow one another.
func hashWord(first, second, third byte) byte {
	return first<<4 | (second^second>>3)&3<<2 | (third^third>>3)&3
}

// headOf returns the bits of link.heads for a word, and which of the four they
// are in. Anything may follow a short word.
func headOf(word []byte) (at byte, bits uint64) {
	switch len(word) {
	case 1:
		at, bits = hashWord(word[0], 0, 0)&^15, 1<<16-1
	case 2:
		at, bits = hashWord(word[0], word[1], 0)&^3, 1<<4-1
	default:
		at, bits = hashWord(word[0], word[1], word[2]), 1
	}
	return at >> 6, bits << (at & 63)
}

// mayBegin reports whether a word of the link may begin with the bytes of the hash.
func (l *link) mayBegin(head byte) bool { return l.heads[head>>6]&(1<<(head&63)) != 0 }

func newChains() chains {
	return chains{links: make([]link, 1), known: map[*step]uint32{}}
}

// finish gives back what was needed to make the links.
func (c *chains) finish() {
	c.words = append(c.words, uint32(len(c.letters)))
	c.known = nil
	c.links, c.words, c.firsts, c.letters = slices.Clone(c.links), slices.Clone(c.words), slices.Clone(c.firsts), slices.Clone(c.letters)
}

// ending returns the end of the first part of the phrase, of rule.
func (c *chains) ending(p *phrase) ending {
	e := ending{may: ^uint64(0), rule: uint32(p.rule)}
	if p.rest == nil {
		return e
	}
	at := c.add(p.rest)
	e.may, e.rest = c.links[at].may, at<<1
	if p.rest.loose && !p.rest.empty { // else nothing need be ahead
		e.rest |= 1
	}
	return e
}

// add puts the step and the later ones into the tables.
func (c *chains) add(s *step) uint32 {
	if s == nil {
		return 0
	}
	if at := c.known[s]; at != 0 {
		return at
	}
	l := link{next: c.add(s.next), loose: s.loose, empty: s.empty, from: uint32(len(c.words))}
	for _, word := range s.words {
		c.words, c.firsts, c.letters = append(c.words, uint32(len(c.letters))), append(c.firsts, word[0]), append(c.letters, word...)
		at, bits := headOf(word)
		l.heads[at] |= bits
		l.may |= bits
		if word[0] == ' ' && !s.loose {
			l.may |= behindBlank(word)
		}
	}
	l.to = uint32(len(c.words))
	switch {
	case !s.empty:
	case s.loose || l.next == 0 || c.links[l.next].loose:
		l.may = ^uint64(0)
	default:
		l.may |= c.links[l.next].may
	}
	at := uint32(len(c.links))
	c.links, c.known[s] = append(c.links, l), at
	return at
}

// behindBlank returns the bits of link.may for a word whose blank is the one that
// ends what is before it.
func behindBlank(word []byte) uint64 {
	if len(word) == 1 {
		return ^uint64(0)
	}
	_, bits := headOf(word[1:])
	return bits
}

// mayGoOn reports whether the rest of a phrase may follow at the place, of which
// seen has the bit. The glance spares most phrases the search.
func (e *ending) mayGoOn(w *words, at int, seen uint64) bool {
	if e.isLoose() {
		seen = w.ahead(at).all
	}
	return e.may&seen != 0
}

// follow reports whether the link and the later ones follow behind place at.
func (c *chains) follow(w *words, i uint32, at int) bool {
	for i != 0 {
		l := &c.links[i]
		if l.loose {
			return c.followLoose(w, l, at)
		}
		if l.mayBegin(w.head(at)) && c.match(w, l, at) {
			return true
		}
		// A blank of the text stands for one at the end of a word and at the beginning of the next.
		if at > 0 && w.text[at-1] == ' ' && l.mayBegin(w.head(at-1)) && c.match(w, l, at-1) {
			return true
		}
		if !l.empty {
			return false
		}
		i = l.next
	}
	return true
}

// followLoose is follow for a link that is loose.
func (c *chains) followLoose(w *words, l *link, at int) bool {
	if l.empty && c.follow(w, l.next, at) {
		return true
	}
	ahead := &w.ahead(at).heads
	if l.heads[0]&ahead[0]|l.heads[1]&ahead[1]|l.heads[2]&ahead[2]|l.heads[3]&ahead[3] == 0 {
		return false
	}
	for starts := w.behind(at); starts != 0; starts &= starts - 1 {
		place := at + bits.TrailingZeros64(starts)
		if l.mayBegin(w.head(place)) && c.match(w, l, place) {
			return true
		}
	}
	return false
}

// match reports whether a word of the link stands at the place, and the later
// links follow it.
func (c *chains) match(w *words, l *link, at int) bool {
	here := w.padded[at:]
	for i := l.from; i < l.to; i++ {
		if c.firsts[i] < here[0] {
			continue
		}
		if c.firsts[i] > here[0] {
			break
		}
		word := c.letters[c.words[i]:c.words[i+1]]
		if bytes.HasPrefix(here, word) && c.follow(w, l.next, at+len(word)) {
			return true
		}
	}
	return false
}
