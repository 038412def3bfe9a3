package classify

import "bytes"

// words is a folded text.
type words []byte

// wordStart reports whether a word may begin at text[i]. Scripts without blanks
// begin one anywhere.
func wordStart(text []byte, i int) bool {
	return i == 0 || !isAlnum(text[i-1]) || !isAlnum(text[i])
}

// follow reports whether the steps follow behind place at.
func (w words) follow(steps []step, at int) bool {
	for i := range steps {
		s := &steps[i]
		if s.loose {
			return w.followLoose(steps[i:], at)
		}
		if at < len(w) && s.begins(w[at]) && w.match(steps[i:], at) {
			return true
		}
		// A blank of the text stands for one at the end of a word and at the beginning of the next.
		if s.begins(' ') && at > 0 && w[at-1] == ' ' && w.match(steps[i:], at-1) {
			return true
		}
		if !s.empty {
			return false
		}
	}
	return true
}

// followLoose is follow for steps of which the first one is loose.
func (w words) followLoose(steps []step, at int) bool {
	s := &steps[0]
	if s.empty && w.follow(steps[1:], at) {
		return true
	}
	for last := min(at+gap, len(w)-1); at <= last; at++ {
		if s.begins(w[at]) && wordStart(w, at) && w.match(steps, at) {
			return true
		}
	}
	return false
}

// match reports whether a word of the first step, one of which begins with the
// byte there, stands at the place, and the later steps follow it.
func (w words) match(steps []step, at int) bool {
	s, here, first := &steps[0], w[at:], 0
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
