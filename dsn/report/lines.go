package report

import (
	"bytes"
	"io"
)

// maxIdle bounds how often a reader may give nothing before it counts as stuck.
const maxIdle = 100

// lines reads lines that end with LF, CR, CRLF or CR CR LF, also mixed. A line
// longer than maxLine is cut. Time is linear in the bytes read.
type lines struct {
	r        io.Reader
	buf      []byte
	pos, end int   // what of buf is not consumed
	lf, cr   int   // the places of the next LF and CR, -1 for none before lfTo and crTo
	lfTo     int   // up to where LF was looked for
	crTo     int   // up to where CR was looked for
	aloneTo  int   // up to here each CR stands alone
	size     int64 // bytes read
	err      error // what ended the input, io.EOF included
	cut      bool  // the line was longer than maxLine
	open     bool  // the line has no end: the input ends in it
	skip     bool  // drop the rest of a cut line first
	idle     int   // reads in a row that gave nothing
}

func (l *lines) reset(r io.Reader) {
	if l.buf == nil {
		l.buf = make([]byte, maxLine+2)
	}
	*l = lines{r: r, buf: l.buf, lf: -1, cr: -1}
}

// next returns the next line without its end, valid until the call after. It
// reports false at the end of the input.
func (l *lines) next() ([]byte, bool) {
	// Most mails have no CR, or one before each LF.
	if l.lf < l.pos && l.lfTo <= l.pos { // behind a line that was cut, LF was looked for beyond pos
		if line, ok := l.plain(); ok {
			return line, true
		}
	}
	for l.skip {
		if _, next, ok := l.lineEnd(); ok {
			l.pos, l.skip = next, false
			break
		}
		if l.pos = l.end; l.cr >= 0 {
			l.pos = l.cr // it may have its LF yet to come
		}
		if l.err != nil {
			return nil, false
		}
		l.fill()
	}
	l.cut = false
	for {
		if end, next, ok := l.lineEnd(); ok {
			line := l.buf[l.pos:end]
			l.pos = next
			return line, true
		}
		if l.end-l.pos >= len(l.buf) {
			line := l.buf[l.pos : l.pos+maxLine]
			l.pos += maxLine
			l.cut, l.skip = true, true
			return line, true
		}
		if l.err != nil {
			line := l.buf[l.pos:l.end]
			l.pos, l.open = l.end, true
			return line, len(line) > 0
		}
		l.fill()
	}
}

// plain returns the next line when it ends with LF or CRLF and has no other CR.
func (l *lines) plain() ([]byte, bool) {
	line := l.buf[l.pos:l.end]
	end := bytes.IndexByte(line, '\n')
	if end < 0 {
		return nil, false
	}
	line = line[:end]
	if l.crTo < l.end {
		if cr := bytes.IndexByte(line, '\r'); cr >= 0 && cr < end-1 {
			return nil, false
		} else if cr >= 0 {
			line = line[:cr]
		}
	}
	l.pos += end + 1
	return line, true
}

// toDelimiter drops lines until one begins with "--", or until the input ends.
func (l *lines) toDelimiter() {
	begins := !l.skip // a line begins at pos
	l.skip = false
	for {
		for at := l.pos; ; {
			dashes := bytes.Index(l.buf[at:l.end], []byte("--"))
			if dashes < 0 {
				break
			}
			at += dashes
			if at == l.pos && begins || at > l.pos && (l.buf[at-1] == '\n' || l.buf[at-1] == '\r') {
				l.pos = at
				return
			}
			for at < l.end && l.buf[at] == '-' {
				at++
			}
		}
		keep := min(2, l.end-l.pos) // the dashes, or the line end before them, may be cut
		if l.err != nil {
			keep = 0
		}
		begins = begins && l.pos == l.end-keep
		l.pos = l.end - keep
		if l.err != nil {
			return
		}
		l.fill()
	}
}

// lineEnd finds the end of the line at pos and the start of the next line.
func (l *lines) lineEnd() (end, next int, ok bool) {
	if l.lf < l.pos {
		l.lf, l.lfTo = l.find('\n', l.lfTo)
	}
	if l.cr < l.pos {
		l.cr, l.crTo = l.find('\r', l.crTo)
	}
	if l.cr >= 0 && (l.lf < 0 || l.cr < l.lf) {
		return l.crEnd(l.cr)
	}
	return l.lf, l.lf + 1, l.lf >= 0
}

// find returns the place of the next c, and up to where it was looked for, from
// what was known of that before.
func (l *lines) find(c byte, to int) (next, upTo int) {
	if to == l.end {
		return -1, to
	}
	from := max(l.pos, to)
	if i := bytes.IndexByte(l.buf[from:l.end], c); i >= 0 {
		return from + i, from + i + 1
	}
	return -1, l.end
}

// crEnd judges the CR at cr: with an LF behind it and any CRs between it ends
// one line, otherwise each CR ends a line.
func (l *lines) crEnd(cr int) (end, next int, ok bool) {
	if cr < l.aloneTo {
		return cr, cr + 1, true
	}
	run := cr + 1
	for run < l.end && l.buf[run] == '\r' {
		run++
	}
	if run < l.end && l.buf[run] == '\n' {
		return cr, run + 1, true
	}
	if run == l.end && l.err == nil && l.end-l.pos < len(l.buf) {
		return 0, 0, false // what follows is not read yet
	}
	l.aloneTo = run
	return cr, cr + 1, true
}

// fill reads more behind what is not consumed, or sets err.
func (l *lines) fill() {
	if l.pos > 0 {
		copy(l.buf, l.buf[l.pos:l.end])
		shift := l.pos
		l.pos, l.end = 0, l.end-shift
		l.lf, l.lfTo = max(l.lf-shift, -1), max(l.lfTo-shift, 0)
		l.cr, l.crTo = max(l.cr-shift, -1), max(l.crTo-shift, 0)
		l.aloneTo = max(l.aloneTo-shift, 0)
	}
	n, err := l.r.Read(l.buf[l.end:])
	l.end += n
	l.size += int64(n)
	l.err = err
	l.idle++
	if n > 0 {
		l.idle = 0
	}
	if l.idle > maxIdle && err == nil {
		l.err = io.ErrNoProgress
	}
}
