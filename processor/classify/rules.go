package classify

import (
	"math/bits"
	"sync"

	"github.com/rebound-mail/rebound/dsn/status"
)

// anyDetail is the detail of a code rule that stands for a whole subject.
const anyDetail = -1

// cause is what a bounce can be about.
type cause struct {
	name                 string
	scope                Scope
	permanent, temporary outcome
}

// outcome is a bounce type and sub type of SES.
type outcome struct{ bounceType, subType string }

// rule leads from phrases or a code to a cause.
type rule struct {
	name    string
	cause   *cause
	weak    bool        // gives way to codes that say more
	codes   []condition // applies only beside one of these codes; nil for any
	pattern *pattern    // must match the folded text too; nil for none
}

// rooms are what text is folded in.
var rooms = sync.Pool{New: func() any { return &words{open: make([]opening, 0, 64)} }}

// match returns the first telling rule that the text meets, of which at most
// limit bytes count, or else the first weak one; nil for none.
func (c *Classifier) match(said string, limit int, e evidence) (strong, weak *rule) {
	w := rooms.Get().(*words)
	defer rooms.Put(w)
	w.set(appendFolded(w.text, said, limit))
	none := uint32(len(c.rules))
	best := candidates{none, none}
	for i, starts := range w.starts {
		for starts &^= w.blanks[i]; starts != 0; starts &= starts - 1 {
			place := i<<6 + bits.TrailingZeros64(starts)
			if first := c.phrases.begin(w, place); first != 0 {
				c.matchFrom(w, first, place, &best, &e)
			}
		}
	}
	for _, open := range w.open {
		c.matchRest(w, open, &best, &e)
	}
	switch {
	case best[0] < none:
		return &c.rules[best[0]], nil
	case best[1] < none:
		return nil, &c.rules[best[1]]
	}
	return nil, nil
}

// candidates are the first telling and the first weak rule met so far.
type candidates [2]uint32

func (c *candidates) put(slot uint8, rule uint32) {
	c[slot] = rule
	if slot == 0 {
		c[1] = 0 // weak ones count no more
	}
}

// matchFrom puts the rules that are met by a phrase of the node, its twins and
// those below, whose key begins at the place, into best, when they come before those
// there. Phrases that go on behind their first part are left for later: most of them
// belong to rules that count no more by then.
func (c *Classifier) matchFrom(w *words, from uint32, at int, best *candidates, e *evidence) {
	t := &c.phrases
	for from != 0 {
		n, next := &t.nodes[from], &t.nodes[from+1]
		if n.least >= best[0] || !t.stands(n, next, w.padded[at:]) {
			from = n.twin
			continue
		}
		at += n.size() + int(next.tail-n.tail)
		for i := n.endings; i < next.endings; i++ {
			p := &t.endings[i]
			if p.rest != 0 {
				w.open = append(w.open, opening{i, next.endings, at})
				break
			}
			if slot := c.slots[p.rule]; p.rule < best[slot] && c.rules[p.rule].applies(w.text, e) {
				best.put(slot, p.rule)
			}
		}
		from = n.below(w.padded[at])
	}
}

// matchRest is matchFrom for the phrases that go on.
func (c *Classifier) matchRest(w *words, open opening, best *candidates, e *evidence) {
	t, at := &c.phrases, open.at
	seen := w.seen(at)
	found := t.endings[open.from:open.to]
	for i := range found {
		p := &found[i]
		if p.rule >= best[0] {
			break // they are in the order of their rules
		}
		if !p.mayGoOn(w, at, seen) {
			continue
		}
		slot := c.slots[p.rule]
		if p.rule < best[slot] && t.chains.follow(w, p.rest>>1, at) && c.rules[p.rule].applies(w.text, e) {
			best.put(slot, p.rule)
		}
	}
}

// applies reports whether the conditions beside the phrases hold.
func (r *rule) applies(text []byte, e *evidence) bool {
	return (len(r.codes) == 0 || r.hasCode(e)) && (r.pattern == nil || r.pattern.match(text))
}

func (r *rule) hasCode(e *evidence) bool {
	for _, c := range r.codes {
		if c.reply != 0 && c.reply == e.reply || c.reply == 0 && (covers(c.code, e.inDiagnostic) || covers(c.code, e.inStatus)) {
			return true
		}
	}
	return false
}

// condition is a code that a rule asks for: an enhanced one or a reply code.
type condition struct {
	code  status.Code
	reply int // 0 for an enhanced code
}

// covers reports whether the code of a rule stands for c.
func covers(pattern, c status.Code) bool {
	return !c.IsZero() && (pattern.Class == 0 || pattern.Class == c.Class) &&
		pattern.Subject == c.Subject && (pattern.Detail == anyDetail || pattern.Detail == c.Detail)
}
