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
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// match returns the first telling and the first weak rule that the text meets, of
// which at most limit bytes count, nil for none.
func (c *Classifier) match(said string, limit int, e evidence) (strong, weak *rule) {
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	text := appendFolded(*room, said, limit)
	*room = text
	none := len(c.rules)
	best := [2]int{none, none} // telling, weak
	for start := range text {
		if !c.phrases.mayBegin(text, start) || !wordStart(text, start) {
			continue
		}
		for at, depth := c.phrases.root[text[start]], 1; at != 0; depth++ {
			var found []phrase
			var behind int
			found, behind, at = c.phrases.walk(text, start, depth, at)
			for i := range found {
				p := &found[i]
				if p.rule >= max(best[0], best[1]) {
					break // they are in the order of their rules
				}
				slot := &best[c.slots[p.rule]]
				if p.rule < *slot && words(text).follow(p.rest, behind) && c.rules[p.rule].applies(text, e) {
					*slot = p.rule
				}
			}
		}
	}
	if best[0] < none {
		strong = c.rules[best[0]]
	}
	if best[1] < none {
		weak = c.rules[best[1]]
	}
	return strong, weak
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
