package classify

import (
	"bytes"
	"cmp"
	"slices"
)

// trie finds the phrases that begin at a place in a text, in a time that depends
// on the length of what matches and not on the number of phrases.
type trie struct {
	phrases []phrase                   // sorted by their first parts
	heads   [1 << headBits / 64]uint64 // has a bit for each hash of the first three bytes of a phrase
	root    [256]uint32
	nodes   []node // nodes[0] is not used
	labels  []byte // labels[i] is the byte that leads to nodes[i]
}

// node stands for the beginning of a first part. Its children follow one another,
// in the order of their labels.
type node struct {
	children, end uint32 // of its children in nodes
	from, to      uint32 // of the phrases whose first part ends here
	leaf          bool   // or goes on, with no other to tell it from
}

// newTrie takes over the phrases.
func newTrie(phrases []phrase) *trie {
	slices.SortFunc(phrases, func(a, b phrase) int { return cmp.Or(bytes.Compare(a.first, b.first), a.rule-b.rule) })
	t := &trie{phrases: phrases, nodes: make([]node, 1, 2*len(phrases)+1), labels: make([]byte, 1, 2*len(phrases)+1)}
	top := t.branch(0, len(phrases), 0)
	for at := top.children; at < top.end; at++ {
		t.root[t.labels[at]] = at
	}
	for _, p := range phrases {
		if len(p.first) > 2 {
			t.addHead(p.first[0], p.first[1], p.first[2])
			continue
		}
		for third := range 256 { // any may follow
			t.addHead(p.first[0], p.first[1], byte(third))
		}
	}
	return t
}

const headBits = 15

func hashHead(a, b, c byte) uint32 {
	return (uint32(a) | uint32(b)<<8 | uint32(c)<<16) * 0x9E3779B1 >> (32 - headBits)
}

func (t *trie) addHead(a, b, c byte) {
	at := hashHead(a, b, c)
	t.heads[at>>6] |= 1 << (at & 63)
}

// mayBegin reports whether a phrase may begin at text[start:], which spares most
// places the walk.
func (t *trie) mayBegin(text []byte, start int) bool {
	if start+2 >= len(text) {
		return true
	}
	at := hashHead(text[start], text[start+1], text[start+2])
	return t.heads[at>>6]&(1<<(at&63)) != 0
}

// grow makes the node for phrases[from:to], which begin with the same depth
// bytes, and those below it.
func (t *trie) grow(from, to, depth int) node {
	if bytes.Equal(t.phrases[from].first, t.phrases[to-1].first) {
		return node{from: uint32(from), to: uint32(to), leaf: true}
	}
	return t.branch(from, to, depth)
}

func (t *trie) branch(from, to, depth int) node {
	at := from
	for at < to && len(t.phrases[at].first) == depth {
		at++
	}
	n := node{children: uint32(len(t.nodes)), from: uint32(from), to: uint32(at)}
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

// walk returns the phrases whose first part stands at text[start:], one node at a
// time: those of the node, the place behind their first part, and the next node;
// 0 for the node ends the walk, which begins at the root of the byte.
func (t *trie) walk(text []byte, start, depth int, at uint32) (found []phrase, behind int, next uint32) {
	n := &t.nodes[at]
	found, behind = t.phrases[n.from:n.to], start+depth
	switch {
	case n.leaf:
		tail := found[0].first[depth:]
		if !bytes.HasPrefix(text[behind:], tail) {
			return nil, behind, 0
		}
		behind += len(tail)
	case behind < len(text):
		next = t.child(n, text[behind])
	}
	return found, behind, next
}
