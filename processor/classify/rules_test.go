package classify

import (
	"strings"
	"testing"
)

// TestEveryPhraseLeadsToItsCause finds phrases that can never count, because a
// rule that is asked earlier takes them for another cause.
func TestEveryPhraseLeadsToItsCause(t *testing.T) {
	c := Default()
	for _, n := range c.phrases.nodes {
		for _, p := range n.phrases {
			r := c.rules[p.rule]
			text := joinParts(p)
			if len(r.codes) > 0 {
				code := r.codes[0].code
				code.Class = 5
				text = "550 " + code.String() + " " + text
			}
			got := c.Classify(Input{Action: "failed", Diagnostic: text})
			if r.pattern != nil && !r.pattern.MatchString(text) {
				continue
			}
			if got.Reason != r.cause.name {
				t.Errorf("rule %s, text %q: got %s by %s, want %s", r.name, text, got.Reason, got.Rule, r.cause.name)
			}
		}
	}
}

func joinParts(p phrase) string {
	parts := make([]string, len(p.parts))
	for i, part := range p.parts {
		parts[i] = string(part)
	}
	return strings.Join(parts, " zzz ")
}

func TestEveryRuleHasExamplesAndGivesThem(t *testing.T) {
	c := Default()
	built, err := files(embedded)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := overlay(built)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.checkExamples(entries, built); err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		if !e.isCause() && !e.isCode() && len(lines(e.Example)) == 0 {
			t.Error(e.problem("%s has no example", e.key()))
		}
	}
}
