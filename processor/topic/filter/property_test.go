package filter_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/topic/filter"
	"github.com/rebound-mail/rebound/schemas"
)

// naive says what a policy means by walking its JSON beside the message's, alternative by alternative and value by value. It shares
// nothing with the package but the rules.
type naive struct{ values func(path []string) []any }

func (n naive) object(path []string, policy map[string]any) bool {
	for name, condition := range policy {
		below := append(append([]string{}, path...), name)
		var holds bool
		switch c := condition.(type) {
		case map[string]any:
			holds = n.object(below, c)
		case []any:
			if name == "$or" {
				for _, alternative := range c {
					holds = holds || n.object(path, alternative.(map[string]any))
				}
			} else {
				holds = n.oneOf(n.values(below), c)
			}
		}
		if !holds {
			return false
		}
	}
	return true
}

func (n naive) oneOf(values, alternatives []any) bool {
	for _, alternative := range alternatives {
		if expression, ok := alternative.(map[string]any); ok && expression["exists"] == false {
			if len(values) == 0 {
				return true
			}
			continue
		}
		for _, v := range values {
			if naiveMatch(alternative, v) {
				return true
			}
		}
	}
	return false
}

func naiveMatch(alternative, v any) bool {
	expression, ok := alternative.(map[string]any)
	if !ok {
		return naiveEqual(alternative, v)
	}
	for operator, operand := range expression {
		text, isText := v.(string)
		switch operator {
		case "exists":
			return true
		case "prefix":
			return isText && len(text) >= len(operand.(string)) && text[:len(operand.(string))] == operand
		case "suffix":
			return isText && len(text) >= len(operand.(string)) && text[len(text)-len(operand.(string)):] == operand
		case "equals-ignore-case":
			return isText && strings.EqualFold(text, operand.(string))
		case "wildcard":
			pattern := strings.ReplaceAll(regexp.QuoteMeta(operand.(string)), `\*`, `(?s:.*)`)
			return isText && regexp.MustCompile(`\A`+pattern+`\z`).MatchString(text)
		case "cidr":
			address, err := netip.ParseAddr(text)
			return isText && err == nil && netip.MustParsePrefix(operand.(string)).Contains(address)
		case "numeric":
			return naiveNumeric(operand.([]any), v)
		case "anything-but":
			switch but := operand.(type) {
			case map[string]any:
				return !naiveMatch(but, v)
			case []any:
				for _, b := range but {
					if naiveEqual(b, v) {
						return false
					}
				}
				return true
			default:
				return !naiveEqual(but, v)
			}
		}
	}
	return false
}

func naiveNumber(v any) (*big.Rat, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, false
	}
	r, _ := new(big.Rat).SetString(n.String())
	return r, r.Cmp(big.NewRat(1e9, 1)) <= 0 && r.Cmp(big.NewRat(-1e9, 1)) >= 0
}

func naiveEqual(a, b any) bool {
	x, small := naiveNumber(a)
	y, alsoSmall := naiveNumber(b)
	if small && alsoSmall {
		return x.Cmp(y) == 0
	}
	return a == b
}

func naiveNumeric(expression []any, v any) bool {
	x, ok := naiveNumber(v)
	if !ok {
		return false
	}
	for i := 0; i < len(expression); i += 2 {
		y, _ := naiveNumber(expression[i+1])
		c := x.Cmp(y)
		holds := map[any]bool{"=": c == 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}
		if !holds[expression[i]] {
			return false
		}
	}
	return true
}

// reach returns the simple values at a path, through all arrays on the way.
func reach(v any, path []string) (values []any) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			values = append(values, reach(element, path)...)
		}
	case map[string]any:
		if len(path) > 0 {
			if member, ok := v[path[0]]; ok {
				values = reach(member, path[1:])
			}
		}
	default:
		if len(path) == 0 {
			values = []any{v}
		}
	}
	return values
}

// maker makes policies and messages of few names and values, so that they often meet.
type maker struct{ *rand.Rand }

func (m maker) pick(from ...string) string { return from[m.IntN(len(from))] }

func (m maker) simple() string {
	return m.pick(`"a"`, `"b"`, `"ab"`, `"AB"`, `""`, `"10.0.0.1"`, `"10.1.0.1"`, `"1"`, `1`, `1.0`, `-2`, `0.3`, `30e-2`, `2e9`, `2000000000`,
		`999999999.99999`, `true`, `false`, `null`)
}

func (m maker) number() string { return m.pick(`-2`, `0.3`, `1`, `1.00`, `5`, `999999999.99999`) }

func (m maker) alternative() string {
	text := m.pick(`"a"`, `"b"`, `"ab"`, `""`)
	switch m.IntN(10) {
	case 0:
		return fmt.Sprintf(`{%s:%s}`, m.pick(`"prefix"`, `"suffix"`, `"equals-ignore-case"`), text)
	case 1:
		return `{"wildcard":` + m.pick(`"*"`, `"a*"`, `"*b"`, `"*a*b*"`, `"a*b*b"`) + `}`
	case 2:
		return `{"cidr":` + m.pick(`"10.0.0.0/16"`, `"10.0.0.0/8"`, `"::/0"`) + `}`
	case 3:
		return `{"numeric":[` + m.pick(`"="`, `"<"`, `"<="`, `">"`, `">="`) + `,` + m.number() + `]}`
	case 4:
		return `{"numeric":[` + m.pick(`">"`, `">="`) + `,` + m.pick(`-2`, `0.3`) + `,` + m.pick(`"<"`, `"<="`) + `,` + m.pick(`1`, `5`) + `]}`
	case 5:
		return `{"anything-but":` + m.pick(text, m.number(), `[`+text+`,"1"]`, `[1,`+m.number()+`]`, `{"prefix":`+text+`}`, `{"suffix":`+text+`}`,
			`{"wildcard":"*a*"}`) + `}`
	case 6:
		return `{"exists":` + m.pick(`true`, `false`) + `}`
	default:
		return m.simple()
	}
}

func (m maker) policy(depth int, nested bool) string {
	var members []string
	for _, name := range []string{"a", "b", "c"}[:1+m.IntN(3)] {
		if nested && depth > 0 && m.IntN(3) == 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, m.policy(depth-1, nested)))
			continue
		}
		list := m.alternative()
		for m.IntN(4) == 0 {
			list += "," + m.alternative()
		}
		members = append(members, fmt.Sprintf("%q:[%s]", name, list))
	}
	if depth > 0 && m.IntN(3) == 0 {
		members = append(members, fmt.Sprintf(`"$or":[%s,%s]`, m.policy(depth-1, nested), m.policy(depth-1, nested)))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (m maker) message(depth int) string {
	switch {
	case depth == 0 || m.IntN(3) == 0:
		return m.simple()
	case m.IntN(3) == 0:
		return "[" + strings.Join([]string{m.message(depth - 1), m.message(depth - 1), m.message(depth - 1)}[:m.IntN(4)], ",") + "]"
	}
	return m.body(depth)
}

func (m maker) body(depth int) string {
	var members []string
	for _, name := range []string{"a", "b", "c"} {
		if m.IntN(4) > 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, m.message(depth-1)))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func decode(t *testing.T, text string) (decoded any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&decoded); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return decoded
}

func TestMatchingAgreesWithTheNaiveReading(t *testing.T) {
	matched, refused := 0, 0
	for seed := range uint64(1500) {
		m := maker{rand.New(rand.NewPCG(seed, 1))}
		policy := m.policy(2, true)
		p, err := filter.Compile(policy, filter.MessageBody)
		if err != nil {
			if problem := err.(*filter.Error); !problem.LimitExceeded {
				t.Fatalf("%s: %v", policy, err)
			}
			refused++
			continue
		}
		for range 5 {
			body := m.body(3)
			message := decode(t, body)
			reference := naive{func(path []string) []any { return reach(message, path) }}
			want := reference.object(nil, decode(t, policy).(map[string]any))
			if got := p.Matches(filter.NewMessage(nil, body)); got != want {
				t.Fatalf("got %v, want %v: %s for %s", got, want, policy, body)
			}
			if want {
				matched++
			}
		}
	}
	if matched < 100 || refused > 900 {
		t.Errorf("%d messages matched and %d policies were too complex: that tests little", matched, refused)
	}
}

func TestMatchingAttributesAgreesWithTheNaiveReading(t *testing.T) {
	matched := 0
	for seed := range uint64(1500) {
		m := maker{rand.New(rand.NewPCG(seed, 2))}
		policy := m.policy(1, false)
		p, err := filter.Compile(policy, filter.MessageAttributes)
		if err != nil {
			if problem := err.(*filter.Error); !problem.LimitExceeded {
				t.Fatalf("%s: %v", policy, err)
			}
			continue
		}
		attributes, values := map[string]schemas.MessageAttribute{}, map[string][]any{}
		for _, name := range []string{"a", "b", "c"} {
			switch m.IntN(4) {
			case 0:
				text := m.simple()
				if s, ok := decode(t, text).(string); ok {
					attributes[name], values[name] = schemas.MessageAttribute{Type: "String", Value: s}, []any{s}
				}
			case 1:
				n := m.number()
				attributes[name], values[name] = schemas.MessageAttribute{Type: "Number", Value: n}, []any{json.Number(n)}
			case 2:
				list := "[" + m.simple() + "," + m.simple() + "]"
				attributes[name], values[name] = schemas.MessageAttribute{Type: "String.Array", Value: list}, decode(t, list).([]any)
			}
		}
		reference := naive{func(path []string) []any { return values[path[0]] }}
		want := reference.object(nil, decode(t, policy).(map[string]any))
		if got := p.Matches(filter.NewMessage(attributes, "{}")); got != want {
			t.Fatalf("got %v, want %v: %s for %v", got, want, policy, attributes)
		}
		if want {
			matched++
		}
	}
	if matched < 40 {
		t.Errorf("%d messages matched: that tests little", matched)
	}
}
