package classify

import (
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
	starts  []start                    // a hash table by the first three bytes, at least half of it empty
	nodes   []node                     // the top comes first, the last one only ends the one before
	labels  []byte                     // labels[i] is the byte that leads to nodes[i]
	tails   []byte
	endings []ending
	chains  chains
}

// start is the node from which on phrases with the same first three bytes are
// looked for, and the number of bytes that lead to it.
type start struct{ head, node, depth uint32 }

// node stands for the beginning of a first part: the label and the tail that all
// phrases from here on have. What a node has of a table ends where the share of
// the next node begins. Children are in the order of their labels.
type node struct {
	children uint32 // in nodes
	tail     uint32 // in tails
	endings  uint32 // of the phrases whose first part ends behind the tail: first those that end there, then those that go on
	least    uint32 // of the rules that can be met here and below
}

// ending is the end of the first part of a phrase.
type ending struct {
	may  uint64 // what link.may has; all bits when nothing follows
	rule uint32 // its place in Classifier.rules
	rest uint32 // twice the place of its chain in chains.links, plus one when may is about all that is ahead; 0 for none
}

// isLoose reports whether one of the words ahead must be what goes on.
func (e *ending) isLoose() bool { return e.rest&1 != 0 }

// span is a part of the sorted phrases, which begin with the same depth bytes.
type span struct{ from, to, depth int }

// newTrie sorts the phrases.
func newTrie(phrases []phrase) trie {
	slices.SortFunc(phrases, func(a, b phrase) int {
		return cmp.Or(strings.Compare(a.first, b.first), a.order()-b.order(), a.rule-b.rule)
	})
	t := trie{labels: []byte{0}, chains: newChains()}
	spans := []span{{0, len(phrases), 0}}
	for i := 0; i < len(spans); i++ {
		s := spans[i]
		below := phrases[s.from:s.to]
		t.nodes = append(t.nodes, node{uint32(len(spans)), uint32(len(t.tails)), uint32(len(t.endings)), least(below)})
		end := s.depth
		if i > 0 { // the search begins below the top
			tail := commonTail(below, s.depth)
			t.tails = append(t.tails, tail...)
			end += len(tail)
		}
		at := s.from
		for ; at < s.to && len(phrases[at].first) == end; at++ {
			t.endings = append(t.endings, t.chains.ending(&phrases[at]))
		}
		for at < s.to {
			from, label := at, phrases[at].first[end]
			for at < s.to && phrases[at].first[end] == label {
				at++
			}
			spans, t.labels = append(spans, span{from, at, end + 1}), append(t.labels, label)
		}
	}
	t.nodes = append(t.nodes, node{uint32(len(spans)), uint32(len(t.tails)), uint32(len(t.endings)), math.MaxUint32})
	t.addHeads(phrases)
	t.chains.finish()
	t.nodes, t.labels, t.tails, t.endings = slices.Clone(t.nodes), slices.Clone(t.labels), slices.Clone(t.tails), slices.Clone(t.endings)
	return t
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

const headBits = 15

func hashHead(head uint32) uint32 { return head * 0x9E3779B1 }

func (t *trie) addHeads(phrases []phrase) {
	heads := map[[3]byte]bool{}
	for i := range phrases {
		first := phrases[i].first
		if len(first) > 2 {
			heads[[3]byte([]byte(first[:3]))] = true
			continue
		}
		for third := range 256 { // any may follow
			heads[[3]byte{first[0], first[1], byte(third)}] = true
		}
	}
	t.starts = make([]start, 1<<bits.Len(uint(2*len(heads))))
	for head := range heads {
		t.addHead(head)
	}
}

// addHead finds the deepest node that the three bytes lead to, above which no
// phrase ends.
func (t *trie) addHead(first [3]byte) {
	s := start{head: uint32(first[0]) | uint32(first[1])<<8 | uint32(first[2])<<16}
	for s.depth < 3 {
		n, next := &t.nodes[s.node], &t.nodes[s.node+1]
		if n.tail != next.tail || n.endings != next.endings {
			break
		}
		s.node = t.child(n, next, first[s.depth])
		s.depth++
	}
	hash := hashHead(s.head)
	bit := hash >> (32 - headBits)
	t.heads[bit>>6] |= 1 << (bit & 63)
	*t.slot(s.head, hash) = s
}

// slot returns the place of the head in starts, or the one where it belongs.
func (t *trie) slot(head, hash uint32) *start {
	mask := uint32(len(t.starts) - 1)
	for at := hash >> 8 & mask; ; at = (at + 1) & mask {
		if s := &t.starts[at]; s.node == 0 || s.head == head {
			return s
		}
	}
}

// begin returns the node from which on phrases are looked for at the place, 0 for
// none, and the place behind its label. A bit for each hash spares most places the table.
func (t *trie) begin(w *words, place int) (node uint32, at int) {
	head := binary.LittleEndian.Uint32(w.padded[place:]) & 0xffffff
	hash := hashHead(head)
	if bit := hash >> (32 - headBits); t.heads[bit>>6]&(1<<(bit&63)) == 0 {
		return 0, 0
	}
	s := t.slot(head, hash)
	return s.node, place + int(s.depth)
}

// child returns the node below n that the byte leads to, 0 for none.
func (t *trie) child(n, next *node, b byte) uint32 {
	for at, label := range t.labels[n.children:next.children] {
		if label >= b {
			if label == b {
				return n.children + uint32(at)
			}
			break
		}
	}
	return 0
}

// walk returns the phrases whose first part ends at a node, whose label stands
// before the place at, the place behind that part, and the next node; 0 for the node
// ends the walk.
func (t *trie) walk(w *words, node uint32, at int) (found []ending, behind int, below uint32) {
	n, next := &t.nodes[node], &t.nodes[node+1]
	tail := t.tails[n.tail:next.tail]
	for i, c := range tail { // the zeros behind the text are in none
		if w.padded[at+i] != c {
			return nil, at, 0
		}
	}
	at += len(tail)
	if n.children < next.children {
		below = t.child(n, next, w.padded[at])
	}
	return t.endings[n.endings:next.endings], at, below
}
