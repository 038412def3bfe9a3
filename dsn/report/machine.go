package report

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// startMachine begins a machine part. One that stands behind the returned mail
// counts only when no other is there: it would be a part of that mail.
func (p *parser) startMachine(mediaType string, h Header, encoding transfer) {
	if len(p.m.Machine) > 0 && (p.m.Returned != nil || p.forwarded != nil) {
		p.leaf = leaf{kind: skippedLeaf}
		return
	}
	if len(p.m.Machine) == maxMachineParts || p.machine >= maxMachineTotal {
		p.note("machine part", mediaType, ErrTooMany)
		p.leaf = leaf{kind: skippedLeaf}
		return
	}
	p.leaf = leaf{kind: machineLeaf, transfer: encoding, part: Part{MediaType: mediaType, Header: h}}
	p.body = p.body[:0]
	// Without the blank line behind it the header of the part holds the first group.
	own := behindContent(h)
	for _, field := range own {
		p.body = append(append(append(append(p.body, field.Name...), ": "...), field.Value...), '\n')
	}
	if len(own) > 0 {
		p.body = append(p.body, '\n')
	}
}

// behindContent returns the fields of a part's header from the first one on that
// belongs to the content: one of a machine part or of a mail.
func behindContent(h Header) Header {
	for i, field := range h {
		if len(field.Name) > 8 && strings.EqualFold(field.Name[:8], "Content-") {
			continue
		}
		if machineField(field.Name) != "" {
			return h[i:]
		}
		switch lower(field.Name) {
		case "return-path", "received", "from", "to", "subject", "message-id", "date":
			return h[i:]
		}
	}
	return nil
}

// endMachine reads the fields of the machine part that ends.
func (p *parser) endMachine() {
	body := bytes.Trim(bytes.TrimPrefix(unixLines(p.body), []byte(byteOrderMark)), "\n")
	if room := maxMachineTotal - p.machine; len(body) > room {
		p.note("machine part", "", ErrTooLarge)
		body = body[:room]
	}
	if len(body) == 0 {
		return
	}
	p.machine += len(body)
	part := p.leaf.part
	if !utf8.Valid(body) {
		body = p.decodeLines(body, param(part.Header.Get("Content-Type"), "charset"))
	}
	part.Body = string(body)
	collectGroups(&p.fields, body)
	if p.fields.over {
		p.note("machine part", "", ErrTooMany)
	}
	part.Groups = p.fields.groups()
	// A feedback report under the label of a delivery status is still one.
	if strings.HasSuffix(part.MediaType, "delivery-status") && len(part.Groups) > 0 && part.Groups[0].Has("Feedback-Type") {
		part.MediaType = feedbackReport
	}
	p.m.Machine = append(p.m.Machine, part)
}

// decodeLines brings the lines that are not UTF-8 to it when their charset is
// known: that of the part, or that of the text before it.
func (p *parser) decodeLines(body []byte, charset string) []byte {
	if name := lower(charset); isUnstated(name) || isUTF8(name) {
		charset = p.charset
	}
	if charset == "" {
		return body
	}
	var b []byte
	for line := range bytes.Lines(body) {
		if utf8.Valid(line) {
			b = append(b, line...)
		} else {
			b = appendUTF8(b, line, charset)
		}
	}
	return wholeRunes(b[:min(len(b), maxMachine)])
}
