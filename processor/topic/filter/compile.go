package filter

import (
	"fmt"
	"strings"
)

// The limits of SNS.
const (
	mostKeys         = 5
	mostCombinations = 150
)

// Compile reads a policy, JSON as it is given to SetSubscriptionAttributes, for the scope MessageAttributes (also "") or MessageBody. An
// empty policy matches everything. An error is an *Error.
func Compile(policy, scope string) (*Policy, error) {
	if scope == "" {
		scope = MessageAttributes
	}
	if scope != MessageAttributes && scope != MessageBody {
		return nil, &Error{Text: fmt.Sprintf("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", scope)}
	}
	c := compiler{policy: &Policy{scope: scope, byPath: map[string][]int{}, prefixes: map[string]struct{}{}}}
	if strings.TrimSpace(policy) == "" {
		return c.policy, nil
	}
	s, root, err := parse(policy)
	if err != nil {
		return nil, err
	}
	c.source = s
	if !root.isObject() {
		return nil, s.errorf(root.end, "Filter is not an object")
	}
	if len(root.members) > mostKeys {
		return nil, tooMuch(fmt.Sprintf("Filter policy can not have more than %d keys", mostKeys))
	}
	all, combinations, err := c.object("", root, 1, 1)
	if err != nil {
		return nil, err
	}
	if combinations > mostCombinations {
		return nil, tooMuch("Filter policy is too complex")
	}
	c.policy.all = all
	return c.policy, nil
}

type compiler struct {
	source *source
	policy *Policy
}

// object compiles the keys of an object at a path. What comes in and out beside them are the combinations of values counted so far:
// each array of values multiplies them by its length and its depth, the alternatives of "$or" are added.
func (c *compiler) object(path string, n node, depth, combinations int) (conjunction, int, error) {
	var all conjunction
	for _, m := range n.members {
		var err error
		name := path + "." + m.name
		switch {
		case m.name == "$or" && isAlternatives(m.value):
			combinations, err = c.or(path, m.value, depth, combinations, &all)
		case m.value.isObject():
			combinations, err = c.nested(name, m.value, depth, combinations, &all)
		case m.value.isArray():
			combinations = saturate(combinations * len(m.value.items) * depth)
			err = c.key(name, m.value, &all)
		default:
			err = c.source.errorf(m.value.end, `"%s" must be an object or an array`, m.name)
		}
		if err != nil {
			return conjunction{}, 0, err
		}
	}
	return all, combinations, nil
}

// saturate keeps a count of combinations from overflowing.
func saturate(combinations int) int { return min(combinations, 1<<20) }

// isAlternatives reports whether the value of "$or" is what the operator wants. If not, "$or" is a key like any other.
func isAlternatives(n node) bool {
	if !n.isArray() || len(n.items) < 2 {
		return false
	}
	for _, item := range n.items {
		if !item.isObject() {
			return false
		}
		for _, m := range item.members {
			if operator(m.name) != nil {
				return false
			}
		}
	}
	return true
}

func (c *compiler) or(path string, n node, depth, combinations int, all *conjunction) (int, error) {
	var alternatives []conjunction
	sum := 0
	for _, item := range n.items {
		if len(item.members) == 0 {
			return 0, c.source.errorf(item.end, "Empty objects are not allowed")
		}
		alternative, counted, err := c.object(path, item, depth, combinations)
		if err != nil {
			return 0, err
		}
		alternatives, sum = append(alternatives, alternative), saturate(sum+counted)
	}
	all.ors = append(all.ors, alternatives)
	return sum, nil
}

func (c *compiler) nested(path string, n node, depth, combinations int, all *conjunction) (int, error) {
	if c.policy.scope == MessageAttributes {
		return 0, &Error{Text: "FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy"}
	}
	if len(n.members) == 0 {
		return 0, c.source.errorf(n.end, "Empty objects are not allowed")
	}
	inner, combinations, err := c.object(path, n, depth+1, combinations)
	all.keys = append(all.keys, inner.keys...)
	all.ors = append(all.ors, inner.ors...)
	return combinations, err
}

func (c *compiler) key(path string, n node, all *conjunction) error {
	if len(n.items) == 0 {
		return c.source.errorf(n.end, "Empty arrays are not allowed")
	}
	k := key{exact: map[value]struct{}{}}
	for _, item := range n.items {
		if err := k.add(c.source, item); err != nil {
			return err
		}
	}
	all.keys = append(all.keys, len(c.policy.keys))
	c.policy.byPath[path] = append(c.policy.byPath[path], len(c.policy.keys))
	c.policy.keys = append(c.policy.keys, k)
	for i := 1; i < len(path); i++ {
		if path[i] == '.' {
			c.policy.prefixes[path[:i]] = struct{}{}
		}
	}
	return nil
}
