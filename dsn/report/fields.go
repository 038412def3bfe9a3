package report

import "bytes"

// fields collects the fields of a header, or of the groups of a machine part,
// line by line. All of them share one string in the end.
type fields struct {
	buf   []byte
	spans []span
	// bytes and count are the bounds.
	bytes, count int
	// broke says that a blank line stands before the next field.
	broke bool
	// over says that a bound was hit.
	over bool
}

// span tells where in fields.buf a field stands.
type span struct {
	name, nameEnd, value, end int
	first                     bool // of its group
}

func (f *fields) reset(bytes, count int) {
	f.buf, f.spans = f.buf[:0], f.spans[:0]
	f.bytes, f.count, f.broke, f.over = bytes, count, true, false
}

// add takes a line that is a field whose name ends before the colon at n, or,
// when n is -1, one that continues a field. It reports false for any other, a
// blank line included.
func (f *fields) add(line []byte, n int) bool {
	if n < 0 {
		if len(line) == 0 || line[0] != ' ' && line[0] != '\t' || len(f.spans) == 0 || f.broke {
			return false
		}
		f.append(line)
		return true
	}
	if f.over || len(f.spans) >= f.count || len(f.buf)+n+1 >= f.bytes {
		f.over = true
		return true
	}
	start := len(f.buf)
	value := start + n + 1
	f.spans = append(f.spans, span{name: start, nameEnd: start + len(trimRight(line[:n])), value: value, end: value, first: f.broke})
	f.broke = false
	f.append(line)
	return true
}

// glue takes a line that continues the field before without a leading blank. It
// reports false when there is no field before it.
func (f *fields) glue(line []byte) bool {
	if len(f.spans) == 0 || f.broke {
		return false
	}
	if len(f.buf) < f.bytes && f.buf[len(f.buf)-1] != ' ' {
		f.buf = append(f.buf, ' ')
	}
	f.append(line)
	return true
}

func (f *fields) append(line []byte) {
	if f.over {
		return
	}
	if room := f.bytes - len(f.buf); len(line) > room {
		line, f.over = line[:max(room, 0)], true
	}
	f.buf = append(f.buf, line...)
	f.spans[len(f.spans)-1].end = len(f.buf)
}

// header returns what was collected as one header, nil when there is nothing.
func (f *fields) header() Header {
	if len(f.spans) == 0 {
		return nil
	}
	blankNULs(f.buf)
	text := string(f.buf)
	h := make(Header, len(f.spans))
	for i, s := range f.spans {
		h[i] = Field{Name: text[s.name:s.nameEnd], Value: trim(text[s.value:s.end])}
	}
	return h
}

// blankNULs makes blanks of the bytes that no database and no JSON reader likes.
func blankNULs(b []byte) {
	for i := bytes.IndexByte(b, 0); i >= 0; i = bytes.IndexByte(b, 0) {
		b[i] = ' '
		b = b[i+1:]
	}
}

// groups returns what was collected as one header for each group.
func (f *fields) groups() []Header {
	all := f.header()
	n := 0
	for _, s := range f.spans {
		if s.first {
			n++
		}
	}
	groups := make([]Header, 0, n)
	for start, i := 0, 1; i <= len(all); i++ {
		if i == len(all) || f.spans[i].first {
			groups = append(groups, all[start:i:i])
			start = i
		}
	}
	return groups
}

// headerName returns the place of the colon when line begins with a field name
// as RFC 5322 section 2.2 has it, blanks before the colon allowed, or -1.
func headerName(line []byte) int {
	n := 0
	for n < len(line) && inName[line[n]] {
		n++
	}
	if n > 0 && n < len(line) && line[n] == ':' && n <= 200 {
		return n
	}
	return nameEnd(line, n)
}

// inName has the bytes of a field name.
var inName = func() (in [256]bool) {
	for c := '!'; c <= '~'; c++ {
		in[c] = c != ':'
	}
	return in
}()

// groupName is headerName for lines that may as well continue a value without a
// leading blank: the name must look like those of RFC 3464 and RFC 5965, and no
// part of a URL or a reply.
func groupName(line []byte) int {
	if len(line) == 0 || line[0]|0x20 < 'a' || line[0]|0x20 > 'z' {
		return -1
	}
	n := 1
	for n < len(line) && (line[n]|0x20 >= 'a' && line[n]|0x20 <= 'z' || line[n] >= '0' && line[n] <= '9' || line[n] == '-' || line[n] == '_') {
		n++
	}
	colon := nameEnd(line, n)
	if colon > 0 && bytes.HasPrefix(line[colon:], []byte("://")) {
		return -1
	}
	return colon
}

// nameEnd returns the place of the colon behind a name of n bytes, or -1.
func nameEnd(line []byte, n int) int {
	if n == 0 || n > 200 {
		return -1
	}
	for n < len(line) && (line[n] == ' ' || line[n] == '\t') {
		n++
	}
	if n == len(line) || line[n] != ':' {
		return -1
	}
	return n
}

// trim cuts blanks and tabs at both ends.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// trimRight cuts blanks and tabs at the end.
func trimRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
