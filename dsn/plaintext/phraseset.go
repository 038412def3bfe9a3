package plaintext

import (
	"cmp"
	"slices"
	"strings"
)

// kinds tells which of several sets a phrase is of, a bit for each.
type kinds uint64

// phraseSet finds the phrases of one or several sets in a text, in one pass over
// it.
type phraseSet struct {
	// heads has a bit for each hash of the first three bytes of a phrase.
	heads [1 << hashBits / 64]uint64
	// phrases are sorted by their hashes, and starts tells where those begin
	// whose hashes have the same first bits.
	phrases []phrase
	starts  [1<<startBits + 1]uint16
	// short are the phrases of fewer than three bytes.
	short []phrase
	// kinds are those of all phrases.
	kinds kinds
}

type phrase struct {
	text  string
	hash  uint32
	kinds kinds
	// head are the first eight bytes of text, or fewer, where mask has ones. Most
	// phrases that begin with the same three bytes are told apart by them.
	head, mask uint64
}

const hashBits, startBits = 14, 10

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
	if len(one.text) < 3 {
		p.short = append(p.short, one)
		return
	}
	one.head, one.mask = eightBytes(one.text), 1<<(8*min(len(one.text), 8))-1
	one.hash = hashHead(uint32(one.head & 0xffffff))
	p.heads[one.hash>>6] |= 1 << (one.hash & 63)
	p.phrases = append(p.phrases, one)
}

func (p *phraseSet) sort() {
	slices.SortStableFunc(p.phrases, func(a, b phrase) int { return cmp.Compare(a.hash, b.hash) })
	for _, one := range p.phrases {
		p.starts[one.hash>>(hashBits-startBits)+1]++
	}
	for i := range 1 << startBits {
		p.starts[i+1] += p.starts[i]
	}
}

// hashHead returns a number of hashBits bits.
func hashHead(head uint32) uint32 { return head * 0x9E3779B1 >> (32 - hashBits) }

// in reports whether s, in lower case, holds one of the phrases.
func (p *phraseSet) in(s string) bool { return p.look(s, p.kinds) != 0 }

// find returns the kinds of the phrases that s, in lower case, holds.
func (p *phraseSet) find(s string) kinds { return p.look(s, 0) }

// look is find that may stop once a phrase of one of the kinds was found.
func (p *phraseSet) look(s string, enough kinds) (found kinds) {
	for i := range p.short {
		if one := &p.short[i]; strings.Contains(s, one.text) {
			found |= one.kinds
		}
	}
	if found&enough != 0 {
		return found
	}
	return look(p, s, enough, found)
}

// inBytes is in, and findInBytes is find, for a set without short phrases.
func (p *phraseSet) inBytes(s []byte) bool      { return look(p, s, p.kinds, 0) != 0 }
func (p *phraseSet) findInBytes(s []byte) kinds { return look(p, s, 0, 0) }

// look adds the kinds of the phrases in s that are not short to those found.
func look[text string | []byte](p *phraseSet, s text, enough, found kinds) kinds {
	if len(s) < 3 {
		return found
	}
	head := uint32(s[0])<<8 | uint32(s[1])<<16
	for i := 2; i < len(s) && found != p.kinds; i++ {
		head = head>>8 | uint32(s[i])<<16
		hash := hashHead(head)
		if p.heads[hash>>6]&(1<<(hash&63)) == 0 {
			continue
		}
		rest := s[i-2:]
		eight, near := eightBytes(rest), p.near(hash)
		for at := range near {
			one := &near[at]
			if one.kinds&^found != 0 && eight&one.mask == one.head && len(rest) >= len(one.text) && string(rest[:len(one.text)]) == one.text {
				found |= one.kinds
			}
		}
		if found&enough != 0 {
			break
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

// near returns the phrases among which those of the hash are.
func (p *phraseSet) near(hash uint32) []phrase {
	at := hash >> (hashBits - startBits)
	return p.phrases[p.starts[at]:p.starts[at+1]]
}

// begin reports whether s, in lower case, begins with one of the phrases.
func (p *phraseSet) begin(s string) bool {
	if len(s) < 3 {
		return false
	}
	head := eightBytes(s)
	near := p.near(hashHead(uint32(head & 0xffffff)))
	for i := range near {
		if one := &near[i]; head&one.mask == one.head && strings.HasPrefix(s, one.text) {
			return true
		}
	}
	return false
}

// mayBegin reports whether s, in upper or lower case, may begin with one of the
// phrases: its first eight bytes do.
func (p *phraseSet) mayBegin(s string) bool {
	if len(s) < 3 {
		return false
	}
	head := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16
	if head&0x808080 == 0 {
		head = uint32(lowerASCII[s[0]]) | uint32(lowerASCII[s[1]])<<8 | uint32(lowerASCII[s[2]])<<16
		if hash := hashHead(head); p.heads[hash>>6]&(1<<(hash&63)) == 0 {
			return false
		}
	}
	var room [12]byte // for the characters that hold the first eight bytes
	eight := eightBytes(appendLower(room[:0], s[:min(len(s), len(room))]))
	near := p.near(hashHead(uint32(eight & 0xffffff)))
	for i := range near {
		if eight&near[i].mask == near[i].head {
			return true
		}
	}
	return false
}
