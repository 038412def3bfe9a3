package classify

import (
	"strings"
	"testing"
)

const unknownCause = "- {name: unknown, scope: system, permanent: Undetermined/Undetermined, temporary: Transient/General}\n"

func TestBrokenRulesAreRefusedByFileLineAndRemedy(t *testing.T) {
	rule := "- {name: a, cause: unknown, text: abc"
	tests := []struct{ name, rules, want string }{
		{"an unknown key", rule + ", texts: abc}", `own.yaml:2: unknown key "texts"; rule a takes name, cause, text, example`},
		{"a missing key", "- {name: a, cause: unknown}", `own.yaml:2: rule a lacks text`},
		{"an unknown cause", "- {name: a, cause: nosuch, text: abc}", `own.yaml:2: rule a: there is no cause "nosuch"; there are unknown`},
		{"a short phrase", "- {name: a, cause: unknown, text: a * bcd}", `text "a * bcd"`},
		{"a short word behind a star", "- {name: a, cause: unknown, text: abc * d}", `behind a "*"`},
		{"a phrase that is only a code", "- {name: a, cause: unknown, text: 550 5.1.1}", `text "550 5.1.1"`},
		{"an open brace", "- {name: a, cause: unknown, text: 'mail {box|bag full'}", `a "{" without its "}"`},
		{"a closed brace", "- {name: a, cause: unknown, text: 'mail box} full'}", `a "}" without its "{"`},
		{"too many choices", "- {name: a, cause: unknown, text: '" + strings.Repeat("{* abc|abd}", 13) + "'}", "more than 4000 ways"},
		{"a star at the end", "- {name: a, cause: unknown, text: 'abc *'}", "ends with"},
		{"no phrase", "- {name: a, cause: unknown, text: ''}", "rule a has no text"},
		{"a list of phrases", "- {name: a, cause: unknown, text: [abc]}", `several lines: "text: |"`},
		{"a broken pattern", rule + ", pattern: '('}", "rule a: pattern:"},
		{"a broken code of a rule", rule + ", codes: [x.y.z]}", `code "x.y.z"`},
		{"a rule twice", rule + "}\n" + rule + "}", "own.yaml:3: rule a stands at own.yaml:2 too"},
		{"a broken code", "- {code: 250, cause: unknown}", `code "250"`},
		{"a class that is none", "- {code: 2.1.1, cause: unknown}", "the class is 4, 5 or x"},
		{"a code without a cause", "- {code: x.1.1, cause: nosuch}", `code x.1.1: there is no cause "nosuch"`},
		{"a broken verdict", "- {name: b, scope: system, permanent: Transient, temporary: Transient/General}", `verdict "Transient"`},
		{"a verdict that SES has not", "- {name: b, scope: system, permanent: Transient/NoEmail, temporary: Transient/General}", `verdict "Transient/NoEmail"`},
		{"a broken scope", "- {name: b, scope: nobody, permanent: Transient/General, temporary: Transient/General}", `scope "nobody"`},
		{"a permanent fault of the sender", "- {name: b, scope: sender, permanent: Permanent/General, temporary: Transient/General}", "its scope is recipient"},
		{"no rule", "- abc", `own.yaml:2: want a rule with the keys name`},
		{"no YAML", "- {", "own.yaml:2: "},
		{"too much", strings.Repeat("#", maxFile), "a file of rules holds at most"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(nil, []File{{"own.yaml", []byte(unknownCause + test.rules)}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %s", err, test.want)
			}
		})
	}
	if _, err := New(File{"own.yaml", []byte("name: a")}); err == nil || !strings.Contains(err.Error(), "own.yaml:1: want a list of rules") {
		t.Errorf("got error %v for a file that is no list", err)
	}
	if _, err := load(nil, nil); err == nil || !strings.Contains(err.Error(), `"unknown"`) {
		t.Errorf("got error %v without causes, want one that names the cause that is needed", err)
	}
}

func TestOwnRulesAreAskedBeforeTheEmbeddedOnes(t *testing.T) {
	own := `
- name: company-leaver
  cause: moved
  text: |
    user unknown here since
    left * last week
  example: |
    550 5.1.1 user unknown here since 2024
    550 5.7.1 Jane left us last week
- {code: x.1.1, cause: disabled}
- {name: nouser, scope: recipient, permanent: Permanent/General, temporary: Transient/General}
- {name: parked, scope: recipient, permanent: Transient/General, temporary: Transient/General}
- {name: parked, cause: parked, text: mailbox parked}
`
	c, err := New(File{"own.yaml", []byte(own)})
	if err != nil {
		t.Fatal(err)
	}
	for diagnostic, want := range map[string]string{
		"550 5.1.1 user unknown here since 2020": "Permanent/General moved company-leaver",
		"550 5.1.1":                              "Permanent/General disabled code x.1.1",
		"550 mailbox parked":                     "Transient/General parked parked",
		"550 no such user":                       "Permanent/General nouser",
		"552 5.2.2 mailbox full":                 "Transient/MailboxFull full",
	} {
		r := c.Classify(Input{Action: "failed", Diagnostic: diagnostic})
		if got := r.BounceType + "/" + r.BounceSubType + " " + r.Reason + " " + r.Rule; !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %s, want %s", diagnostic, got, want)
		}
	}
	if r := Default().Classify(Input{Diagnostic: "550 5.1.1"}); r.Reason != "nouser" {
		t.Errorf("own rules of one classifier changed another: got %s", r.Reason)
	}
}

func TestOwnRuleTakesThePlaceOfTheEmbeddedOneOfItsName(t *testing.T) {
	built := []File{{"built.yaml", []byte(unknownCause +
		"- {name: full, scope: recipient, permanent: Transient/MailboxFull, temporary: Transient/MailboxFull}\n" +
		"- {name: a, cause: full, text: no room}\n")}}
	c, err := load([]File{{"own.yaml", []byte("- {name: a, cause: full, text: stuffed}")}}, built)
	if err != nil {
		t.Fatal(err)
	}
	for diagnostic, want := range map[string]string{"550 no room": "none", "550 stuffed": "a"} {
		if r := c.Classify(Input{Diagnostic: diagnostic}); r.Rule != want {
			t.Errorf("%q: got rule %s, want %s", diagnostic, r.Rule, want)
		}
	}
}

func TestOwnRuleThatMissesItsExampleIsRefused(t *testing.T) {
	_, err := New(File{"own.yaml", []byte("- name: mine\n  cause: moved\n  text: gone away\n  example: 550 user unknown\n")})
	if err == nil || !strings.Contains(err.Error(), `own.yaml:1: rule mine: its example "550 user unknown" is given by "nouser`) {
		t.Errorf("got error %v", err)
	}
}
