package classify

import (
	"os"
	"strings"
	"testing"
)

// TestEveryPhraseLeadsToItsCause finds phrases that can never count, because a
// rule that is asked earlier takes them for another cause. Of phrases with
// alternatives it tries those that come first.
func TestEveryPhraseLeadsToItsCause(t *testing.T) {
	c := Default()
	for _, p := range embeddedPhrases(t) {
		r := c.rules[p.rule]
		text := instance(&p, 0)
		if len(r.codes) > 0 {
			code := r.codes[0].code
			code.Class = 5
			text = "550 " + code.String() + " " + text
		}
		got := c.Classify(Input{Action: "failed", Diagnostic: text})
		if r.pattern != nil && !r.pattern.match([]byte(text)) {
			continue
		}
		if got.Reason != r.cause.name && !hasChoices(&p) {
			t.Errorf("rule %s, text %q: got %s by %s, want %s", r.name, text, got.Reason, got.Rule, r.cause.name)
		}
	}
}

// TestEveryPhraseIsFound holds that each alternative of each phrase is found.
func TestEveryPhraseIsFound(t *testing.T) {
	all := embeddedPhrases(t)
	for i := range all {
		all[i].rule = i // tells it from all others
	}
	tree := newTrie(all)
	for _, p := range all {
		most := 1
		for s := p.rest; s != nil; s = s.next {
			most = max(most, len(s.words))
		}
		for k := range most {
			var w words
			w.set([]byte(instance(&p, k)))
			found := false
			tree.scan(&w, func(e *ending, behind int) { found = found || int(e.rule) == p.rule && tree.meets(&w, e, behind) })
			if !found {
				t.Errorf("text %q: its phrase is not found", w.text)
			}
		}
	}
}

// embeddedPhrases returns the phrases of the embedded rules.
func embeddedPhrases(t *testing.T) (all []phrase) {
	built, err := files(embedded)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := overlay(built)
	if err != nil {
		t.Fatal(err)
	}
	rule := 0
	for _, e := range entries {
		if e.isCause() || e.isCode() {
			continue
		}
		for _, text := range lines(e.Text) {
			found, err := phrases(text, rule)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, found...)
		}
		rule++
	}
	return all
}

// instance writes the phrase with the k-th of each alternatives.
func instance(p *phrase, k int) string {
	text := p.first
	for s := p.rest; s != nil; s = s.next {
		if s.loose {
			text = strings.TrimSuffix(text, " ") + " zzz "
		}
		if len(s.words) == 0 {
			continue
		}
		word := string(s.words[k%len(s.words)])
		if strings.HasSuffix(text, " ") {
			word = strings.TrimPrefix(word, " ")
		}
		text += word
	}
	return text
}

func hasChoices(p *phrase) bool {
	for s := p.rest; s != nil; s = s.next {
		if s.empty || len(s.words) > 1 {
			return true
		}
	}
	return false
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

// TestWhatStandsInEveryBounceIsNoReason holds that the words around a reason
// are not taken for one.
func TestWhatStandsInEveryBounceIsNoReason(t *testing.T) {
	content, err := os.ReadFile("testdata/boilerplate.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, texts, _ := strings.Cut(string(content), "\n\n")
	for text := range strings.SplitSeq(texts, "\n\n--\n") {
		r := Default().Classify(Input{Action: "failed", Status: "5.0.0", Text: text, Address: "jane@example.net"})
		if r.Reason != "unknown" {
			t.Errorf("got %s by %s for:\n%s", r.Reason, r.Rule, text)
		}
	}
}
