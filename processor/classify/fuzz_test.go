package classify

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// FuzzClassify holds that no text makes Classify panic, that the verdict is one
// that SES has, that only faults of the address are permanent, and that neither
// a second time nor capital letters change the verdict.
func FuzzClassify(f *testing.F) {
	content, err := os.ReadFile("testdata/replies.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if fields := strings.SplitN(line, " ", 3); len(fields) == 3 {
			f.Add("failed", "5.0.0", fields[2], "jane@example.net: "+fields[2], "jane@example.net")
		}
	}
	c := Default()
	f.Fuzz(func(t *testing.T, action, status, diagnostic, text, address string) {
		in := Input{Action: action, Status: status, Diagnostic: diagnostic, Text: text, Address: address}
		r := c.Classify(in)
		if r.Rule == "" || r.Reason == "" {
			t.Fatalf("no rule or reason: %+v", r)
		}
		switch r.BounceType {
		case "Permanent":
			if r.Scope != ScopeRecipient {
				t.Fatalf("permanent, and no fault of the address: %+v", r)
			}
		case "Transient", "Undetermined":
		default:
			t.Fatalf("bounce type %q", r.BounceType)
		}
		if again := c.Classify(in); again != r {
			t.Fatalf("got %+v and then %+v", r, again)
		}
		in.Diagnostic = upper(diagnostic)
		if loud := c.Classify(in); loud != r {
			t.Fatalf("got %+v, and in capitals %+v", r, loud)
		}
	})
}

// FuzzPattern holds that a pattern matches the texts that its regular expression
// matches, and no other.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"facebook", "see facebook"}, {"facebook", "face"}, {"a+b", "aab"}, {"a*b", "b"}, {"(?i)AB", "xab"},
		{"(ofr|lpn)[0-9]*_(417|422|63[12])", "ofr204_632"}, {"(ofr|lpn)[0-9]*_(417|422|63[12])", "lpn 417"},
		{"((ofr|lpn)_[0-9]{3}|later)", "try later"}, {"(a|)b", "b"}, {"(|a)", ""}, {"address rejected([^:]|$)", "address rejected:"},
		{"[ab]c|d(e|fg)", "xbcy"}, {"[ab]c|d(e|fg)", "df g"}, {"x(a|b)[0-2]*_(41[67]|5)", "xb12_417"}, {"x(a|b)[0-2]*_(41[67]|5)", "xb_41 6"}, {`\pLx`, "éx"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, expression, said string) {
		want, err := regexp.Compile(expression)
		p, failed := newPattern(expression)
		if (err == nil) != (failed == nil) {
			t.Fatalf("got the error %v, want %v", failed, err)
		}
		if text := fold(said, len(said)); err == nil && p.match(text) != want.Match(text) {
			t.Fatalf("got %v for %q in %q", !want.Match(text), expression, text)
		}
	})
}

// upper changes the letters of ASCII only: some others have no single capital.
func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// FuzzOwnRules holds that no file of rules makes reading it or classifying by it
// panic, and that a refused file is named.
func FuzzOwnRules(f *testing.F) {
	built, err := files(embedded)
	if err != nil {
		f.Fatal(err)
	}
	causes := built[:1]
	for _, seed := range []string{
		"- name: a\n  cause: moved\n  text: |\n    left * the {team|firm}\n  example: 550 left us the firm\n",
		"- {code: x.7.999, cause: disabled}\n- {code: '551', cause: moved, weak: true}",
		"- {name: nouser, scope: recipient, permanent: Permanent/General, temporary: Transient/General}",
		"- {name: a, cause: full, text: 'abc {d|* e|} f * ghi', pattern: 'a|b', codes: [5.1.*, 550]}",
	} {
		f.Add(seed, "550 5.1.1 left us the firm abc d f x ghi")
	}
	f.Fuzz(func(t *testing.T, rules, diagnostic string) {
		c, err := load([]File{{"own.yaml", []byte(rules)}}, causes)
		if err != nil {
			if !strings.Contains(err.Error(), "own.yaml") {
				t.Fatalf("the error names no file: %v", err)
			}
			return
		}
		if r := c.Classify(Input{Action: "failed", Diagnostic: diagnostic}); r.BounceType == "Permanent" && r.Scope != ScopeRecipient {
			t.Fatalf("permanent, and no fault of the address: %+v", r)
		}
	})
}
