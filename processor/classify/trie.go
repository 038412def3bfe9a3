package classify

import "bytes"

// gap is the number of bytes that a "*" in a phrase stands for at most. It takes
// a name or a host, not another sentence.
const gap = 48

// phrase is one text of a rule: parts that follow one another, at most gap bytes
// apart. Every part begins where a word begins.
type phrase struct {
	parts [][]byte
	rule  int // its place in Classifier.rules
}

// trie finds the phrases that begin at a place in a text, in a time that depends
// on the length of what matches and not on the number of phrases.
type trie struct {
	root  [256]uint32 // the node below the first byte, 0 for none
	nodes []node      // nodes[0] is not used
}

type node struct {
	edges   []edge
	phrases []phrase // whose first part ends here
}

type edge struct {
	b  byte
	to uint32
}

func newTrie() *trie { return &trie{nodes: make([]node, 1, 8192)} }

func (t *trie) add(p phrase) {
	first := p.parts[0]
	at := t.root[first[0]]
	if at == 0 {
		at = t.grow()
		t.root[first[0]] = at
	}
	for _, b := range first[1:] {
		next := t.nodes[at].child(b)
		if next == 0 {
			next = t.grow()
			t.nodes[at].edges = append(t.nodes[at].edges, edge{b, next})
		}
		at = next
	}
	t.nodes[at].phrases = append(t.nodes[at].phrases, p)
}

func (t *trie) grow() uint32 {
	t.nodes = append(t.nodes, node{})
	return uint32(len(t.nodes) - 1)
}

func (n *node) child(b byte) uint32 {
	for _, e := range n.edges {
		if e.b == b {
			return e.to
		}
	}
	return 0
}

// scan calls found for every phrase whose first part is in the folded text, with
// what stands behind that part. The same phrase may be found more than once.
func (t *trie) scan(text []byte, found func(p *phrase, rest []byte)) {
	for i := range text {
		if !wordStart(text, i) {
			continue
		}
		at := t.root[text[i]]
		for j := i + 1; at != 0; j++ {
			n := &t.nodes[at]
			for k := range n.phrases {
				found(&n.phrases[k], text[j:])
			}
			if j == len(text) {
				break
			}
			at = n.child(text[j])
		}
	}
}

// follows reports whether the later parts of the phrase follow, given what
// stands behind its first part.
func (p *phrase) follows(rest []byte) bool {
	for _, part := range p.parts[1:] {
		window := rest[:min(len(rest), gap+len(part))]
		at := bytes.Index(window, part)
		for at >= 0 && !wordStart(window, at) {
			next := bytes.Index(window[at+1:], part)
			if next < 0 {
				return false
			}
			at += 1 + next
		}
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return true
}

// wordStart reports whether a word may begin at text[i]. Scripts without blanks
// begin one anywhere.
func wordStart(text []byte, i int) bool {
	return i == 0 || !isAlnum(text[i-1]) || !isAlnum(text[i])
}
