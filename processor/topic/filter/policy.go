package filter

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/rebound-mail/rebound/schemas"
)

// The scopes of a policy.
const (
	MessageAttributes = "MessageAttributes"
	MessageBody       = "MessageBody"
)

// Policy is a compiled filter policy. It never changes, so that many goroutines can match with it.
type Policy struct {
	scope    string
	all      conjunction
	keys     []key
	byPath   map[string][]int    // the keys (by their index) at a path: names, a dot before each
	prefixes map[string]struct{} // the paths that lead to one of byPath
}

// conjunction is satisfied when all its keys are, and of each "$or" one alternative.
type conjunction struct {
	keys []int
	ors  [][]conjunction
}

// Message is a message that many policies look at.
type Message struct {
	attributes map[string]schemas.MessageAttribute
	body       string
	decoded    bool
	object     map[string]any // of the body; nil when it is no JSON object
}

// NewMessage returns the message with these attributes and this body.
func NewMessage(attributes map[string]schemas.MessageAttribute, body string) *Message {
	return &Message{attributes: attributes, body: body}
}

// json decodes the body when the first policy asks for it.
func (m *Message) json() map[string]any {
	if !m.decoded {
		m.object, _ = decode(m.body).(map[string]any)
		m.decoded = true
	}
	return m.object
}

// Matches reports whether the subscriber wants the message. In the scope MessageBody nothing but a body that is a JSON object can match.
// The work is linear in the length of the body. A message is for one goroutine at a time.
func (p *Policy) Matches(m *Message) bool {
	if len(p.keys) == 0 {
		return true
	}
	s := search{policy: p, present: make([]bool, len(p.keys)), satisfied: make([]bool, len(p.keys))}
	if p.scope == MessageAttributes {
		s.attributes(m.attributes)
	} else {
		object := m.json()
		if object == nil {
			return false
		}
		s.object("", object)
	}
	for i := range p.keys {
		if !s.present[i] && p.keys[i].absent {
			s.satisfied[i] = true
		}
	}
	return s.holds(p.all)
}

// decode returns nil for what is not one JSON value.
func decode(text string) (decoded any) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&decoded) != nil {
		return nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil
	}
	return decoded
}

// search is one message going through a policy.
type search struct {
	policy    *Policy
	present   []bool // a value was seen, by key
	satisfied []bool
}

// attributes sees those that SNS filters by; the binary ones and those of unknown types are as good as absent.
func (s *search) attributes(attributes map[string]schemas.MessageAttribute) {
	for path, keys := range s.policy.byPath {
		attribute, ok := attributes[path[1:]]
		if !ok {
			continue
		}
		switch attribute.Type {
		case "String":
			s.see(keys, value{kind: kindString, text: attribute.Value})
		case "Number":
			s.see(keys, value{kind: kindNumber, number: parseNumber(attribute.Value)})
		case "String.Array":
			if array, ok := decode(attribute.Value).([]any); ok {
				s.any(path, array)
			}
		}
	}
}

func (s *search) object(path string, object map[string]any) {
	for name, member := range object {
		s.any(path+"."+name, member)
	}
}

func (s *search) any(path string, member any) {
	switch m := member.(type) {
	case map[string]any:
		if _, leads := s.policy.prefixes[path]; leads {
			s.object(path, m)
		}
	case []any:
		for _, element := range m {
			s.any(path, element)
		}
	default:
		if keys := s.policy.byPath[path]; keys != nil {
			v, _ := toValue(member)
			s.see(keys, v)
		}
	}
}

func (s *search) see(keys []int, v value) {
	for _, i := range keys {
		s.present[i] = true
		s.satisfied[i] = s.satisfied[i] || s.policy.keys[i].matches(v)
	}
}

func (s *search) holds(c conjunction) bool {
	for _, i := range c.keys {
		if !s.satisfied[i] {
			return false
		}
	}
	for _, alternatives := range c.ors {
		if !s.holdsOne(alternatives) {
			return false
		}
	}
	return true
}

func (s *search) holdsOne(alternatives []conjunction) bool {
	for _, c := range alternatives {
		if s.holds(c) {
			return true
		}
	}
	return false
}
