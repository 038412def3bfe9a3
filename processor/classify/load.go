package classify

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/rebound-mail/rebound/dsn/status"
	"go.yaml.in/yaml/v3"
)

//go:embed rules/*.yaml
var embedded embed.FS

// The files of the rules folder. All others hold rules and are read in the order
// of their names.
const (
	causesFile = "rules/causes.yaml"
	codesFile  = "rules/codes.yaml"
)

// causeEntry, codeEntry and ruleEntry are the entries of the files.
type (
	causeEntry struct {
		Name, About          string
		Scope                Scope
		Permanent, Temporary string
	}
	codeEntry struct {
		Code, Cause string
		Weak        bool
	}
	ruleEntry struct {
		Name, Cause, Pattern, Example string
		Codes, Text                   []string
		Weak                          bool
	}
)

// New reads the rules and returns a classifier. The error names the file and the
// entry that cannot be used.
func New() (*Classifier, error) { return load(embedded) }

func load(files fs.FS) (*Classifier, error) {
	c := &Classifier{phrases: newTrie(), codes: map[status.Code]*rule{}, replies: map[int]*rule{}}
	causes, err := loadCauses(files)
	if err != nil {
		return nil, fmt.Errorf("classify: %s: %w", causesFile, err)
	}
	c.unknown = &rule{name: "none", cause: causes["unknown"]}
	if err := c.loadCodes(files, causes); err != nil {
		return nil, fmt.Errorf("classify: %s: %w", codesFile, err)
	}
	names, err := fs.Glob(files, "rules/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("classify: list the rules: %w", err)
	}
	for _, name := range names {
		if name == causesFile || name == codesFile {
			continue
		}
		if err := c.loadRules(files, name, causes); err != nil {
			return nil, fmt.Errorf("classify: %s: %w", path.Clean(name), err)
		}
	}
	return c, nil
}

// read decodes a file, in which an unknown key is an error.
func read[T any](files fs.FS, name string) ([]T, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var entries []T
	if err := decoder.Decode(&entries); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return entries, nil
}

func loadCauses(files fs.FS) (map[string]*cause, error) {
	entries, err := read[causeEntry](files, causesFile)
	if err != nil {
		return nil, err
	}
	causes := make(map[string]*cause, len(entries))
	for _, e := range entries {
		permanent, err := parseOutcome(e.Permanent)
		if err != nil {
			return nil, fmt.Errorf("cause %q: %w", e.Name, err)
		}
		temporary, err := parseOutcome(e.Temporary)
		if err != nil {
			return nil, fmt.Errorf("cause %q: %w", e.Name, err)
		}
		switch e.Scope {
		case ScopeRecipient, ScopeContent, ScopeSender, ScopeNetwork, ScopeSystem:
		default:
			return nil, fmt.Errorf("cause %q: scope %q is none of recipient, content, sender, network, system", e.Name, e.Scope)
		}
		causes[e.Name] = &cause{e.Name, e.Scope, permanent, temporary}
	}
	if causes["unknown"] == nil {
		return nil, errors.New(`there must be a cause "unknown"`)
	}
	return causes, nil
}

func parseOutcome(s string) (outcome, error) {
	bounceType, subType, ok := strings.Cut(s, "/")
	if !ok || bounceType == "" || subType == "" {
		return outcome{}, fmt.Errorf(`verdict %q: want a type and a sub type, as in "Transient/General"`, s)
	}
	return outcome{bounceType, subType}, nil
}

func (c *Classifier) loadCodes(files fs.FS, causes map[string]*cause) error {
	entries, err := read[codeEntry](files, codesFile)
	if err != nil {
		return err
	}
	for _, e := range entries {
		code, reply, err := parseCode(e.Code)
		if err != nil {
			return err
		}
		found := causes[e.Cause]
		if found == nil {
			return fmt.Errorf("code %s: there is no cause %q", e.Code, e.Cause)
		}
		r := &rule{name: "code " + e.Code, cause: found, weak: e.Weak}
		if reply != 0 {
			c.replies[reply] = r
		} else {
			c.codes[code] = r
		}
	}
	return nil
}

// parseCode reads "x.1.1", "5.1.1", "x.7.*" or a reply code, "550".
func parseCode(s string) (code status.Code, reply int, err error) {
	class, rest, enhanced := strings.Cut(s, ".")
	if !enhanced {
		if reply, err = strconv.Atoi(s); err != nil || reply < 400 || reply > 599 {
			return status.Code{}, 0, fmt.Errorf(`code %q: want 400 to 599, or an enhanced code as "x.1.1" or "x.7.*"`, s)
		}
		return status.Code{}, reply, nil
	}
	subject, detail, _ := strings.Cut(rest, ".")
	if class != "x" {
		if code.Class, err = strconv.Atoi(class); err != nil {
			return status.Code{}, 0, fmt.Errorf("code %q: class %q is no number and not x", s, class)
		}
	}
	if code.Subject, err = strconv.Atoi(subject); err != nil {
		return status.Code{}, 0, fmt.Errorf("code %q: subject %q is no number", s, subject)
	}
	if detail == "*" {
		code.Detail = anyDetail
		return code, 0, nil
	}
	if code.Detail, err = strconv.Atoi(detail); err != nil {
		return status.Code{}, 0, fmt.Errorf("code %q: detail %q is no number and not *", s, detail)
	}
	return code, 0, nil
}

func (c *Classifier) loadRules(files fs.FS, name string, causes map[string]*cause) error {
	entries, err := read[ruleEntry](files, name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		r := &rule{name: e.Name, cause: causes[e.Cause], weak: e.Weak, example: e.Example}
		if r.cause == nil {
			return fmt.Errorf("rule %q: there is no cause %q", e.Name, e.Cause)
		}
		for _, text := range e.Codes {
			code, reply, err := parseCode(text)
			if err != nil {
				return fmt.Errorf("rule %q: %w", e.Name, err)
			}
			r.codes = append(r.codes, condition{code, reply})
		}
		if e.Pattern != "" {
			if r.pattern, err = regexp.Compile(e.Pattern); err != nil {
				return fmt.Errorf("rule %q: %w", e.Name, err)
			}
		}
		c.rules = append(c.rules, r)
		for _, text := range e.Text {
			if err := c.addPhrase(text, len(c.rules)-1); err != nil {
				return fmt.Errorf("rule %q: %w", e.Name, err)
			}
		}
	}
	return nil
}

// minPhrase keeps phrases that would be found in every text out of the rules.
const minPhrase = 3

func (c *Classifier) addPhrase(text string, rule int) error {
	p := phrase{rule: rule}
	for part := range strings.SplitSeq(text, "*") {
		folded := bytes.TrimSpace(fold(part, len(part)))
		if len(folded) < minPhrase {
			return fmt.Errorf("text %q: a part of it has fewer than %d bytes", text, minPhrase)
		}
		p.parts = append(p.parts, folded)
	}
	c.phrases.add(p)
	return nil
}
