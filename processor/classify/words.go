package classify

import "bytes"

// words is a folded text, and where its words begin.
type words struct {
	text []byte
	skip []uint8 // by a place, the number of bytes to the next beginning of a word, 255 for that or more
}

func newWords(text []byte) words {
	w := words{text, make([]uint8, len(text))}
	next := uint8(255)
	for i := len(text) - 1; i >= 0; i-- {
		if next < 255 {
			next++
		}
		if wordStart(text, i) {
			next = 0
		}
		w.skip[i] = next
	}
	return w
}

// next returns the first place from at on where a word begins, at most last; -1
// for none.
func (w *words) next(at, last int) int {
	for at <= last {
		n := int(w.skip[at])
		if at += n; n < 255 {
			break
		}
	}
	if at > last {
		return -1
	}
	return at
}

// wordStart reports whether a word may begin at text[i]. Scripts without blanks
// begin one anywhere.
func wordStart(text []byte, i int) bool {
	return i == 0 || !isAlnum(text[i-1]) || !isAlnum(text[i])
}

// follow reports whether the steps follow behind place at.
func (w *words) follow(steps []step, at int) bool {
	for i := range steps {
		s := &steps[i]
		if s.loose {
			return w.followLoose(steps[i:], at)
		}
		if at < len(w.text) && s.begins(w.text[at]) && w.match(steps[i:], at) {
			return true
		}
		// A blank of the text stands for one at the end of a word and at the beginning of the next.
		if s.begins(' ') && at > 0 && w.text[at-1] == ' ' && w.match(steps[i:], at-1) {
			return true
		}
		if !s.empty {
			return false
		}
	}
	return true
}

// followLoose is follow for steps of which the first one is loose.
func (w *words) followLoose(steps []step, at int) bool {
	s := &steps[0]
	if s.empty && w.follow(steps[1:], at) {
		return true
	}
	last := min(at+gap, len(w.text)-1)
	for at = w.next(at, last); at >= 0; at = w.next(at+1, last) {
		if s.begins(w.text[at]) && w.match(steps, at) {
			return true
		}
	}
	return false
}

// match reports whether a word of the first step, one of which begins with the
// byte there, stands at the place, and the later steps follow it.
func (w *words) match(steps []step, at int) bool {
	s, here, first := &steps[0], w.text[at:], 0
	if s.index != nil {
		first = int(s.index[here[0]])
	}
	for _, word := range s.words[first:] {
		if word[0] > here[0] {
			break
		}
		if bytes.HasPrefix(here, word) && w.follow(steps[1:], at+len(word)) {
			return true
		}
	}
	return false
}
