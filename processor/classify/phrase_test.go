package classify

import (
	"strings"
	"testing"
)

func TestPhraseStandsForItsAlternativesAndGaps(t *testing.T) {
	tests := []struct {
		line string
		yes  []string
		no   []string
	}{
		{"mailbox full", []string{"mailbox full", "the mailbox fully"}, []string{"mailbox is full", "xmailbox full"}},
		{"{user|account} {is|was|} unknown", []string{"user is unknown", "user unknown", "account was unknown"}, []string{"users unknown", "user unknow"}},
		{"{user|account} {|is |was }unknown", []string{"user is unknown", "user unknown", "account was unknown"}, []string{"user isunknown"}},
		{"no {|such }user * here", []string{"no user jane here", "no such user, jane, is here", "no user here"}, []string{"no such user " + strings.Repeat("x", gap) + " here"}},
		{"user {|* is |does }not {known|there}", []string{"user not known", "user jane is not there", "user does not known"}, []string{"user jane not known"}},
		{"{a|the} {mail|inbox} {is|} full", []string{"a mail is full", "the inbox full"}, []string{"inbox full"}},
		{"not * {here|}", []string{"it is not", "not now"}, []string{"no"}},
		{"not * {|soon} here", []string{"not here", "not so soon here"}, []string{"not"}},
		{"no{t | }{|any }more{|.}", []string{"not more", "no any more.", "no more"}, []string{"no  ", "nomore"}},
		{"host * not * found", []string{"host mx not ever found", "host: not found"}, []string{"host mx not thefound"}},
		{"{Boîte|Messagerie} pleine", []string{"boite pleine", "messagerie pleine"}, nil},
		{"{メール|郵便}ボックス{|が}満杯", []string{"宛先のメールボックスが満杯", "郵便ボックス満杯です"}, []string{"メール満杯"}},
	}
	for _, test := range tests {
		found, err := phrases(test.line, 0)
		if err != nil {
			t.Errorf("%q: %v", test.line, err)
			continue
		}
		tree := newTrie(found)
		meets := func(text string) (yes bool) {
			var w words
			w.set(fold(text, len(text)))
			tree.scan(&w, func(e *ending, behind int) { yes = yes || tree.meets(&w, e, behind) })
			return yes
		}
		for _, text := range test.yes {
			if !meets(text) {
				t.Errorf("%q does not find %q", test.line, text)
			}
		}
		for _, text := range test.no {
			if meets(text) {
				t.Errorf("%q finds %q", test.line, text)
			}
		}
	}
}

// TestGapsReachAsFarEverywhere holds how far the word behind a gap may be, wherever
// the phrase stands.
func TestGapsReachAsFarEverywhere(t *testing.T) {
	found, err := phrases("no user * here", 0)
	if err != nil {
		t.Fatal(err)
	}
	tree := newTrie(found)
	for before := range 130 {
		for distance, want := range map[int]bool{2: true, gap: true, gap + 1: false} {
			var w words
			w.set([]byte(strings.Repeat(" ", before) + "no user" + strings.Repeat(".", distance) + "here"))
			got := false
			tree.scan(&w, func(e *ending, behind int) { got = tree.meets(&w, e, behind) })
			if got != want {
				t.Errorf("%d bytes behind, %d bytes on: got %v", distance, before, got)
			}
		}
	}
}

func TestTrieFindsEveryPhraseAndNoOther(t *testing.T) {
	var all []phrase
	firsts := []string{"abc", "abcd", "abd", "b c d", "zzz", "dd", "dde", "пользователь", "名前が"}
	for i, word := range firsts {
		all = append(all, phrase{first: word, rule: i})
	}
	tree := newTrie(all)
	for text, want := range map[string]string{
		"abcd b c d": "abc abcd b c d",
		"xabc abd":   "abd",
		"zz zzzz":    "zzz",
		"dd ddef dd": "dd dd dde dd", // the last one ends the text
		"пользователь 名前が無い": "пользователь 名前が",
		"": "",
	} {
		var got []string
		var w words
		w.set([]byte(text))
		tree.scan(&w, func(e *ending, _ int) { got = append(got, firsts[e.rule]) })
		if joined := strings.Join(got, " "); joined != want {
			t.Errorf("%q: got %q, want %q", text, joined, want)
		}
	}
}

// scan calls found for every phrase whose first part is in the text, with the
// place behind that part.
func (t *trie) scan(w *words, found func(e *ending, behind int)) {
	for start := range w.text {
		if w.starts[start>>6]>>(start&63)&1 == 0 {
			continue
		}
		at := start
		for node := t.begin(w, start); node != 0; {
			n, next := &t.nodes[node], &t.nodes[node+1]
			if !t.stands(n, next, w.padded[at:]) {
				node = n.twin
				continue
			}
			at += n.size() + int(next.tail-n.tail)
			for i := n.endings; i < next.endings; i++ {
				found(&t.endings[i], at)
			}
			node = n.below(w.padded[at])
		}
	}
}

// meets reports whether the phrase ends at the place or goes on there.
func (t *trie) meets(w *words, e *ending, behind int) bool {
	return e.rest == 0 || e.mayGoOn(w, behind, w.seen(behind)) && t.chains.follow(w, e.rest>>1, behind)
}

// TestPhrasesOfTheSamePlaceAreToldApart holds that each is found when the bytes in
// which they differ have the same place in the tables.
func TestPhrasesOfTheSamePlaceAreToldApart(t *testing.T) {
	texts := []string{"noax", "no!x", "n/ax", "n/!x"}
	var all []phrase
	for rule, text := range texts {
		found, err := phrases(text, rule)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	tree := newTrie(all)
	for rule, text := range texts {
		var w words
		w.set([]byte(text))
		var got []int
		tree.scan(&w, func(e *ending, _ int) { got = append(got, int(e.rule)) })
		if len(got) != 1 || got[0] != rule {
			t.Errorf("%q: got the rules %v, want %d", text, got, rule)
		}
	}
}
