package classify

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestBrokenRulesAreRefusedByName(t *testing.T) {
	causes := "- {name: unknown, scope: system, permanent: Undetermined/Undetermined, temporary: Transient/General}\n"
	tests := []struct{ name, causes, codes, rules, want string }{
		{"an unknown key", causes, "", "- {name: a, cause: unknown, texts: [abc]}", "texts"},
		{"an unknown cause", causes, "", "- {name: a, cause: nosuch, text: [abc]}", `rule "a": there is no cause "nosuch"`},
		{"a short phrase", causes, "", "- {name: a, cause: unknown, text: [a * bcd]}", `text "a * bcd"`},
		{"a broken pattern", causes, "", "- {name: a, cause: unknown, text: [abc], pattern: '('}", `rule "a"`},
		{"a broken code of a rule", causes, "", "- {name: a, cause: unknown, text: [abc], codes: [x.y.z]}", `code "x.y.z"`},
		{"a broken code", causes, "- {code: '250', cause: unknown}", "[]", `code "250"`},
		{"a code without a cause", causes, "- {code: x.1.1, cause: nosuch}", "[]", `there is no cause "nosuch"`},
		{"a broken verdict", "- {name: unknown, scope: system, permanent: Transient, temporary: Transient/General}", "", "[]", `verdict "Transient"`},
		{"a broken scope", "- {name: unknown, scope: nobody, permanent: Transient/General, temporary: Transient/General}", "", "[]", `scope "nobody"`},
		{"no cause for nothing", "- {name: other, scope: system, permanent: Transient/General, temporary: Transient/General}", "", "[]", `"unknown"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(fstest.MapFS{
				causesFile:      {Data: []byte(test.causes)},
				codesFile:       {Data: []byte(test.codes)},
				"rules/10.yaml": {Data: []byte(test.rules)},
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %s", err, test.want)
			}
		})
	}
}
