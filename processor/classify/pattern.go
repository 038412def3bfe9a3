package classify

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
)

// pattern is a regular expression. It is compiled when a text first holds the
// words that it needs, which few texts ever do.
type pattern struct {
	needs    [][][]byte // a text that matches holds one of each
	literal  bool       // and needs no more
	compiled func() *regexp.Regexp
}

func newPattern(text string) (*pattern, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	needs := needsOf(parsed)
	return &pattern{needs: needs, literal: parsed.Op == syntax.OpLiteral && len(needs) > 0,
		compiled: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}, nil
}

// needsOf returns sets of words, of each of which a text that matches holds one.
func needsOf(re *syntax.Regexp) (needs [][][]byte) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			needs = [][][]byte{{[]byte(string(re.Rune))}}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return needsOf(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			needs = append(needs, needsOf(sub)...)
		}
	case syntax.OpAlternate:
		var one [][]byte
		for _, sub := range re.Sub {
			found := needsOf(sub)
			if len(found) == 0 {
				return nil
			}
			one = append(one, found[len(found)-1]...)
		}
		needs = [][][]byte{one}
	}
	return needs
}

// match reports whether the pattern is somewhere in the folded text.
func (p *pattern) match(text []byte) bool {
	for _, words := range p.needs {
		if !slices.ContainsFunc(words, func(word []byte) bool { return bytes.Contains(text, word) }) {
			return false
		}
	}
	return p.literal || p.compiled().Match(text)
}
