package filter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

const (
	largestPolicy = 256 << 10 // bytes
	deepest       = 64        // far beyond what the limit on combinations lets through
)

// node is a JSON value of a policy, in the order of its text and with its place.
type node struct {
	token   json.Token // '{', '[' or a simple value
	members []member   // of an object
	items   []node     // of an array
	end     int64      // offset behind its (first) token
}

type member struct {
	name  string
	value node
}

func (n node) isObject() bool { return n.token == json.Delim('{') }
func (n node) isArray() bool  { return n.token == json.Delim('[') }

// source reads the text of a policy, and makes errors that show the place in it.
type source struct {
	text    string
	decoder *json.Decoder
}

func parse(text string) (*source, node, error) {
	s := &source{text: text}
	if len(text) > largestPolicy {
		return s, node{}, tooMuch("Filter policy can not be larger than 256 KB")
	}
	if !utf8.ValidString(text) {
		return s, node{}, &Error{Text: "FilterPolicy: failed to parse JSON. Invalid UTF-8"}
	}
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return s, node{}, &Error{Text: "FilterPolicy: failed to parse JSON. " + err.Error()}
	}
	s.decoder = json.NewDecoder(bytes.NewReader(whole))
	s.decoder.UseNumber()
	root, err := s.node(1)
	return s, root, err
}

// node reads a value of text that is known to be valid.
func (s *source) node(depth int) (node, error) {
	if depth > deepest {
		return node{}, tooMuch("Filter policy is too complex")
	}
	n := node{token: s.token(), end: s.decoder.InputOffset()}
	var seen map[string]bool
	if n.isObject() {
		seen = map[string]bool{}
	}
	for n.isObject() && s.decoder.More() {
		name := s.token().(string)
		if seen[name] {
			return node{}, s.errorf(s.decoder.InputOffset(), "failed to parse JSON. Duplicate field '%s'", name)
		}
		seen[name] = true
		v, err := s.node(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{name, v})
	}
	for n.isArray() && s.decoder.More() {
		v, err := s.node(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, v)
	}
	if n.isObject() || n.isArray() {
		s.token() // the closing one
	}
	return n, nil
}

func (s *source) token() json.Token {
	token, err := s.decoder.Token()
	if err != nil {
		return nil // cannot be: parse has checked the whole text
	}
	return token
}

// shown is how many bytes of a policy an error repeats.
const shown = 500

// errorf makes the error about what ends at the offset.
func (s *source) errorf(offset int64, format string, args ...any) error {
	line, column := 1, 1
	for _, r := range s.text[:min(int(offset), len(s.text))] {
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	problem, _ := cut(fmt.Sprintf(format, args...))
	text, rest := cut(s.text)
	if rest != "" {
		rest = fmt.Sprintf("[truncated %d chars]", utf8.RuneCountInString(rest))
	}
	return &Error{Text: fmt.Sprintf("FilterPolicy: %s\n at [Source: (String)\"%s\"%s; line: %d, column: %d]",
		problem, text, rest, line, column)}
}

func cut(text string) (beginning, rest string) {
	end := min(len(text), shown)
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], text[end:]
}

func tooMuch(text string) error { return &Error{Text: "FilterPolicy: " + text, LimitExceeded: true} }
