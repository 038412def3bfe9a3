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
	collectGroups(f, unixLines([]byte(body)))
	return f.groups()
}

// collectGroups takes lines that end with LF.
func collectGroups(f *fields, body []byte) {
	f.reset(maxMachine, maxGroupFields)
	for len(body) > 0 {
		var line []byte
		line, body = cutLine(body)
		if isBlank(line) {
			f.broke = true
			continue
		}
		// QUIRK(nullmailer): the lines of a reply continue Diagnostic-Code without a
		// leading blank. testdata/recordings/nullmailer/multiline.failed.eml
		if !f.add(line, groupName(line)) {
			f.glue(line)
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
	for rest := unixLines([]byte(text[:min(len(text), 2*maxReturned)])); len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		if len(line) == 0 && len(f.spans) > 0 {
			break
		}
		returnedLine(f, line)
	}
	return f.header()
}

// returnedLine takes a line of a header that was written by someone else.
func returnedLine(f *fields, line []byte) {
	if isSeparator(line) {
		return
	}
	if !f.add(line, headerName(line)) {
		f.glue(line)
	}
}

// isSeparator reports whether line is the one that mailboxes have before a mail.
// It stays in front when a mail is cut out of it.
func isSeparator(line []byte) bool {
	return len(line) > 5 && (string(line[:5]) == "From " || string(line[:6]) == ">From ")
}

// isBlank reports whether line holds nothing but blanks and tabs.
func isBlank(line []byte) bool { return len(trimRight(line)) == 0 }

// cutLine cuts the first line off text.
func cutLine(text []byte) (line, rest []byte) {
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		return text[:end], text[end+1:]
	}
	return text, nil
}
