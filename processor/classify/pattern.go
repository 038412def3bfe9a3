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
	words    bool       // and needs no more
	compiled func() *regexp.Regexp
}

func newPattern(text string) (*pattern, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return &pattern{needs: needsOf(parsed), words: wordsOf(parsed) != nil,
		compiled: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}, nil
}

// needsOf returns sets of words, of each of which a text that matches holds one.
func needsOf(re *syntax.Regexp) (needs [][][]byte) {
	if words := wordsOf(re); words != nil {
		return [][][]byte{words}
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return needsOf(re.Sub[0])
	case syntax.OpConcat:
		for subs := re.Sub; len(subs) > 0; {
			words, n := wordsOf(subs[0]), 1
			for ; n < len(subs); n++ {
				more := join(words, wordsOf(subs[n]))
				if more == nil {
					break
				}
				words = more
			}
			if words != nil {
				needs = append(needs, words)
			} else {
				needs = append(needs, needsOf(subs[0])...)
			}
			subs = subs[n:]
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

// maxWords bounds the words in a set that needsOf returns.
const maxWords = 32

// wordsOf returns the words that match, nil when there are too many or none.
func wordsOf(re *syntax.Regexp) (words [][]byte) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			words = [][]byte{[]byte(string(re.Rune))}
		}
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if words = append(words, []byte(string(r))); len(words) > maxWords {
					return nil
				}
			}
		}
	case syntax.OpCapture:
		return wordsOf(re.Sub[0])
	case syntax.OpConcat:
		words = wordsOf(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			words = join(words, wordsOf(sub))
		}
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			found := wordsOf(sub)
			if words = append(words, found...); found == nil || len(words) > maxWords {
				return nil
			}
		}
	}
	return words
}

// join returns each of the heads with each of the tails behind it, nil when these
// are too many or none.
func join(heads, tails [][]byte) (words [][]byte) {
	if len(heads)*len(tails) > maxWords {
		return nil
	}
	for _, head := range heads {
		for _, tail := range tails {
			words = append(words, slices.Concat(head, tail))
		}
	}
	return words
}

// match reports whether the pattern is somewhere in the folded text.
func (p *pattern) match(text []byte) bool {
	for _, words := range p.needs {
		if !slices.ContainsFunc(words, func(word []byte) bool { return bytes.Contains(text, word) }) {
			return false
		}
	}
	return p.words || p.compiled().Match(text)
}
