package report

import "bytes"

// guess is a boundary that no header names: a mail whose header was damaged, or
// whose Content-Type tells another boundary than the body uses, is read by the
// delimiters that it shows.
type guess struct {
	boundary []byte
	// at is the length of parser.text or parser.body before the delimiter.
	at int
	// made says that the line before may have been a delimiter.
	made bool
	// off says that the text holds a returned mail: a delimiter would be its own.
	off bool
}

// guessBoundary takes a line that begins with "--" for a delimiter, if the line
// after it is a field of a part's header. It does so where no boundary is known,
// before the first delimiter of the one that is, and in machine parts, whose
// lines never begin so.
func (p *parser) guessBoundary(boundary []byte) {
	if len(boundary) > 200 {
		return
	}
	switch {
	case p.leaf.kind == machineLeaf:
		p.guess.at = len(p.body)
	case p.leaf.kind == textLeaf && !p.guess.off && (p.depth == 0 || !p.stack[p.depth-1].begun):
		p.guess.at = len(p.text)
	default:
		return
	}
	p.guess.boundary = append(p.guess.boundary[:0], boundary...)
	p.guess.made = true
}

// openGuessed begins the first part of a multipart with the guessed boundary.
func (p *parser) openGuessed() {
	boundary := string(p.guess.boundary)
	p.note("multipart", boundary, ErrNoBoundary)
	if p.leaf.kind == machineLeaf {
		p.body = p.body[:p.guess.at]
		p.endLeaf()
		p.startPart()
		return
	}
	p.text = p.text[:p.guess.at]
	p.endLeaf()
	if p.depth == 0 {
		p.depth = 1
	}
	p.stack[p.depth-1] = frame{boundary: boundary, begun: true}
	p.startPart()
}

// lostDelimiter reports whether line is the type of the machine part in the
// middle of another part of a multipart/report: the delimiter between is lost.
func (p *parser) lostDelimiter(line []byte) bool {
	const field = "Content-Type:"
	return p.mayLoseDelimiter() && len(line) > len(field) && bytes.EqualFold(line[:len(field)], []byte(field)) && machineType(mediaType(trim(string(line[len(field):])))) != ""
}

// mayLoseDelimiter reports whether the delimiter before the machine part can be
// missing here.
func (p *parser) mayLoseDelimiter() bool {
	switch p.leaf.kind {
	case headerLeaf, returnedLeaf, machineLeaf:
		return false
	}
	return p.m.MediaType == "multipart/report" && p.depth > 0 && len(p.m.Machine) == 0 && p.m.Returned == nil
}

// isPartField reports whether line is a field that begins the header of a part.
func isPartField(line []byte) bool {
	colon := groupName(line)
	return colon > 0 && (len(line) > 8 && bytes.EqualFold(line[:8], []byte("Content-")) || bytes.EqualFold(line[:colon], []byte("MIME-Version")))
}

// noticeOriginal looks for the beginning of a returned mail in text outside a
// part.
func (p *parser) noticeOriginal(line []byte) {
	if p.guess.off || p.depth > 0 && p.stack[p.depth-1].begun || len(line) == 0 || line[0]|0x20 != 'r' && line[0]|0x20 != 'c' {
		return
	}
	for _, mark := range []string{"Received: ", "Return-Path: ", "Content-Type: multipart/"} {
		if len(line) >= len(mark) && bytes.EqualFold(line[:len(mark)], []byte(mark)) {
			p.guess.off = true
		}
	}
}
