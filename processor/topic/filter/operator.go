package filter

import (
	"fmt"
	"strings"
)

// key is what a policy says of one key: a value has to satisfy one of its alternatives.
type key struct {
	exact  map[value]struct{}
	tests  []test
	absent bool // that there is no value will do too
}

type test func(value) bool

func (k *key) matches(v value) bool {
	if _, ok := k.exact[v]; ok {
		return true
	}
	for _, t := range k.tests {
		if t(v) {
			return true
		}
	}
	return false
}

// operator returns what compiles a match type, nil for an unknown one.
func operator(name string) func(s *source, operand node) (test, error) {
	switch name {
	case "prefix":
		return ofString(name, strings.HasPrefix)
	case "suffix":
		return ofString(name, strings.HasSuffix)
	case "equals-ignore-case":
		return ofString(name, strings.EqualFold)
	case "wildcard":
		return wildcard
	case "anything-but":
		return anythingBut
	case "numeric":
		return numeric
	case "cidr":
		return cidr
	case "exists":
		return exists
	}
	return nil
}

// add takes one alternative of the key.
func (k *key) add(s *source, n node) error {
	if v, ok := toValue(n.token); ok {
		k.exact[v] = struct{}{}
		return nil
	}
	if !n.isObject() {
		return s.errorf(n.end, "Match value must be String, number, true, false, or null")
	}
	name, operand, err := single(s, n)
	if err != nil {
		return err
	}
	compile := operator(name)
	if compile == nil {
		return s.errorf(operand.end, "Unrecognized match type %s", name)
	}
	t, err := compile(s, operand)
	if err != nil {
		return err
	}
	if name == "exists" && operand.token == false {
		k.absent = true
		return nil
	}
	k.tests = append(k.tests, t)
	return nil
}

// single returns the only member of a match expression.
func single(s *source, n node) (name string, operand node, err error) {
	if len(n.members) == 0 {
		return "", node{}, s.errorf(n.end, "Match expression name not found")
	}
	if len(n.members) > 1 {
		return "", node{}, s.errorf(n.members[1].value.end, "Only one key allowed in match expression")
	}
	return n.members[0].name, n.members[0].value, nil
}

func ofString(name string, holds func(text, pattern string) bool) func(*source, node) (test, error) {
	return func(s *source, n node) (test, error) {
		pattern, ok := n.token.(string)
		if !ok {
			return nil, s.errorf(n.end, "%s match pattern must be a string", name)
		}
		return func(v value) bool { return v.kind == kindString && holds(v.text, pattern) }, nil
	}
}

// exists holds for every value; whoever asks for none is answered by key.absent.
func exists(s *source, n node) (test, error) {
	if _, ok := n.token.(bool); !ok {
		return nil, s.errorf(n.end, "exists match pattern must be either true or false.")
	}
	return func(value) bool { return true }, nil
}

func anythingBut(s *source, n node) (test, error) {
	if n.isObject() {
		return anythingLike(s, n)
	}
	items := n.items
	if !n.isArray() {
		items = []node{n}
	}
	if len(items) == 0 {
		return nil, s.errorf(n.end, "Empty arrays are not allowed")
	}
	not := make(map[value]struct{}, len(items))
	var first kind
	for i, item := range items {
		v, _ := toValue(item.token)
		switch {
		case v.kind != kindString && v.kind != kindNumber && n.isArray():
			return nil, s.errorf(item.end, "Inside anything but list, start|null|boolean is not supported.")
		case v.kind != kindString && v.kind != kindNumber:
			return nil, s.errorf(item.end, "Value of anything-but must be an array or single string/number value.")
		case i == 0:
			first = v.kind
		case v.kind != first:
			return nil, s.errorf(item.end, "Either all values should be number or string, mixed type is not supported")
		}
		not[v] = struct{}{}
	}
	return func(v value) bool { _, listed := not[v]; return !listed }, nil
}

// anythingLike is anything-but with a match expression in it.
func anythingLike(s *source, n node) (test, error) {
	name, operand, err := single(s, n)
	if err != nil {
		return nil, err
	}
	if name != "prefix" && name != "suffix" && name != "wildcard" {
		return nil, s.errorf(operand.end, "Unsupported anything-but pattern: %s", name)
	}
	t, err := operator(name)(s, operand)
	return func(v value) bool { return !t(v) }, err
}

// wildcard knows "*" for any characters, none too; "\*" and "\\" stand for themselves.
func wildcard(s *source, n node) (test, error) {
	pattern, ok := n.token.(string)
	if !ok {
		return nil, s.errorf(n.end, "wildcard match pattern must be a string")
	}
	pieces, problem := split(pattern)
	if problem != "" {
		return nil, s.errorf(n.end, "%s", problem)
	}
	return func(v value) bool { return v.kind == kindString && like(v.text, pieces) }, nil
}

// split returns what stands between the wildcards, or what is wrong with them.
func split(pattern string) (pieces []string, problem string) {
	var piece strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern) && strings.IndexByte(`*\`, pattern[i+1]) >= 0:
			i++
			piece.WriteByte(pattern[i])
		case pattern[i] == '\\':
			return nil, fmt.Sprintf("Invalid escape character at pos %d", i)
		case pattern[i] == '*' && i > 0 && pattern[i-1] == '*' && piece.Len() == 0:
			return nil, fmt.Sprintf("Consecutive wildcard characters at pos %d", i-1)
		case pattern[i] == '*':
			pieces = append(pieces, piece.String())
			piece.Reset()
		default:
			piece.WriteByte(pattern[i])
		}
	}
	return append(pieces, piece.String()), ""
}

// like looks for each piece behind the one before it: the first place is as good as any later one, so nothing is read twice.
func like(text string, pieces []string) bool {
	last := len(pieces) - 1
	if last == 0 {
		return text == pieces[0]
	}
	text, ok := strings.CutPrefix(text, pieces[0])
	if !ok {
		return false
	}
	for _, piece := range pieces[1:last] {
		if _, text, ok = strings.Cut(text, piece); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, pieces[last])
}
