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
	// ahead has the bits of step.heads for the words that may begin behind the
	// place aheadOf, as far as a gap reaches: many phrases ask for the same ones.
	ahead   [4]uint64
	aheadOf int
}

// set takes over the text.
func (w *words) set(text []byte) {
	w.text, w.next = text, slices.Grow(w.next[:0], len(text)+1)[:len(text)+1]
	next := int32(len(text))
	w.next[len(text)] = next
	w.aheadOf = -1
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

// follow reports whether the step and the later ones follow behind place at.
func (w *words) follow(s *step, at int) bool {
	for ; s != nil; s = s.next {
		if s.loose {
			return w.followLoose(s, at)
		}
		if w.mayHold(s, at) && w.match(s, at) {
			return true
		}
		// A blank of the text stands for one at the end of a word and at the beginning of the next.
		if at > 0 && w.text[at-1] == ' ' && w.mayHold(s, at-1) && w.match(s, at-1) {
			return true
		}
		if !s.empty {
			return false
		}
	}
	return true
}

// followLoose is follow for a step that is loose.
func (w *words) followLoose(s *step, at int) bool {
	if s.empty && w.follow(s.next, at) {
		return true
	}
	if w.aheadOf != at {
		w.lookAhead(at)
	}
	if s.heads[0]&w.ahead[0]|s.heads[1]&w.ahead[1]|s.heads[2]&w.ahead[2]|s.heads[3]&w.ahead[3] == 0 {
		return false
	}
	last := min(at+gap, len(w.text)-1)
	for at = int(w.next[at]); at <= last; at = int(w.next[at+1]) {
		if w.mayHold(s, at) && w.match(s, at) {
			return true
		}
	}
	return false
}

func (w *words) lookAhead(at int) {
	w.ahead, w.aheadOf = [4]uint64{}, at
	last := min(at+gap, len(w.text)-1)
	for at = int(w.next[at]); at <= last; at = int(w.next[at+1]) {
		second := byte(0)
		if at+1 < len(w.text) {
			second = w.text[at+1]
		}
		bit := hashPair(w.text[at], second)
		w.ahead[bit>>6] |= 1 << (bit & 63)
	}
}

// mayHold reports whether one of the words of the step may stand at the place.
func (w *words) mayHold(s *step, at int) bool {
	if at+1 < len(w.text) {
		return s.mayBegin(w.text[at], w.text[at+1])
	}
	return at < len(w.text) && s.mayBegin(w.text[at], 0)
}

// match reports whether a word of the step stands at the place, where the text
// goes on, and the later steps follow it.
func (w *words) match(s *step, at int) bool {
	here, first := w.text[at:], 0
	if s.index != nil {
		first = int(s.index[here[0]])
	}
	for _, word := range s.words[first:] {
		if word[0] > here[0] {
			break
		}
		if bytes.HasPrefix(here, word) && w.follow(s.next, at+len(word)) {
			return true
		}
	}
	return false
}
