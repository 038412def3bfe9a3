package filter

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
)

// numeric takes ["=", 1], ["<", 1] and its like, or a range [">", 1, "<=", 2].
func numeric(s *source, n node) (test, error) {
	if !n.isArray() {
		return nil, s.errorf(n.end, "Value of numeric must be an array.")
	}
	if len(n.items) == 0 {
		return nil, s.errorf(n.end, "Invalid member in numeric match: ]")
	}
	from, ok := n.items[0].token.(string)
	if !ok {
		return nil, s.errorf(n.items[0].end, "Invalid member in numeric match: %s", s.quote(n.items[0]))
	}
	first, ok := comparisons[from]
	if !ok {
		return nil, s.errorf(n.items[0].end, "Unrecognized numeric range operator: %s", from)
	}
	bottom, err := bound(s, from, n, 1)
	if err != nil {
		return nil, err
	}
	if len(n.items) == 2 {
		return func(v value) bool { return ordered(v) && first(v.number.steps, bottom) }, nil
	}
	if from[0] != '>' {
		return nil, s.errorf(n.items[2].end, "Too many elements in numeric expression")
	}
	to, _ := n.items[2].token.(string)
	if to != "<" && to != "<=" {
		return nil, s.errorf(n.items[2].end, "Bad numeric range operator: %s", s.quote(n.items[2]))
	}
	second := comparisons[to]
	top, err := bound(s, to, n, 3)
	switch {
	case err != nil:
		return nil, err
	case len(n.items) > 4:
		return nil, s.errorf(n.items[4].end, "Too many terms in numeric range expression")
	case bottom >= top:
		return nil, s.errorf(n.items[3].end, "Bottom must be less than top")
	}
	return func(v value) bool { return ordered(v) && first(v.number.steps, bottom) && second(v.number.steps, top) }, nil
}

var comparisons = map[string]func(a, b int64) bool{
	"=":  func(a, b int64) bool { return a == b },
	"<":  func(a, b int64) bool { return a < b },
	"<=": func(a, b int64) bool { return a <= b },
	">":  func(a, b int64) bool { return a > b },
	">=": func(a, b int64) bool { return a >= b },
}

func ordered(v value) bool { return v.kind == kindNumber && v.number.text == "" }

// bound returns the operand of the operator in front of it.
func bound(s *source, operator string, n node, i int) (int64, error) {
	if operator == "=" {
		operator = "equals"
	}
	if i >= len(n.items) {
		return 0, s.errorf(n.items[i-1].end, "Value of %s must be numeric", operator)
	}
	text, ok := n.items[i].token.(json.Number)
	if !ok {
		return 0, s.errorf(n.items[i].end, "Value of %s must be numeric", operator)
	}
	parsed := parseNumber(text.String())
	if parsed.text != "" {
		return 0, s.errorf(n.items[i].end, "Value of %s must be between -1.0E9 and 1.0E9, inclusive", operator)
	}
	return parsed.steps, nil
}

// quote shows a simple value as a message shows it: strings without their quotes.
func (s *source) quote(n node) string {
	if text, ok := n.token.(string); ok {
		return text
	}
	switch {
	case n.isObject():
		return "{"
	case n.isArray():
		return "["
	}
	shown, err := json.Marshal(n.token)
	if err != nil {
		return "?"
	}
	return string(shown)
}

// cidr takes the addresses of a network, "10.0.0.0/24" or "2001:db8::/32". The bits behind the mask are of no weight.
func cidr(s *source, n node) (test, error) {
	text, ok := n.token.(string)
	if !ok {
		return nil, s.errorf(n.end, "cidr match pattern must be a string")
	}
	host, mask, ok := strings.Cut(text, "/")
	if !ok || strings.Contains(mask, "/") {
		return nil, s.errorf(n.end, "Malformed CIDR, one '/' required")
	}
	address, err := netip.ParseAddr(host)
	if err != nil || address.Zone() != "" {
		return nil, s.errorf(n.end, "Malformed CIDR, Nonstandard IP address: %s", host)
	}
	bits, err := strconv.Atoi(mask)
	if err != nil {
		return nil, s.errorf(n.end, "Malformed CIDR, mask bits must be an integer")
	}
	network, err := address.Prefix(bits)
	if err != nil {
		return nil, s.errorf(n.end, "Malformed CIDR, mask bits must be between 0 and %d", address.BitLen())
	}
	return func(v value) bool {
		if v.kind != kindString {
			return false
		}
		address, err := netip.ParseAddr(v.text)
		return err == nil && network.Contains(address)
	}, nil
}
