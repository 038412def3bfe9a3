package classify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is a file of rules. Name is what errors call it.
type File struct {
	Name    string
	Content []byte
}

// entry is one entry of a file: a cause, a code or a rule, which its keys tell.
type entry struct {
	file string
	line int

	Cause, Code                   string
	Name, About, Text, Example    string
	Scope                         Scope
	Permanent, Temporary, Pattern string
	Codes                         []string
	Weak                          bool
}

// The keys of an entry. The first ones are needed.
var (
	causeKeys = []string{"name", "scope", "permanent", "temporary", "about"}
	codeKeys  = []string{"code", "cause", "weak"}
	ruleKeys  = []string{"name", "cause", "text", "example", "pattern", "codes", "weak"}
)

// problem is an error that names the place.
func (e *entry) problem(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", e.file, e.line, fmt.Errorf(format, args...))
}

// isCause and isCode tell the kinds apart; what is neither is a rule.
func (e *entry) isCause() bool { return e.Permanent != "" }

func (e *entry) isCode() bool { return e.Code != "" }

// key is what no two entries of one layer share, and by which an entry takes the
// place of one below.
func (e *entry) key() string {
	switch {
	case e.isCause():
		return "cause " + e.Name
	case e.isCode():
		return "code " + e.Code
	}
	return "rule " + e.Name
}

// maxFile takes some ten thousand rules.
const maxFile = 4 << 20

// read returns the entries of a file.
func (f File) read() ([]*entry, error) {
	if len(f.Content) > maxFile {
		return nil, fmt.Errorf("%s: a file of rules holds at most %d bytes, this one %d", f.Name, maxFile, len(f.Content))
	}
	var document yaml.Node
	if err := yaml.Unmarshal(f.Content, &document); err != nil {
		return nil, f.at(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	list := document.Content[0]
	if list.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s:%d: want a list of rules, each beginning with \"- name:\"", f.Name, list.Line)
	}
	entries := make([]*entry, 0, len(list.Content))
	for _, node := range list.Content {
		e := &entry{file: f.Name, line: node.Line}
		if err := e.decode(node); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// at turns what the YAML package says, "line 3: …", into an error that names the
// place as all others do.
func (f File) at(message string) error {
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		return fmt.Errorf("%s:%s", f.Name, rest)
	}
	return fmt.Errorf("%s: %s", f.Name, message)
}

func (e *entry) decode(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return e.problem(`want a rule with the keys %s`, strings.Join(ruleKeys, ", "))
	}
	if err := node.Decode(e); err != nil {
		var wrong *yaml.TypeError
		if errors.As(err, &wrong) && len(wrong.Errors) > 0 {
			return File{Name: e.file}.at(wrong.Errors[0] + `; codes is a list, weak is true or false, and every other key one text (several lines: "text: |")`)
		}
		return e.problem("%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	keys, needed := ruleKeys, 3
	switch {
	case e.isCause():
		keys, needed = causeKeys, 4
	case e.isCode():
		keys, needed = codeKeys, 2
	}
	missing := slices.Clone(keys[:needed])
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if !slices.Contains(keys, key.Value) {
			return fmt.Errorf("%s:%d: unknown key %q; %s takes %s", e.file, key.Line, key.Value, e.key(), strings.Join(keys, ", "))
		}
		missing = slices.DeleteFunc(missing, func(k string) bool { return k == key.Value })
	}
	if len(missing) > 0 {
		return e.problem("%s lacks %s", e.key(), strings.Join(missing, ", "))
	}
	return nil
}

// lines returns the lines of a text that hold something.
func lines(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found
}
