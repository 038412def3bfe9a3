package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	nethtml "golang.org/x/net/html"
)

var htmlSamples = []string{
	"", "<", "</", "a < b <b>c</b>", "<p>One<br/>two &amp; three</P >four", `<a href="x>y" title='"'>z</a>`, "<a b=c/>d", "<a/b='>'>c", "<a =b=c>d",
	"<style>p > a { }</style>x", "<STYLE>a</b></style >b", "<title>a &lt; <b></title>c", "<textarea></textarea>x", "<plaintext>a</plaintext>b", "<style>a", "<xmp><b>&amp;</xmp>",
	"a<!-->b", "a<!--->b", "a<!----!>b", "a<!-- > -- > --!>b-->c", "<!DOCTYPE html>a", "<!-", "<!a>b", "<?xml?>a", "</>a", "</ a>b", "</p", "<p a", "<p a=", "<p a='b", "<a b = c d>e", "<a\n\fb>c", "<p>a<", "</style>a",
}

// TestMarkupIsCutAsTheTokenizerDoes compares with golang.org/x/net/html.
func TestMarkupIsCutAsTheTokenizerDoes(t *testing.T) {
	for _, source := range htmlSamples {
		if diff := cmp.Diff(tokenized(source), cutMarkup(source)); diff != "" {
			t.Errorf("%q (-tokenizer +markup):\n%s", source, diff)
		}
	}
}

// FuzzMarkup compares with golang.org/x/net/html. Scripts are left out: within
// comments they have rules of their own, for text that nobody is shown.
func FuzzMarkup(f *testing.F) {
	for _, source := range htmlSamples {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if strings.Contains(strings.ToLower(source), "<script") || strings.ContainsAny(source, "\r\x00") {
			return
		}
		if diff := cmp.Diff(tokenized(source), cutMarkup(source)); diff != "" {
			t.Errorf("(-tokenizer +markup):\n%s", diff)
		}
	})
}

type token struct {
	Kind tokenKind
	Text string
}

func cutMarkup(source string) (all []token) {
	m := markup{rest: []byte(source)}
	for {
		kind, text := m.next()
		if kind == noToken {
			return all
		}
		if kind != otherToken && (kind != textToken || len(text) > 0) {
			all = append(all, token{kind, string(text)})
		}
	}
}

func tokenized(source string) (all []token) {
	z := nethtml.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return all
		case nethtml.TextToken:
			if text := string(z.Text()); text != "" {
				all = append(all, token{textToken, text})
			}
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			name, _ := z.TagName()
			all = append(all, token{startToken, string(name)})
		case nethtml.EndTagToken:
			name, _ := z.TagName()
			all = append(all, token{endToken, string(name)})
		}
	}
}
