package filter_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/processor/topic/filter"
	"github.com/rebound-mail/rebound/schemas"
)

// Whatever the text: a policy or an *Error of bounded length, and never both.
func FuzzCompile(f *testing.F) {
	for _, test := range alternatives {
		f.Add(`{"k":["x",`+test.alternative+`]}`, true)
	}
	f.Add(`{"$or":[{"a":[1]},{"b":{"c":[{"exists":false}]}}],"d":[{"numeric":[">",0,"<=",1e9]}]}`, true)
	f.Add(`{"a":["x"],"a":[]}`, false)
	f.Add(`{"a":[{"wildcard":"\\**"},{"cidr":"::/129"}]}`, false)
	f.Fuzz(func(t *testing.T, policy string, body bool) {
		scope := filter.MessageAttributes
		if body {
			scope = filter.MessageBody
		}
		p, err := filter.Compile(policy, scope)
		var problem *filter.Error
		if err != nil && (!errors.As(err, &problem) || p != nil || !strings.HasPrefix(problem.Text, "FilterPolicy: ") || len(problem.Text) > 2000) {
			t.Errorf("%v, %v", p, err)
		}
		if err == nil && p.Matches(filter.NewMessage(nil, policy)) != p.Matches(filter.NewMessage(nil, policy+" \n")) {
			t.Error("a blank behind the body changes the answer")
		}
		if err != nil && utf8.ValidString(policy) && !utf8.ValidString(problem.Text) {
			t.Errorf("the error is no UTF-8: %q", problem.Text)
		}
	})
}

// A policy and its opposite never agree on a value that is there, whatever the message.
func FuzzMatches(f *testing.F) {
	f.Add(`{"a":"x","b":{"c":[1,"x"]}}`, "x")
	f.Add(`{"a":["x",null],"b":[{"c":2e9},{"c":[[]]}]}`, "")
	f.Add(strings.Repeat(`{"a":[`, 100), "a*")
	opposites := make([][2]*filter.Policy, 0, 3)
	for _, pair := range [][2]string{
		{`{"a":["x"]}`, `{"a":[{"anything-but":"x"}]}`},
		{`{"a":[{"prefix":"x"}]}`, `{"a":[{"anything-but":{"prefix":"x"}}]}`},
		{`{"b":{"c":[{"exists":true}]}}`, `{"b":{"c":[{"exists":false}]}}`},
	} {
		opposites = append(opposites, [2]*filter.Policy{compile(f, pair[0], filter.MessageBody), compile(f, pair[1], filter.MessageBody)})
	}
	array := compile(f, `{"a":["x",{"exists":false}]}`, filter.MessageAttributes)
	f.Fuzz(func(t *testing.T, body, attribute string) {
		for i, pair := range opposites {
			one, other := pair[0].Matches(filter.NewMessage(nil, body)), pair[1].Matches(filter.NewMessage(nil, body))
			if i == 2 && one && other {
				t.Error("it exists and does not")
			}
			if !strings.Contains(body, "[") && one && other {
				t.Error("one value satisfies a condition and its opposite")
			}
		}
		array.Matches(filter.NewMessage(map[string]schemas.MessageAttribute{"a": {Type: "String.Array", Value: attribute}}, body))
	})
}
