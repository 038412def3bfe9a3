package classify

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// trie finds the phrases that begin at a place in a text, in a time that depends
// on the length of what matches and not on the number of phrases.
type trie struct {
	phrases []phrase                   // sorted by their first parts
	heads   [1 << headBits / 64]uint64 // has a bit for each hash of the first three bytes of a phrase
	starts  []start                    // a hash table by the first three bytes, at least half of it empty
	nodes   []node                     // nodes[0] is not used
	labels  []byte                     // labels[i] is the byte that leads to nodes[i]
}

// start is the node from which on phrases with the same first three bytes are
// looked for: the deepest one above which none ends.
type start struct{ head, node, depth uint32 }

// node stands for the beginning of a first part. Its children follow one another,
// in the order of their labels.
type node struct {
	children, end uint32 // of its children in nodes
	from, to      uint32 // of the phrases whose first part ends here
	least         uint32 // of the rules that can be met here and below
}

// isLeaf reports whether the phrases end here or go on, with no other to tell
// them from.
func (n *node) isLeaf() bool { return n.children == 0 }

// newTrie takes over the phrases.
func newTrie(phrases []phrase) *trie {
	slices.SortFunc(phrases, func(a, b phrase) int { return cmp.Or(strings.Compare(a.first, b.first), a.rule-b.rule) })
	t := &trie{phrases: phrases, nodes: make([]node, 1, 2*len(phrases)+1), labels: make([]byte, 1, 2*len(phrases)+1)}
	top := t.branch(0, len(phrases), 0)
	heads := map[[3]byte]bool{}
	for _, p := range phrases {
		if len(p.first) > 2 {
			heads[[3]byte([]byte(p.first[:3]))] = true
			continue
		}
		for third := range 256 { // any may follow
			heads[[3]byte{p.first[0], p.first[1], byte(third)}] = true
		}
	}
	t.starts = make([]start, 1<<bits.Len(uint(2*len(heads))))
	for head := range heads {
		t.addHead(&top, head)
	}
	return t
}

const headBits = 15

func hashHead(head uint32) uint32 { return head * 0x9E3779B1 }

// slot returns the place of the head in starts, or the one where it belongs.
func (t *trie) slot(head, hash uint32) *start {
	mask := uint32(len(t.starts) - 1)
	for at := hash >> 8 & mask; ; at = (at + 1) & mask {
		if s := &t.starts[at]; s.node == 0 || s.head == head {
			return s
		}
	}
}

func (t *trie) addHead(top *node, first [3]byte) {
	s := start{head: uint32(first[0]) | uint32(first[1])<<8 | uint32(first[2])<<16}
	for n := top; s.depth < 3 && !n.isLeaf() && n.from == n.to; n = &t.nodes[s.node] {
		s.node = t.child(n, first[s.depth])
		s.depth++
	}
	hash := hashHead(s.head)
	bit := hash >> (32 - headBits)
	t.heads[bit>>6] |= 1 << (bit & 63)
	*t.slot(s.head, hash) = s
}

// begin returns the node from which on phrases are looked for at text[place:],
// 0 for none, and its depth. A bit for each hash spares most places the table.
func (t *trie) begin(text []byte, place int) (at uint32, depth int) {
	head := uint32(text[place])
	if place+2 < len(text) {
		head |= uint32(text[place+1])<<8 | uint32(text[place+2])<<16
	} else if place+1 < len(text) {
		head |= uint32(text[place+1]) << 8
	}
	hash := hashHead(head)
	if bit := hash >> (32 - headBits); t.heads[bit>>6]&(1<<(bit&63)) == 0 {
		return 0, 0
	}
	s := t.slot(head, hash)
	return s.node, int(s.depth)
}

// grow makes the node for phrases[from:to], which begin with the same depth
// bytes, and those below it.
func (t *trie) grow(from, to, depth int) node {
	if t.phrases[from].first == t.phrases[to-1].first {
		return node{from: uint32(from), to: uint32(to), least: t.least(from, to)}
	}
	return t.branch(from, to, depth)
}

func (t *trie) branch(from, to, depth int) node {
	at := from
	for at < to && len(t.phrases[at].first) == depth {
		at++
	}
	n := node{children: uint32(len(t.nodes)), from: uint32(from), to: uint32(at), least: t.least(from, to)}
	var starts []int
	for ; at < to; at++ {
		label := t.phrases[at].first[depth]
		if len(starts) == 0 || label != t.labels[len(t.labels)-1] {
			starts = append(starts, at)
			t.nodes, t.labels = append(t.nodes, node{}), append(t.labels, label)
		}
	}
	n.end = uint32(len(t.nodes))
	for i, start := range starts {
		end := to
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		below := t.grow(start, end, depth+1)
		t.nodes[int(n.children)+i] = below
	}
	return n
}

// least returns the first of the rules of phrases[from:to].
func (t *trie) least(from, to int) uint32 {
	first := math.MaxUint32
	for _, p := range t.phrases[from:to] {
		first = min(first, p.rule)
	}
	return uint32(first)
}

// child returns the node below n that the byte leads to, 0 for none.
func (t *trie) child(n *node, b byte) uint32 {
	for at, label := range t.labels[n.children:n.end] {
		if label >= b {
			if label == b {
				return n.children + uint32(at)
			}
			break
		}
	}
	return 0
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// walk returns the phrases whose first part stands at text[start:], one node at a
// time: those of the node, the place behind their first part, and the next node;
// 0 for the node ends the walk.
func (t *trie) walk(text []byte, start, depth int, at uint32) (found []phrase, behind int, next uint32) {
	n := &t.nodes[at]
	found, behind = t.phrases[n.from:n.to], start+depth
	switch {
	case n.isLeaf():
		tail := found[0].first[depth:]
		if !hasPrefix(text[behind:], tail) {
			return nil, behind, 0
		}
		behind += len(tail)
	case behind < len(text):
		next = t.child(n, text[behind])
	}
	return found, behind, next
}
