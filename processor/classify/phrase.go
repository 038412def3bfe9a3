package classify

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// gap is the number of bytes that a "*" in a phrase stands for at most. It takes
// a name or a host, not another sentence.
const gap = 48

// phrase is one text of a rule. It begins where a word begins.
type phrase struct {
	first string // by which the trie finds it
	rest  *step  // that follows, nil for none
	rule  int    // its place in Classifier.rules
}

// step is one of several words, right behind what stands before it or, when it is
// loose, at the beginning of a word at most gap bytes behind.
type step struct {
	loose bool
	empty bool // one of the words is empty
	next  *step
	words [][]byte // the others, sorted
}

func newStep(loose bool, words []string) (step, error) {
	s := step{loose: loose}
	for _, word := range words {
		folded, err := foldWord(word)
		if err != nil {
			return s, err
		}
		if len(folded) == 0 {
			s.empty = true
			continue
		}
		s.words = append(s.words, folded)
	}
	slices.SortFunc(s.words, bytes.Compare)
	return s, nil
}

// foldWord folds a part of a phrase, and keeps the blanks at its ends.
func foldWord(word string) ([]byte, error) {
	trimmed := strings.TrimSpace(word)
	folded := bytes.TrimSpace(fold(trimmed, len(trimmed)))
	if len(folded) == 0 && trimmed != "" {
		return nil, fmt.Errorf("of %q nothing is left once codes and addresses are left out; write other words of the reply", word)
	}
	if strings.HasPrefix(word, " ") {
		folded = slices.Concat([]byte(" "), folded)
	}
	if trimmed != "" && strings.HasSuffix(word, " ") {
		folded = append(folded, ' ')
	}
	return folded, nil
}

// minPhrase keeps phrases that would be found in every text out of the rules.
const minPhrase = 2

// maxPhrases is how many beginnings one line may have.
const maxPhrases = 4000

var errTooMany = fmt.Errorf("it begins in more than %d ways; write fewer alternatives in one line", maxPhrases)

// phrases reads a line of a rule's text: "*" stands for what is not told, and
// "{a|b|}" for one of the alternatives, of which one may be empty.
func phrases(line string, rule int) ([]phrase, error) {
	lines, err := withoutInnerGaps(line)
	if err != nil {
		return nil, fmt.Errorf("text %q: %w", line, err)
	}
	var found []phrase
	for _, one := range lines {
		steps, err := stepsOf(one)
		if err != nil {
			return nil, fmt.Errorf("text %q: %w", line, err)
		}
		starts, err := begin(nil, steps)
		if err != nil {
			return nil, fmt.Errorf("text %q: %w", line, err)
		}
		for _, p := range starts {
			p.rule = rule
			found = append(found, p)
		}
	}
	return found, nil
}

// begin returns the phrases that the steps make, each with a beginning long
// enough to be found by.
func begin(head []byte, steps []step) ([]phrase, error) {
	if len(bytes.TrimSpace(head)) >= minPhrase && (len(steps) == 0 || len(steps[0].words) > 1 || steps[0].loose || steps[0].empty) {
		p := phrase{first: string(bytes.TrimLeft(head, " "))}
		if len(steps) > 0 {
			p.rest = &steps[0]
		}
		return []phrase{p}, nil
	}
	if len(steps) == 0 || steps[0].loose {
		return nil, fmt.Errorf("a text of it begins with fewer than %d bytes; write more of the reply", minPhrase)
	}
	var found []phrase
	words := steps[0].words
	if steps[0].empty {
		words = append([][]byte{nil}, words...)
	}
	for _, word := range words {
		if len(head) == 0 || head[len(head)-1] == ' ' {
			word = bytes.TrimLeft(word, " ")
		}
		more, err := begin(slices.Concat(head, word), steps[1:])
		if err != nil {
			return nil, err
		}
		if found = append(found, more...); len(found) > maxPhrases {
			return nil, errTooMany
		}
	}
	return found, nil
}

// stepsOf reads a line in which no alternative holds a "*".
func stepsOf(line string) ([]step, error) {
	var steps []step
	add := func(loose bool, words ...string) error {
		s, err := newStep(loose, words)
		steps = append(steps, s)
		return err
	}
	loose := false
	for line != "" {
		var words []string
		switch line[0] {
		case '*':
			loose, line = true, strings.TrimLeft(line[1:], " ")
			continue
		case '{':
			inner, rest, _ := strings.Cut(line[1:], "}")
			words, line = strings.Split(inner, "|"), rest
		default:
			end := strings.IndexAny(line, "{*")
			if end < 0 {
				end = len(line)
			}
			words, line = []string{line[:end]}, line[end:]
		}
		if strings.HasPrefix(strings.TrimLeft(line, " "), "*") {
			line = strings.TrimLeft(line, " ")
			for i := range words {
				words[i] = strings.TrimRight(words[i], " ")
			}
		}
		if err := add(loose, words...); err != nil {
			return nil, err
		}
		if last := steps[len(steps)-1]; loose && line == "" && slices.ContainsFunc(last.words, func(w []byte) bool { return len(bytes.TrimSpace(w)) < minPhrase }) {
			return nil, fmt.Errorf("a word behind a \"*\" has fewer than %d bytes; write more of the reply", minPhrase)
		}
		loose = false
	}
	for i := range len(steps) - 1 {
		steps[i].next = &steps[i+1]
	}
	if loose {
		return nil, errors.New(`it ends with a "*", which stands for nothing there`)
	}
	return steps, nil
}

// withoutInnerGaps returns the lines that a line stands for when each alternative
// that holds a "*" is put in its place, and checks the braces.
func withoutInnerGaps(line string) ([]string, error) {
	open := strings.IndexByte(line, '{')
	if before := line[:max(open, 0)]; strings.Contains(before, "}") || open < 0 && strings.Contains(line, "}") {
		return nil, errors.New(`a "}" without its "{"; write {one|other}`)
	}
	if open < 0 {
		return []string{line}, nil
	}
	inner, after, closed := strings.Cut(line[open+1:], "}")
	if !closed || strings.Contains(inner, "{") {
		return nil, errors.New(`a "{" without its "}"; write {one|other}, and no braces inside`)
	}
	later, err := withoutInnerGaps(after)
	if err != nil {
		return nil, err
	}
	var plain, behind, heads []string
	for word := range strings.SplitSeq(inner, "|") {
		late, isLate := strings.CutPrefix(word, "* ")
		switch {
		case isLate && late != "" && !strings.Contains(late, "*"):
			behind = append(behind, late)
		case strings.Contains(word, "*"):
			heads = append(heads, line[:open]+word)
		default:
			plain = append(plain, word)
		}
	}
	if len(plain) > 0 {
		heads = append(heads, line[:open]+"{"+strings.Join(plain, "|")+"}")
	}
	if len(behind) > 0 {
		heads = append(heads, line[:open]+"* {"+strings.Join(behind, "|")+"}")
	}
	if len(heads)*len(later) > maxPhrases {
		return nil, errTooMany
	}
	found := make([]string, 0, len(heads)*len(later))
	for _, head := range heads {
		for _, tail := range later {
			found = append(found, head+tail)
		}
	}
	return found, nil
}
