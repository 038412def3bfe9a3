package report

import (
	"bytes"
	"strings"
)

// startReturned begins the returned mail, of which the header is kept.
func (p *parser) startReturned(h Header, encoding transfer) {
	if p.m.Returned != nil {
		p.leaf = leaf{kind: skippedLeaf}
		return
	}
	// Without the blank line behind it the header of the part holds that of the mail.
	if own := behindContent(h); own != nil {
		p.m.Returned = own
		p.leaf = leaf{kind: skippedLeaf}
		return
	}
	p.fields.reset(maxReturned, maxFields)
	p.body = p.body[:0]
	p.leaf = leaf{kind: returnedLeaf, transfer: encoding}
}

func (p *parser) returnedLine(line []byte) {
	if p.leaf.transfer.encoding != identity {
		p.body = p.decode(p.body, line, maxReturned, "returned mail")
		return
	}
	if len(line) > 0 {
		returnedLine(&p.fields, line)
		return
	}
	if len(p.fields.spans) > 0 {
		p.endReturned()
	}
}

// endReturned keeps the header that was read. When the mail was forwarded, and
// its content is the report, that is read on.
func (p *parser) endReturned() {
	p.leaf.kind = skippedLeaf
	if p.leaf.transfer.encoding != identity {
		for text := bytes.TrimLeft(unixLines(p.body), "\n"); len(text) > 0 && text[0] != '\n'; {
			line, rest := cutLine(text)
			returnedLine(&p.fields, line)
			text = rest
		}
	}
	if p.fields.over {
		p.note("returned mail", "", ErrTooLarge)
	}
	h := p.fields.header()
	if p.isForwardedReport(h) {
		p.forwarded = h
		p.open(h.Get("Content-Type"))
		return
	}
	p.m.Returned = h
}

// isForwardedReport reports whether the returned mail is a report that somebody
// forwarded as an attachment, rather than a mail that a report is about.
func (p *parser) isForwardedReport(h Header) bool {
	return p.forwarded == nil && len(p.m.Machine) == 0 && p.m.MediaType != "multipart/report" &&
		p.leaf.transfer.encoding == identity && mediaType(h.Get("Content-Type")) == "multipart/report" && !p.isDiscussed()
}

// isDiscussed reports whether a person wrote about the report that is attached,
// more than the few words of who forwards it: the report was for that person then.
func (p *parser) isDiscussed() bool {
	if p.m.fromMailSystem() {
		return false
	}
	remark := string(p.text) + " " + htmlText(p.html, nil)
	return p.m.Header.Has("In-Reply-To") || strings.ContainsAny(remark, "?？") || len(strings.Fields(remark)) > 4
}
