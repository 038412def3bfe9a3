package classify

import (
	"strconv"
	"strings"
	"sync"

	"github.com/rebound-mail/rebound/dsn/status"
)

// Scope tells whose fault a bounce is.
type Scope string

// The scopes. Only ScopeRecipient may ever lead to suppression.
const (
	// ScopeRecipient is a fault of the address: nobody there, full, switched off.
	ScopeRecipient Scope = "recipient"
	// ScopeContent is a fault of the message: spam, too large, malformed.
	ScopeContent Scope = "content"
	// ScopeSender is a fault of the sending host, its network or its domain.
	ScopeSender Scope = "sender"
	// ScopeNetwork is a fault on the way: connections, look-ups, time, loops.
	ScopeNetwork Scope = "network"
	// ScopeSystem is a fault of a mail system, or one that nobody named.
	ScopeSystem Scope = "system"
)

// Input is what a report says about one recipient. Every field may be empty.
type Input struct {
	// Action is the Action field (RFC 3464 section 2.3.3). "delayed" makes the
	// verdict temporary, anything else counts as final.
	Action string
	// Status is the Status field (RFC 3464 section 2.3.4).
	Status string
	// Diagnostic is the Diagnostic-Code, with or without its type, or the reason
	// that a text bounce gives for the recipient. The first 4 KiB count.
	Diagnostic string
	// Text is the human readable text of the report. The first 16 KiB count, of
	// these only what is about Address when the text is about others too.
	Text string
	// Address is the recipient's address. Addresses are never taken for words.
	Address string
	// Searched is the same one for all recipients of a report, whose Text is the
	// same; nil when there is one recipient. The whole of Text is searched for at
	// most 64 of the different codes that the fields of recipients show.
	Searched *Searched
}

// Searched keeps what the whole text of a report says, for its other recipients.
type Searched struct{ found map[evidence]said }

// said is the first telling rule that a text meets, or else the first weak one.
type said struct{ strong, weak *rule }

// maxSearched bounds the searches in one text.
const maxSearched = 64

// Result is the verdict about one recipient.
type Result struct {
	// BounceType and BounceSubType are the names that SES has.
	BounceType, BounceSubType string
	// Scope tells whose fault it is.
	Scope Scope
	// Reason is the stable name of the cause: "nouser", "full", "blocked".
	Reason string
	// Rule names the rule that gave the verdict: a rule of the rules files,
	// "code x.1.1" for a code, and "none" when nothing usable was said.
	Rule string
	// SMTPReply is the basic reply code in the diagnostic, "550"; "" when none.
	SMTPReply string
	// Status is the code that counts: the one in the diagnostic when it says more
	// than its class, else the Status field. It is zero when there is none.
	Status status.Code
	// Unknown is what was said when no rule knows it, without addresses and
	// numbers; "" when one does. Samples collects these, so that rules can grow.
	Unknown string
}

// Classifier holds the rules. It is safe for concurrent use.
type Classifier struct {
	rules   []rule
	slots   []uint8 // of each rule: 1 for a weak one
	phrases trie
	codes   map[status.Code]*rule
	replies map[int]*rule
	unknown *rule
}

// Default returns the classifier that all callers share. Its rules are read
// once. It panics when they cannot be read, which the tests of this package
// make sure never happens.
func Default() *Classifier { return shared() }

var shared = sync.OnceValue(func() *Classifier {
	c, err := New()
	if err != nil {
		panic(err)
	}
	return c
})

// Classify gives the verdict. The same input always gets the same one.
func (c *Classifier) Classify(in Input) Result {
	e := gather(in)
	found := c.weigh(in, e)
	outcome := found.cause.permanent
	if e.temporary {
		outcome = found.cause.temporary
	}
	result := Result{
		BounceType:    outcome.bounceType,
		BounceSubType: outcome.subType,
		Scope:         found.cause.scope,
		Reason:        found.cause.name,
		Rule:          found.name,
		Status:        e.effective(),
	}
	if e.reply != 0 {
		result.SMTPReply = replies[3*(e.reply-firstReply):][:3]
	}
	if found.weak && found.cause.scope != ScopeRecipient {
		result.Unknown = sample(in)
	}
	return result
}

// replies are the reply codes from firstReply on, one behind the other, so that
// none has to be written again.
var replies = func() string {
	var all strings.Builder
	for code := firstReply; code < 600; code++ {
		all.WriteString(strconv.Itoa(code))
	}
	return all.String()
}()

const firstReply = 400

// weigh returns the rule that the verdict rests on.
func (c *Classifier) weigh(in Input, e evidence) *rule {
	var strong, weak *rule
	if !e.success {
		strong, weak = c.match(in.Diagnostic, maxDiagnostic, e)
	}
	if strong != nil {
		return strong
	}
	code := c.byCode(e)
	if code != nil && !code.weak {
		return code
	}
	reply := c.replies[e.reply]
	if reply != nil && !reply.weak {
		return reply
	}
	if weak != nil {
		return weak
	}
	textStrong, textWeak := c.matchText(in, e)
	if textStrong != nil {
		return textStrong
	}
	if code != nil && code.cause != c.unknown.cause {
		return code
	}
	if reply != nil {
		return reply
	}
	if textWeak != nil {
		return textWeak
	}
	return c.unknown
}

// byCode returns the rule for the enhanced codes: a telling one of either place
// before a weak one, the diagnostic before the Status field.
func (c *Classifier) byCode(e evidence) *rule {
	var weak *rule
	for _, code := range [...]status.Code{e.inDiagnostic, e.inStatus} {
		r := c.lookUp(code)
		if r != nil && !r.weak {
			return r
		}
		if weak == nil {
			weak = r
		}
	}
	return weak
}

func (c *Classifier) lookUp(code status.Code) *rule {
	if !code.Specific() || code.Class < 4 {
		return nil
	}
	for _, key := range [...]status.Code{
		code, {Subject: code.Subject, Detail: code.Detail}, {Subject: code.Subject, Detail: anyDetail},
	} {
		if r := c.codes[key]; r != nil {
			return r
		}
	}
	return nil
}

// matchText asks the human readable text: first what is about the address, then
// the whole, unless the whole is about others too.
func (c *Classifier) matchText(in Input, e evidence) (strong, weak *rule) {
	text := in.Text[:min(len(in.Text), maxText)]
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	near, others := about(text, in.Address)
	strong, weak = c.match(near, maxText, e)
	if strong != nil || others {
		return strong, weak
	}
	if in.Searched == nil {
		return c.match(text, maxText, e)
	}
	return in.Searched.match(c, text, e)
}

func (s *Searched) match(c *Classifier, text string, e evidence) (strong, weak *rule) {
	known, ok := s.found[e]
	if !ok && len(s.found) < maxSearched {
		if s.found == nil {
			s.found = map[evidence]said{}
		}
		known.strong, known.weak = c.match(text, maxText, e)
		s.found[e] = known
	}
	return known.strong, known.weak
}
