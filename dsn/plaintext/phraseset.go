package plaintext

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// kinds tells which of several sets a phrase is of, a bit for each.
type kinds uint64

// phraseSet finds the phrases of one or several sets in a text, in one pass over
// it.
type phraseSet struct {
	// heads has a bit for each hash of the first four bytes of a phrase.
	heads hashes
	// keys has a bit for each hash of the first eight bytes of a phrase, or of the
	// first four of a phrase of fewer than eight, and ranks tells how many bits
	// stand before each word of it.
	keys  hashes
	ranks [len(hashes{})]uint16
	// phrases are sorted by those hashes, and starts tells where those of each bit
	// in keys begin.
	phrases []phrase
	starts  []uint16
	// short are the phrases of fewer than four bytes.
	short []phrase
	// kinds are those of all phrases.
	kinds kinds
}

type phrase struct {
	text  string
	kinds kinds
	// head are the first eight bytes of text, or fewer, where mask has ones.
	head, mask uint64
	// last is where the last byte of text stands, and end that byte. Most that
	// begin alike are told apart by it, before text is read.
	last int
	end  byte
}

const hashBits = 14

// hashes is a set of hashes.
type hashes [1 << hashBits / 64]uint64

func (h *hashes) has(hash uint32) bool { return h[hash>>6]>>(hash&63)&1 != 0 }

func (h *hashes) add(hash uint32) { h[hash>>6] |= 1 << (hash & 63) }

func hashFour(four uint32) uint32 { return four * 0x9E3779B1 >> (32 - hashBits) }

func hashEight(eight uint64) uint32 { return uint32(eight * 0x9E3779B97F4A7C15 >> (64 - hashBits)) }

// newPhrases returns a set of phrases, which are in lower case. They are of kind 1.
func newPhrases(phrases ...string) *phraseSet {
	p := &phraseSet{}
	for _, text := range phrases {
		p.add(phrase{text: text, kinds: 1})
	}
	p.sort()
	return p
}

// union returns the phrases of several sets. Those of the first one are of kind
// 1, those of the second one of kind 2, then 4 and so on.
func union(sets ...*phraseSet) *phraseSet {
	p := &phraseSet{}
	for i, set := range sets {
		for _, one := range slices.Concat(set.phrases, set.short) {
			p.add(phrase{text: one.text, kinds: 1 << i})
		}
	}
	p.sort()
	return p
}

func (p *phraseSet) add(one phrase) {
	p.kinds |= one.kinds
	if len(one.text) < 4 {
		p.short = append(p.short, one)
		return
	}
	one.head, one.mask = eightBytes(one.text), 1<<(8*min(len(one.text), 8))-1
	one.last = len(one.text) - 1
	one.end = one.text[one.last]
	p.phrases = append(p.phrases, one)
}

// key returns the hash by which the phrase is found.
func (one *phrase) key() uint32 {
	if len(one.text) < 8 {
		return hashFour(uint32(one.head))
	}
	return hashEight(one.head)
}

func (p *phraseSet) sort() {
	slices.SortStableFunc(p.phrases, func(a, b phrase) int { return cmp.Compare(a.key(), b.key()) })
	for i := range p.phrases {
		one := &p.phrases[i]
		p.heads.add(hashFour(uint32(one.head)))
		if key := one.key(); !p.keys.has(key) {
			p.keys.add(key)
			p.starts = append(p.starts, uint16(i))
		}
	}
	p.starts = append(p.starts, uint16(len(p.phrases)))
	for i := range len(p.keys) - 1 {
		p.ranks[i+1] = p.ranks[i] + uint16(bits.OnesCount64(p.keys[i]))
	}
}

// near returns the phrases that are found by the key, which is one of keys.
func (p *phraseSet) near(key uint32) []phrase {
	at := int(p.ranks[key>>6]) + bits.OnesCount64(p.keys[key>>6]&(1<<(key&63)-1))
	return p.phrases[p.starts[at]:p.starts[at+1]]
}

// in reports whether s, in lower case, holds one of the phrases.
func (p *phraseSet) in(s string) bool { return p.look(s, p.kinds) != 0 }

// find returns the kinds of the phrases that s, in lower case, holds.
func (p *phraseSet) find(s string) kinds { return p.look(s, 0) }

// look is find that may stop once a phrase of one of the kinds was found.
func (p *phraseSet) look(s string, enough kinds) kinds {
	found := lookLong(p, s, enough)
	for i := range p.short {
		if one := &p.short[i]; found&enough == 0 && one.kinds&^found != 0 && strings.Contains(s, one.text) {
			found |= one.kinds
		}
	}
	return found
}

// lookBytes is look in bytes.
func (p *phraseSet) lookBytes(s []byte, enough kinds) kinds {
	found := lookLong(p, s, enough)
	for i := range p.short {
		if one := &p.short[i]; found&enough == 0 && one.kinds&^found != 0 && bytes.Contains(s, []byte(one.text)) {
			found |= one.kinds
		}
	}
	return found
}

// lookLong is look for the phrases that are not short.
func lookLong[text string | []byte](p *phraseSet, s text, enough kinds) (found kinds) {
	for found&enough == 0 && found != p.kinds {
		i := nextHead(&p.heads, s)
		if i < 0 {
			break
		}
		found |= matches(p, s[i:], found)
		s = s[i+1:]
	}
	return found
}

// nextHead returns the first place in s where four bytes stand whose hash is one
// of heads, and -1 for none.
func nextHead[text string | []byte](heads *hashes, s text) int {
	for i := range len(s) - 3 {
		if heads.has(hashFour(uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24)) {
			return i
		}
	}
	return -1
}

// matches returns the kinds of those of the phrases that s begins with, if they
// are not all among those found. The short phrases are none of them.
func matches[text string | []byte](p *phraseSet, s text, found kinds) kinds {
	eight := eightBytes(s)
	if key := hashEight(eight); p.keys.has(key) {
		found |= matchesAmong(p.near(key), s, eight, found)
	}
	if key := hashFour(uint32(eight)); p.keys.has(key) {
		found |= matchesAmong(p.near(key), s, eight, found)
	}
	return found
}

// matchesAmong is matches for some of the phrases.
func matchesAmong[text string | []byte](near []phrase, s text, eight uint64, found kinds) kinds {
	for i := range near {
		one := &near[i]
		if eight&one.mask == one.head && one.kinds&^found != 0 && one.last < len(s) && s[one.last] == one.end && string(s[:one.last+1]) == one.text {
			found |= one.kinds
		}
	}
	return found
}

// eightBytes returns the first eight bytes of s, zeros in the place of missing ones.
func eightBytes[text string | []byte](s text) (n uint64) {
	if len(s) >= 8 {
		return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	}
	for i := range len(s) {
		n |= uint64(s[i]) << (8 * i)
	}
	return n
}

// begin reports whether s, in lower case, begins with one of the phrases that are
// not short.
func (p *phraseSet) begin(s string) bool { return matches(p, s, 0) != 0 }

// mayBegin reports whether s, in upper or lower case, may begin with one of those
// phrases: its first eight bytes do.
func (p *phraseSet) mayBegin(s string) bool {
	if len(s) < 4 {
		return false
	}
	if b := s[:4]; (b[0] | b[1] | b[2] | b[3]) < utf8.RuneSelf {
		head := uint32(lowerASCII[b[0]]) | uint32(lowerASCII[b[1]])<<8 | uint32(lowerASCII[b[2]])<<16 | uint32(lowerASCII[b[3]])<<24
		if !p.heads.has(hashFour(head)) {
			return false
		}
	}
	var room [12]byte // for the characters that hold the first eight bytes
	eight := eightBytes(appendLower(room[:0], s[:min(len(s), len(room))]))
	return p.keys.has(hashEight(eight)) || p.keys.has(hashFour(uint32(eight)))
}
