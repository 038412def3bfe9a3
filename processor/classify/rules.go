package classify

import (
	"regexp"
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
	weak    bool           // gives way to codes that say more
	codes   []condition    // applies only beside one of these codes; nil for any
	pattern *regexp.Regexp // must match the folded text too; nil for none
}

// rooms are what text is folded in.
var rooms = sync.Pool{New: func() any { return new(words) }}

// match returns the first telling rule that the text meets, of which at most
// limit bytes count, or else the first weak one; nil for none.
func (c *Classifier) match(said string, limit int, e evidence) (strong, weak *rule) {
	w := rooms.Get().(*words)
	defer rooms.Put(w)
	w.set(appendFolded(w.text, said, limit))
	none := len(c.rules)
	best := [2]int{none, none} // telling, weak
	for start := int(w.next[0]); start < len(w.text); start = int(w.next[start+1]) {
		at, depth := c.phrases.begin(w.text, start)
		for at != 0 && int(c.phrases.nodes[at].least) < best[0] {
			var found []phrase
			var behind int
			found, behind, at = c.phrases.walk(w.text, start, depth, at)
			depth++
			for i := range found {
				p := &found[i]
				if p.rule >= best[0] {
					break // they are in the order of their rules
				}
				slot := c.slots[p.rule]
				if p.rule < best[slot] && w.follow(p.rest, behind) && c.rules[p.rule].applies(w.text, e) {
					best[slot] = p.rule
				}
			}
		}
		if best[0] < none {
			best[1] = 0 // weak ones count no more
		}
	}
	switch {
	case best[0] < none:
		return c.rules[best[0]], nil
	case best[1] < none:
		return nil, c.rules[best[1]]
	}
	return nil, nil
}

// applies reports whether the conditions beside the phrases hold.
func (r *rule) applies(text []byte, e evidence) bool {
	return (len(r.codes) == 0 || r.hasCode(e)) && (r.pattern == nil || r.pattern.Match(text))
}

func (r *rule) hasCode(e evidence) bool {
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
