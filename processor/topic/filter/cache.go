package filter

import "sync"

// A generation of the cache holds at most so many policies, and so many bytes of their texts.
const (
	generationPolicies = 1024
	generationBytes    = 8 << 20
)

// Cache compiles policies and keeps them, so that whoever has only a policy's text does not compile it for each message. It holds the
// policies used last: at most 2048, of 16 MB of text. Its zero value is empty and ready; its methods may be called by many goroutines.
type Cache struct {
	mutex      sync.Mutex
	young, old map[written]*Policy
	bytes      int // of text in young
}

// written is a policy as a subscription has it.
type written struct{ policy, scope string }

// Compile returns what the function Compile does.
func (c *Cache) Compile(policy, scope string) (*Policy, error) {
	w := written{policy, scope}
	c.mutex.Lock()
	p, ok := c.find(w)
	c.mutex.Unlock()
	if ok {
		return p, nil
	}
	p, err := Compile(policy, scope)
	if err != nil {
		return nil, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.keep(w, p)
	return p, nil
}

// find keeps what is in use from growing old.
func (c *Cache) find(w written) (*Policy, bool) {
	if p, ok := c.young[w]; ok {
		return p, true
	}
	p, ok := c.old[w]
	if ok {
		c.keep(w, p)
	}
	return p, ok
}

func (c *Cache) keep(w written, p *Policy) {
	if _, ok := c.young[w]; ok { // by another goroutine
		return
	}
	if c.young == nil || len(c.young) >= generationPolicies || c.bytes+len(w.policy) > generationBytes {
		c.young, c.old, c.bytes = map[written]*Policy{}, c.young, 0
	}
	c.young[w] = p
	c.bytes += len(w.policy)
}
