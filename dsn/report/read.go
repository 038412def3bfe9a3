package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Read reads a mail from r to its end. What is over a bound is left out and
// noted in Problems, as is broken MIME; neither is an error. It returns ErrEmpty
// when r holds nothing but blank lines. When r fails it returns what was read so
// far together with the wrapped error. It is safe for concurrent use.
func Read(r io.Reader) (*Message, error) {
	p := parsers.Get().(*parser)
	defer p.release()
	p.reset(r)
	for {
		if p.skips() {
			p.in.toDelimiter()
		}
		line, ok := p.in.next()
		if !ok {
			break
		}
		p.line(line)
	}
	m := p.finish()
	if err := p.in.err; err != io.EOF {
		return m, fmt.Errorf("report: read the mail: %w", err)
	}
	if len(m.Header) == 0 && m.Text == "" && len(m.Machine) == 0 && m.Returned == nil {
		return nil, ErrEmpty
	}
	return m, nil
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// parser holds the state of one pass over a mail. Its buffers are used again.
type parser struct {
	in     lines
	fields fields // of the header or the machine part that is being read
	text   []byte
	html   []byte
	body   []byte // of a machine part, or of an encoded returned header
	// decoded is room for text that is decoded.
	decoded []byte

	m       *Message
	leaf    leaf
	top     bool // the header of the mail is read
	parts   int
	machine int // bytes of machine parts kept
	stack   [maxDepth]frame
	depth   int
	// held is a line in a header that is no field. Whether it belongs to the
	// header or begins the body is known when the line after is.
	held    []byte
	holding bool
	guess   guess
	charset string // that a text part names
	// forwarded is the header of a returned mail that is a report itself.
	forwarded Header
}

// frame is an open multipart.
type frame struct {
	boundary string
	// begun says that its first delimiter was seen. Until then its lines are kept
	// as text from textAt on, in case that none ever comes.
	begun  bool
	textAt int
}

func (p *parser) reset(r io.Reader) {
	p.in.reset(r)
	*p = parser{
		in: p.in, fields: p.fields, text: p.text[:0], html: p.html[:0], body: p.body[:0], decoded: p.decoded,
		held: p.held[:0], guess: guess{boundary: p.guess.boundary[:0]}, m: &Message{},
	}
	p.fields.reset(maxHeader, maxFields)
}

// release drops what refers to the mail and gives the buffers back.
func (p *parser) release() {
	p.in.r, p.m, p.forwarded, p.leaf = nil, nil, nil, leaf{}
	p.stack = [maxDepth]frame{}
	parsers.Put(p)
}

// finish ends what is open and returns the message.
func (p *parser) finish() *Message {
	p.endLeaf()
	if p.depth > 0 {
		p.note("multipart", p.stack[p.depth-1].boundary, ErrNotClosed)
	}
	m := p.m
	m.Size = p.in.size
	if text := bytes.TrimSpace(p.text); len(text) > 0 {
		m.Text = string(bytes.TrimRight(p.text, "\n"))
	} else {
		p.decoded = slices.Grow(p.decoded[:0], len(p.html))
		m.Text = htmlText(p.html, p.decoded)
	}
	if m.MediaType == "" {
		m.MediaType = "text/plain"
	}
	if p.forwarded != nil && len(m.Machine) == 0 {
		m.Returned = p.forwarded
	}
	if len(m.Machine) == 0 {
		m.findInline()
	}
	return m
}

// note adds a problem, the same one only once.
func (p *parser) note(field, value string, err error) {
	for _, known := range p.m.Problems {
		if known.Field == field && known.Err == err {
			return
		}
	}
	if len(value) > maxValue {
		value = value[:maxValue]
	}
	if len(p.m.Problems) < maxProblems {
		p.m.Problems = append(p.m.Problems, Problem{Field: field, Value: value, Err: err})
	}
}
