package classify

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOnlyRepliesThatNoRuleKnowsAreSamples(t *testing.T) {
	for diagnostic, want := range map[string]string{
		"smtp; 550 5.1.1 <jane@example.net>... User unknown":                                   "",
		"smtp; 550 5.1.1 sorry":                                                                "",
		"smtp; 550 Requested action not taken: mailbox unavailable":                            "",
		"smtp; 554 5.0.0 <jane@example.net> gnarl\r\n 554 5.0.0 [192.0.2.7] id=4dJF1 42 times": "gnarl [# id=# # times",
		"smtp; 550 Rejected by gremlins":                                                       "rejected by gremlins",
		"":                                                                                     "",
	} {
		r := Default().Classify(Input{Action: "failed", Status: "5.0.0", Diagnostic: diagnostic, Address: "jane@example.net"})
		if r.Unknown != want {
			t.Errorf("%q: got sample %q by %s, want %q", diagnostic, r.Unknown, r.Rule, want)
		}
	}
	r := Default().Classify(Input{Action: "failed", Text: "All is lost.\n\njane@example.net: gnarl\n", Address: "jane@example.net"})
	if r.Unknown != "gnarl" {
		t.Errorf("got sample %q from the text, want what it says about the address", r.Unknown)
	}
}

func TestSamplesAreShort(t *testing.T) {
	r := Default().Classify(Input{Diagnostic: "550 " + strings.Repeat("gnärl ", 2000)})
	if n := len(r.Unknown); n == 0 || n > maxSample {
		t.Errorf("got a sample of %d bytes, want 1 to %d", n, maxSample)
	}
}

func TestSamplesKeepTheLatestAndCountThem(t *testing.T) {
	var s Samples
	start := time.Date(2026, 1, 27, 0, 0, 0, 0, time.UTC)
	word := func(i int) string { return "gnarl " + strings.Repeat("x", i) }
	for i := range maxSamples + 10 {
		if !s.Add(Default().Classify(Input{Diagnostic: "550 " + word(i)}), start.Add(time.Duration(i)*time.Second)) {
			t.Fatalf("%q was not counted", word(i))
		}
	}
	s.Add(Default().Classify(Input{Diagnostic: "554 5.5.0 " + word(50)}), start.Add(time.Hour))
	if s.Add(Default().Classify(Input{Diagnostic: "550 user unknown"}), start) {
		t.Error("a reply that a rule knows was counted")
	}
	list := s.List()
	if len(list) != maxSamples {
		t.Fatalf("got %d samples, want %d", len(list), maxSamples)
	}
	first := list[0]
	if first.Reply != word(50) || first.Count != 2 || !first.First.Equal(start.Add(50*time.Second)) || !first.Last.Equal(start.Add(time.Hour)) ||
		first.SMTPReply != "554" || first.Status != "5.5.0" {
		t.Errorf("got %+v first, want %q that came twice", first, word(50))
	}
	for _, one := range list {
		if len(one.Reply) < len(word(10)) {
			t.Errorf("%q is kept, although later ones came", one.Reply)
		}
	}
}

func TestSamplesTakeManyAtOnce(t *testing.T) {
	var s Samples
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 200 {
				s.Add(Result{Unknown: fmt.Sprint(g, i%20)}, time.Unix(int64(i), 0))
				s.List()
			}
		})
	}
	group.Wait()
	if n := len(s.List()); n != maxSamples {
		t.Errorf("got %d samples, want %d", n, maxSamples)
	}
}
