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
			tree.scan(w.text, func(p *phrase, behind int) { yes = yes || w.follow(p.rest, behind) })
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

func TestTrieFindsEveryPhraseAndNoOther(t *testing.T) {
	var all []phrase
	for i, word := range []string{"abc", "abcd", "abd", "b c d", "zzz", "dd", "dde", "пользователь", "名前が"} {
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
		tree.scan([]byte(text), func(p *phrase, _ int) { got = append(got, p.first) })
		if joined := strings.Join(got, " "); joined != want {
			t.Errorf("%q: got %q, want %q", text, joined, want)
		}
	}
}

// scan calls found for every phrase whose first part is in the folded text, with
// the place behind that part.
func (t *trie) scan(text []byte, found func(p *phrase, behind int)) {
	for start := range text {
		if !wordStart(text, start) {
			continue
		}
		for at, depth := t.begin(text, start); at != 0; depth++ {
			var here []phrase
			var behind int
			here, behind, at = t.walk(text, start, depth, at)
			for i := range here {
				found(&here[i], behind)
			}
		}
	}
}
