package report

import "bytes"

// skips reports whether nothing but a delimiter can matter in what follows.
func (p *parser) skips() bool {
	return p.leaf.kind == skippedLeaf && !p.guess.made && !p.mayLoseDelimiter()
}

// line takes one line of the mail.
func (p *parser) line(line []byte) {
	if p.in.cut && p.leaf.kind != skippedLeaf {
		p.note("line", string(line[:64]), ErrTooLarge)
	}
	guessed := p.guess.made
	p.guess.made = false
	if len(line) > 2 && line[0] == '-' && line[1] == '-' && p.delimiter(trimRight(line)) {
		return
	}
	if guessed && isPartField(line) {
		p.openGuessed()
	} else if len(line) > 0 && line[0]|0x20 == 'c' && p.lostDelimiter(line) {
		p.endLeaf()
		p.startPart()
	}
	p.content(line)
}

// delimiter reports whether line is the delimiter of an open multipart
// (RFC 2046 section 5.1.1) and acts on it. An outer one closes the inner ones.
func (p *parser) delimiter(line []byte) bool {
	for i := p.depth - 1; i >= 0; i-- {
		f := &p.stack[i]
		end := 2 + len(f.boundary)
		if f.boundary == "" || len(line) < end || string(line[2:end]) != f.boundary {
			continue
		}
		closing := string(line[end:]) == "--"
		if len(line) > end && !closing {
			continue
		}
		p.endLeaf()
		if !f.begun {
			f.begun = true
			p.text = p.text[:min(f.textAt, len(p.text))] // it was a preamble
		}
		if closing {
			p.depth, p.leaf = i, leaf{kind: skippedLeaf}
			return true
		}
		p.depth = i + 1
		p.startPart()
		return true
	}
	p.guessBoundary(line[2:])
	return false
}

func (p *parser) startPart() {
	if p.parts++; p.parts > maxParts {
		p.note("parts", "", ErrTooMany)
		p.leaf = leaf{kind: skippedLeaf}
		return
	}
	p.fields.reset(maxPartHeader, maxFields)
	p.leaf = leaf{kind: headerLeaf}
}

// content takes a line that is no delimiter. When the mail is cut off inside a
// part, the last line is left out if it may have an address, which would be cut too.
func (p *parser) content(line []byte) {
	if p.in.open && p.depth > 0 && p.stack[p.depth-1].begun && (p.leaf.kind == textLeaf || bytes.IndexByte(line, '@') >= 0) {
		return
	}
	switch p.leaf.kind {
	case headerLeaf:
		p.headerLine(line)
	case textLeaf:
		p.textLine(line)
	case htmlLeaf:
		p.html = p.decode(p.html, line, maxHTML, "text/html part")
	case machineLeaf:
		p.body = p.decode(p.body, line, maxMachine, "machine part")
	case returnedLeaf:
		p.returnedLine(line)
	case unknownLeaf:
		if !isBlank(line) && !p.unlabelled(line) {
			p.leaf = leaf{kind: skippedLeaf}
		}
	}
}

// headerLine takes a line of the header of the mail or of a part.
func (p *parser) headerLine(line []byte) {
	f := &p.fields
	if !p.top && len(f.spans) == 0 {
		line = bytes.TrimPrefix(line, []byte(byteOrderMark))
		if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
			return // nothing yet, or the rest of a field that was cut off
		}
	}
	if p.holding {
		p.settle(line)
		return
	}
	switch {
	case len(line) == 0:
		p.endHeader()
	case f.add(line, headerName(line)), isSeparator(line):
	case len(f.spans) == 0:
		p.endHeader()
		p.content(line)
	case bytes.HasPrefix(line, []byte("--")):
		p.endHeader()
		p.line(line) // perhaps the delimiter that the header tells of
	default:
		p.held, p.holding = append(p.held[:0], line...), true
	}
}

// settle decides about the line that is held, by the one behind it: when that is
// a field the header goes on, and the body has begun otherwise.
func (p *parser) settle(next []byte) {
	p.holding = false
	if len(next) > 0 && (next[0] == ' ' || next[0] == '\t' || groupName(next) > 0) {
		p.fields.glue(p.held)
		p.headerLine(next)
		return
	}
	p.endHeader()
	p.content(p.held)
	p.content(next)
}

// endHeader reads the header that was collected and begins the body behind it.
func (p *parser) endHeader() {
	h := p.fields.header()
	if p.fields.over {
		p.note("header", "", ErrTooLarge)
	}
	contentType := h.Get("Content-Type")
	t := mediaType(contentType)
	if !p.top {
		p.top = true
		p.m.Header, p.m.MediaType = h, t
		p.m.ReportType = lower(param(contentType, "report-type"))
	}
	p.begin(h, t, contentType)
}
