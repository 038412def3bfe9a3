package classify

import (
	"bytes"
	"slices"
)

// words is a folded text.
type words struct {
	text []byte
	// next has for each place the first one from there on where a word may begin,
	// and the length of the text at its end.
	next []int32
}

// set takes over the text.
func (w *words) set(text []byte) {
	w.text, w.next = text, slices.Grow(w.next[:0], len(text)+1)[:len(text)+1]
	next := int32(len(text))
	w.next[len(text)] = next
	for i := len(text) - 1; i >= 0; i-- {
		if wordStart(text, i) {
			next = int32(i)
		}
		w.next[i] = next
	}
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
	for at = int(w.next[at]); at <= last; at = int(w.next[at+1]) {
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
