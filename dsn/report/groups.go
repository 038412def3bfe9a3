package report

import (
	"bytes"
	"sync"
)

var collectors = sync.Pool{New: func() any { return new(fields) }}

// ParseGroups reads the fields of a machine part: a group for each block of
// lines between blank lines (RFC 3464 section 2.1). A line that is no field and
// has no leading blank continues the field before it. At most 4,096 fields and
// 64 KiB are read.
func ParseGroups(body string) []Header {
	f := collectors.Get().(*fields)
	defer collectors.Put(f)
	collectGroups(f, body)
	return f.groups()
}

func collectGroups(f *fields, body string) {
	f.reset(maxMachine, maxGroupFields)
	for body != "" {
		var line string
		line, body = cutLine(body)
		if trim(line) == "" {
			f.broke = true
			continue
		}
		// QUIRK(nullmailer): the lines of a reply continue Diagnostic-Code without a
		// leading blank. testdata/recordings/nullmailer/multiline.failed.eml
		if b := []byte(line); !f.add(b, groupName) {
			f.glue(b)
		}
	}
}

// ParseHeader reads one header from the start of text to the first blank line
// behind it; blank lines before it are skipped. A line that is no field
// continues the field before it. At most 500 fields and 64 KiB are read.
func ParseHeader(text string) Header {
	f := collectors.Get().(*fields)
	defer collectors.Put(f)
	f.reset(maxReturned, maxFields)
	for text != "" {
		var line string
		line, text = cutLine(text)
		if line == "" && len(f.spans) > 0 {
			break
		}
		returnedLine(f, []byte(line))
	}
	return f.header()
}

// returnedLine takes a line of a header that was written by someone else.
func returnedLine(f *fields, line []byte) {
	if bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")) {
		return
	}
	if !f.add(line, headerName) {
		f.glue(line)
	}
}

// cutLine cuts the first line off text; it may end with LF, CR or CRLF.
func cutLine(text string) (line, rest string) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\n':
			return text[:i], text[i+1:]
		case '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				return text[:i], text[i+2:]
			}
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}
