package classify

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// trie finds the phrases that begin at a place in a text, in a time that depends
// on the length of what matches and not on the number of phrases. It lies in few
// flat tables: a collection of garbage has nothing to follow in them, and what a
// text touches lies close together.
type trie struct {
	heads   [1 << headBits / 64]uint64 // has a bit for each hash of the first three bytes of a phrase
	starts  [1 << startBits]uint32     // the first of the nodes for the phrases whose first two bytes have the hash, 0 for none
	nodes   []node                     // the top comes first and is never searched, the last one only ends the one before
	tails   []byte
	endings []ending
	chains  chains
}

// node stands for the beginning of a first part: the key is what all phrases from
// here on have behind the node above. What a node has of a table ends where the
// share of the next node begins.
type node struct {
	key      uint64 // its first eight bytes, the first one lowest
	kids     uint64 // has a bit for each place of the first byte of a child's key
	children uint32 // in nodes: the first child of each place, in the order of the places
	twin     uint32 // the next child of the same place, 0 for none
	tail     uint32 // in tails: the key behind the eight bytes
	endings  uint32 // of the phrases whose first part ends behind the key: first those that end there, then those that go on
	least    uint32 // of the rules that can be met here and below
	unused   uint8  // bits of key
}

// ending is the end of the first part of a phrase.
type ending struct {
	may  uint64 // what link.may has; all bits when nothing follows
	rule uint32 // its place in Classifier.rules
	rest uint32 // twice the place of its chain in chains.links, plus one when may is about all that is ahead; 0 for none
}

// isLoose reports whether one of the words ahead must be what goes on.
func (e *ending) isLoose() bool { return e.rest&1 != 0 }

// span is a part of the sorted phrases, which begin with the same depth bytes. Its
// place in spans is that of its node, and that of its twin too.
type span struct {
	from, to, depth int
	twin            uint32
}

// newTrie sorts the phrases.
func newTrie(phrases []phrase) trie {
	slices.SortFunc(phrases, func(a, b phrase) int {
		return cmp.Or(strings.Compare(a.first, b.first), a.order()-b.order(), a.rule-b.rule)
	})
	t := trie{chains: newChains()}
	spans := t.addStarts(phrases)
	t.nodes = append(t.nodes, node{})
	for i := 1; i < len(spans); i++ {
		s := spans[i]
		below := phrases[s.from:s.to]
		n := node{children: uint32(len(spans)), twin: s.twin, tail: uint32(len(t.tails)), endings: uint32(len(t.endings)), least: least(below)}
		key := commonTail(below, s.depth)
		n.setKey(key)
		t.tails = append(t.tails, key[min(len(key), 8):]...)
		end, at := s.depth+len(key), s.from
		for ; at < s.to && len(phrases[at].first) == end; at++ {
			t.endings = append(t.endings, t.chains.ending(&phrases[at]))
		}
		spans = n.addChildren(spans, split(phrases, span{from: at, to: s.to, depth: end}, 1), phrases)
		t.nodes = append(t.nodes, n)
	}
	t.nodes = append(t.nodes, node{tail: uint32(len(t.tails)), endings: uint32(len(t.endings))})
	t.addHeads(phrases)
	t.chains.finish()
	t.nodes, t.tails, t.endings = slices.Clone(t.nodes), slices.Clone(t.tails), slices.Clone(t.endings)
	return t
}

// split returns the parts of s whose phrases have the same more bytes behind its
// depth. Their depth is that of s, so that a key holds these bytes too.
func split(phrases []phrase, s span, more int) []span {
	var parts []span
	for at := s.from; at < s.to; {
		part := span{from: at, depth: s.depth}
		label := phrases[at].first[s.depth:][:more]
		for at < s.to && phrases[at].first[s.depth:][:more] == label {
			at++
		}
		part.to = at
		parts = append(parts, part)
	}
	return parts
}

// addStarts returns the spans of the nodes below the top, and one for the top.
func (t *trie) addStarts(phrases []phrase) []span {
	spans := make([]span, 1)
	for _, part := range split(phrases, span{to: len(phrases)}, minPhrase) {
		first := phrases[part.from].first
		start := &t.starts[hashStart(uint32(first[0])|uint32(first[1])<<8)]
		part.twin, *start = *start, uint32(len(spans))
		spans = append(spans, part)
	}
	return spans
}

// setKey takes over the first eight bytes.
func (n *node) setKey(key string) {
	for i := range min(len(key), 8) {
		n.key |= uint64(key[i]) << (8 * i)
	}
	n.unused = uint8(64 - 8*min(len(key), 8))
}

// addChildren adds the children, of which phrases are the sorted ones, to spans.
func (n *node) addChildren(spans, children []span, phrases []phrase) []span {
	place := func(s span) byte { return phrases[s.from].first[s.depth] & 63 }
	slices.SortStableFunc(children, func(a, b span) int { return int(place(a)) - int(place(b)) })
	var twins []span
	for _, child := range children {
		if n.below(place(child)) != 0 {
			twins = append(twins, child)
			continue
		}
		n.kids |= 1 << place(child)
		spans = append(spans, child)
	}
	for _, child := range twins {
		first := &spans[n.below(place(child))]
		child.twin, first.twin = first.twin, uint32(len(spans))
		spans = append(spans, child)
	}
	return spans
}

// order puts the phrases that end with their first part before the others.
func (p *phrase) order() int {
	if p.rest == nil {
		return 0
	}
	return 1
}

// least returns the first of the rules of the phrases.
func least(phrases []phrase) uint32 {
	first := math.MaxUint32
	for i := range phrases {
		first = min(first, phrases[i].rule)
	}
	return uint32(first)
}

// commonTail returns what the first parts of the sorted phrases have in common
// behind the first depth bytes.
func commonTail(phrases []phrase, depth int) string {
	one, other := phrases[0].first, phrases[len(phrases)-1].first
	end := depth
	for end < len(one) && end < len(other) && one[end] == other[end] {
		end++
	}
	return one[depth:end]
}

const (
	headBits  = 15
	startBits = 12
)

func hashHead(head uint32) uint32 { return head * 0x9E3779B1 >> (32 - headBits) }

// hashStart is the place in trie.starts for what begins with the two lower bytes.
func hashStart(head uint32) uint32 { return head&0x3f | head>>2&0xfc0 }

func (t *trie) addHeads(phrases []phrase) {
	add := func(head uint32) {
		bit := hashHead(head)
		t.heads[bit>>6] |= 1 << (bit & 63)
	}
	for i := range phrases {
		first := phrases[i].first
		head := uint32(first[0]) | uint32(first[1])<<8
		if len(first) > 2 {
			add(head | uint32(first[2])<<16)
			continue
		}
		for third := range uint32(256) { // any may follow
			add(head | third<<16)
		}
	}
}

// begin returns the first node from which on phrases are looked for at the place,
// 0 for none. A bit for each hash spares most places the search.
func (t *trie) begin(w *words, place int) uint32 {
	head := binary.LittleEndian.Uint32(w.padded[place:]) & 0xffffff
	if bit := hashHead(head); t.heads[bit>>6]&(1<<(bit&63)) == 0 {
		return 0
	}
	return t.starts[hashStart(head)]
}

// stands reports whether the text begins with the key of n, behind which next
// comes in the tables. The zeros behind the text are in no key.
func (t *trie) stands(n, next *node, text []byte) bool {
	if (binary.LittleEndian.Uint64(text)^n.key)<<(n.unused&63) != 0 {
		return false
	}
	return n.tail == next.tail || bytes.HasPrefix(text[n.size():], t.tails[n.tail:next.tail])
}

// size is the number of bytes of the key in the node.
func (n *node) size() int { return 8 - int(n.unused>>3) }

// below returns the first child whose key may begin with the byte, 0 for none.
func (n *node) below(b byte) uint32 {
	bit := uint64(1) << (b & 63)
	if n.kids&bit == 0 {
		return 0
	}
	return n.children + uint32(bits.OnesCount64(n.kids&(bit-1)))
}
