package classify

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/dsn/status"
)

//go:embed rules
var embedded embed.FS

// New reads the rules and returns a classifier. The rules of own, in their
// order, are asked before the embedded ones, and an entry of own takes the place
// of the embedded one of the same name or code. The header of rules/causes.yaml
// shows the format. The error names the file, the line and what to mend.
func New(own ...File) (*Classifier, error) {
	built, err := files(embedded)
	if err != nil {
		return nil, fmt.Errorf("classify: list the embedded rules: %w", err)
	}
	c, err := load(own, built)
	if err != nil {
		return nil, fmt.Errorf("classify: %w", err)
	}
	return c, nil
}

// files returns the files below rules, in the order of their names.
func files(rules fs.FS) ([]File, error) {
	var found []File
	err := fs.WalkDir(rules, "rules", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(rules, name)
		found = append(found, File{name, content})
		return err
	})
	return found, err
}

// builder makes a classifier out of entries.
type builder struct {
	classifier *Classifier
	causes     map[string]*cause
	phrases    []phrase
}

// load builds a classifier from layers, of which an earlier one lies over the
// later ones.
func load(own, built []File) (*Classifier, error) {
	entries, err := overlay(own, built)
	if err != nil {
		return nil, err
	}
	causes, err := causesOf(entries)
	if err != nil {
		return nil, err
	}
	b := &builder{causes: causes, classifier: &Classifier{codes: map[status.Code]*rule{}, replies: map[int]*rule{},
		unknown: &rule{name: "none", cause: causes["unknown"], weak: true}}}
	var problems []error
	for _, e := range entries {
		if !e.isCause() {
			problems = append(problems, b.add(e))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	b.classifier.phrases = newTrie(b.phrases)
	return b.classifier, b.classifier.checkExamples(entries, own)
}

func causesOf(entries []*entry) (map[string]*cause, error) {
	causes := map[string]*cause{}
	var problems []error
	for _, e := range entries {
		if e.isCause() {
			found, err := e.cause()
			causes[e.Name], problems = found, append(problems, err)
		}
	}
	if causes["unknown"] == nil {
		problems = append(problems, errors.New(`there must be a cause "unknown"`))
	}
	return causes, errors.Join(problems...)
}

// overlay reads all files and leaves out what an earlier layer replaces.
func overlay(layers ...[]File) ([]*entry, error) {
	var all []*entry
	taken := map[string]*entry{}
	for _, layer := range layers {
		below := map[string]*entry{}
		for _, file := range layer {
			entries, err := file.read()
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				key := e.key()
				if twin := below[key]; twin != nil {
					return nil, e.problem("%s stands at %s:%d too; give it another name, or put both together", key, twin.file, twin.line)
				}
				below[key] = e
				if taken[key] == nil {
					all = append(all, e)
				}
			}
		}
		for key, e := range below {
			if taken[key] == nil {
				taken[key] = e
			}
		}
	}
	return all, nil
}

// add takes in a code or a rule.
func (b *builder) add(e *entry) error {
	found := b.causes[e.Cause]
	if found == nil {
		names := slices.Sorted(maps.Keys(b.causes))
		return e.problem("%s: there is no cause %q; there are %s", e.key(), e.Cause, strings.Join(names, ", "))
	}
	c := b.classifier
	r := &rule{name: e.Name, cause: found, weak: e.Weak}
	if e.isCode() {
		r.name = e.key()
		return c.addCode(e, r)
	}
	for _, text := range e.Codes {
		code, reply, err := parseCode(text)
		if err != nil {
			return e.problem("%s: %w", e.key(), err)
		}
		r.codes = append(r.codes, condition{code, reply})
	}
	if e.Pattern != "" {
		var err error
		if r.pattern, err = newPattern(e.Pattern); err != nil {
			return e.problem("%s: pattern: %w", e.key(), err)
		}
	}
	c.rules, c.slots = append(c.rules, *r), append(c.slots, 0)
	if r.weak {
		c.slots[len(c.slots)-1] = 1
	}
	texts := lines(e.Text)
	if len(texts) == 0 {
		return e.problem("%s has no text; write a phrase of the reply a line", e.key())
	}
	for _, text := range texts {
		found, err := phrases(text, len(c.rules)-1)
		if err != nil {
			return e.problem("%s: %w", e.key(), err)
		}
		for i := range found {
			if r.pattern != nil && found[i].rest == nil {
				found[i].rest = &step{empty: true} // it goes on, so that the pattern is tried last
			}
		}
		b.phrases = append(b.phrases, found...)
	}
	return nil
}

func (c *Classifier) addCode(e *entry, r *rule) error {
	code, reply, err := parseCode(e.Code)
	switch {
	case err != nil:
		return e.problem("%w", err)
	case reply != 0:
		c.replies[reply] = r
	default:
		c.codes[code] = r
	}
	return nil
}

// checkExamples holds the rules of own to their examples: one that does not give
// its own would never be noticed.
func (c *Classifier) checkExamples(entries []*entry, own []File) error {
	var problems []error
	for _, e := range entries {
		if !slices.ContainsFunc(own, func(f File) bool { return f.Name == e.file }) {
			continue
		}
		for _, example := range lines(e.Example) {
			if got := c.Classify(Input{Action: "failed", Diagnostic: example}); got.Rule != e.Name {
				problems = append(problems, e.problem("%s: its example %q is given by %q; mend the text or the example, or put the rule first", e.key(), example, got.Rule))
			}
		}
	}
	return errors.Join(problems...)
}
