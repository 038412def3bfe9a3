package report

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// leaf is what the lines that are being read belong to. Its zero value is the
// header of the mail.
type leaf struct {
	kind     leafKind
	transfer transfer
	charset  string
	start    int  // of its text in parser.text or parser.html
	labelled bool // its content need not be looked at to know its type
	full     bool // its bound was hit
	part     Part // when kind is machine
}

type leafKind int

const (
	headerLeaf leafKind = iota
	textLeaf
	htmlLeaf
	machineLeaf
	returnedLeaf
	unknownLeaf
	skippedLeaf
)

// begin begins the body of an entity with the header h.
func (p *parser) begin(h Header, mediaType, contentType string) {
	encoding := newTransfer(h.Get("Content-Transfer-Encoding"))
	done := p.m.Returned != nil // what follows the returned mail is about nothing
	switch {
	case strings.HasPrefix(mediaType, "multipart/"):
		p.open(contentType)
	case machineType(mediaType) != "":
		p.startMachine(machineType(mediaType), h, encoding)
	case isXARF(p.m.Header, h, mediaType):
		p.startMachine(jsonReport, h, encoding)
	case isReturned(mediaType):
		p.startReturned(h, encoding)
	case mediaType == "" && !done, mediaType == "text/plain" && !done:
		p.startText(param(contentType, "charset"), encoding)
	case mediaType == "text/html" && !done:
		p.startHTML(param(contentType, "charset"), encoding)
	default:
		p.leaf = leaf{kind: unknownLeaf, transfer: encoding}
	}
}

// open opens a multipart.
func (p *parser) open(contentType string) {
	if p.depth == maxDepth {
		p.note("multipart", "", ErrTooDeep)
		p.leaf = leaf{kind: skippedLeaf}
		return
	}
	boundary := param(contentType, "boundary")
	if boundary == "" {
		p.note("Content-Type", contentType, ErrNoBoundary)
	}
	p.stack[p.depth] = frame{boundary: boundary, textAt: len(p.text)}
	p.depth++
	if p.m.Returned != nil {
		p.leaf = leaf{kind: skippedLeaf}
		return
	}
	p.startText("", transfer{})
	p.leaf.labelled = true
}

func (p *parser) startText(charset string, encoding transfer) {
	if len(p.text) > 0 {
		p.text = append(p.text, '\n')
	}
	p.leaf = leaf{kind: textLeaf, transfer: encoding, charset: charset, start: len(p.text), labelled: p.depth == 0}
}

// startHTML begins a part whose text counts when there is no plain one.
func (p *parser) startHTML(charset string, encoding transfer) {
	p.leaf = leaf{kind: htmlLeaf, transfer: encoding, charset: charset, start: len(p.html)}
	if p.keepsText() && (charset != "" || p.charset != "") {
		p.noteCharset(charset)
		p.leaf = leaf{kind: skippedLeaf}
	}
}

// keepsText reports whether the plain text of a report is there, and nothing that
// follows can make it the preamble of a multipart, which is dropped.
func (p *parser) keepsText() bool {
	for _, f := range p.stack[:p.depth] {
		if !f.begun {
			return false
		}
	}
	return p.m.MediaType == "multipart/report" && len(bytes.TrimSpace(p.text)) > 0
}

func (p *parser) textLine(line []byte) {
	if !p.leaf.labelled && !isBlank(line) {
		p.leaf.labelled = true
		if p.unlabelled(line) {
			return
		}
	}
	p.noticeOriginal(line)
	p.text = p.decode(p.text, line, maxText, "text/plain part")
}

// unlabelled looks whether a part that is labelled as something else is a
// machine part by its first line, and begins that.
func (p *parser) unlabelled(line []byte) bool {
	colon := groupName(line)
	if colon < 0 {
		return false
	}
	mediaType := machineField(string(trimRight(line[:colon])))
	if mediaType == "" && p.m.ReportType == "feedback-report" && p.parts == 2 {
		mediaType = feedbackReport // RFC 5965 orders no fields, RFC 6522 orders the parts
	}
	if mediaType == deliveryStatus && p.m.ReportType == "disposition-notification" {
		mediaType = dispositionNotice // they share Final-Recipient and Original-Recipient
	}
	if mediaType == "" {
		return false
	}
	p.startMachine(mediaType, nil, p.leaf.transfer)
	p.content(line)
	return true
}

// decode appends a line of the leaf to dst, up to limit bytes.
func (p *parser) decode(dst, line []byte, limit int, what string) []byte {
	if p.leaf.full {
		return dst
	}
	dst = p.leaf.transfer.line(dst, line)
	if len(dst) > limit {
		p.note(what, "", ErrTooLarge)
		p.leaf.full, dst = true, wholeRunes(dst[:limit])
	}
	return dst
}

// endLeaf ends what is being read.
func (p *parser) endLeaf() {
	switch p.leaf.kind {
	case headerLeaf:
		p.endHeader()
		if p.holding {
			p.holding = false
			p.content(p.held)
		}
		p.endLeaf()
	case textLeaf:
		p.text = p.decodeText(p.text, maxText)
	case htmlLeaf:
		if p.leaf.charset == "" {
			p.leaf.charset = metaCharset(p.html[p.leaf.start:])
		}
		p.html = p.decodeText(p.html, maxHTML)
	case machineLeaf:
		p.endMachine()
	case returnedLeaf:
		p.endReturned()
	}
	p.leaf = leaf{kind: skippedLeaf}
}

// decodeText brings the text of the leaf at the end of all to UTF-8 and LF.
func (p *parser) decodeText(all []byte, limit int) []byte {
	own := all[p.leaf.start:]
	if needsDecoding(own) || isSevenBit(p.leaf.charset) {
		p.decoded = appendUTF8(p.decoded[:0], own, p.leaf.charset)
		own = p.decoded
	}
	p.noteCharset(p.leaf.charset)
	blankNULs(own)
	own = bytes.TrimPrefix(bytes.TrimRight(unixLines(own), "\n"), []byte(byteOrderMark))
	all = append(all[:p.leaf.start], own...)
	if len(all) > limit {
		all = wholeRunes(all[:limit])
	}
	return all
}

// noteCharset keeps the first charset that a text part names and that tells.
func (p *parser) noteCharset(charset string) {
	if name := lower(charset); p.charset == "" && !isUnstated(name) && !isUTF8(name) {
		p.charset = name
	}
}

// wholeRunes cuts the beginning of a character at the end of text.
func wholeRunes(text []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if c := text[len(text)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-i:]) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}

// needsDecoding reports whether text holds more than ASCII: other bytes, or the
// escape sequences of ISO-2022.
func needsDecoding(text []byte) bool {
	const high = 0x8080808080808080 // the bits that ASCII has not, of eight bytes
	if bytes.IndexByte(text, 0x1b) >= 0 {
		return true
	}
	for ; len(text) >= 32; text = text[32:] {
		a, b := binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:])
		c, d := binary.LittleEndian.Uint64(text[16:]), binary.LittleEndian.Uint64(text[24:])
		if (a|b|c|d)&high != 0 {
			return true
		}
	}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}
