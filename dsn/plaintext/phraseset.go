package plaintext

import "strings"

// phraseSet finds any of many phrases in a text, in one pass over it.
type phraseSet struct {
	// heads has a bit for each hash of the first three bytes of a phrase.
	heads [1 << 8]uint64
	// byHead are the phrases by their first three bytes.
	byHead map[[3]byte][]string
	// short are the phrases of fewer than three bytes.
	short []string
}

// newPhrases returns a set of phrases, which are in lower case.
func newPhrases(phrases ...string) *phraseSet {
	p := &phraseSet{byHead: make(map[[3]byte][]string, len(phrases))}
	for _, phrase := range phrases {
		if len(phrase) < 3 {
			p.short = append(p.short, phrase)
			continue
		}
		head := [3]byte{phrase[0], phrase[1], phrase[2]}
		p.byHead[head] = append(p.byHead[head], phrase)
		at := hashHead(head)
		p.heads[at>>6] |= 1 << (at & 63)
	}
	return p
}

// hashHead returns a number of 14 bits.
func hashHead(head [3]byte) uint32 {
	return (uint32(head[0]) | uint32(head[1])<<8 | uint32(head[2])<<16) * 0x9E3779B1 >> 18
}

// in reports whether s, in lower case, holds one of the phrases.
func (p *phraseSet) in(s string) bool {
	for i := 0; i+3 <= len(s); i++ {
		head := [3]byte{s[i], s[i+1], s[i+2]}
		if at := hashHead(head); p.heads[at>>6]&(1<<(at&63)) == 0 {
			continue
		}
		for _, phrase := range p.byHead[head] {
			if strings.HasPrefix(s[i:], phrase) {
				return true
			}
		}
	}
	for _, phrase := range p.short {
		if strings.Contains(s, phrase) {
			return true
		}
	}
	return false
}
