package plaintext

import (
	"strings"
	"sync"

	"github.com/rebound-mail/rebound/dsn/report"
)

// document is a mail laid out for reading.
type document struct {
	mail
	// lines are those of the report, before the returned mail.
	lines []line
	// text is the report in lower case, runs of white space as one blank.
	text []byte
	// returned is the header of the returned mail, nil when there is none.
	returned report.Header
	// says tells what the phrases in text say.
	says kinds
	// all are the addresses in the lines, and senders the keys of those of the
	// sender. They are made when they are asked for: mentioned and sent tell that
	// they are.
	all             []mention
	senders         map[string]bool
	mentioned, sent bool
	// room is what a line in lower case, or a reason, is written in.
	room []byte
}

// line is a line of a report.
type line struct {
	text string // without the white space at its end
	// owner is the key of the recipient whose part begins here, "" for none.
	owner string
	// listed tells that the line stands in a list that the text announces, and
	// accepted that it is about recipients whom the mail reached.
	listed, accepted bool
	// mine tells that the line belongs to the recipient in hand, and others that
	// it belongs to other ones.
	mine, others bool
}

// documents are used again, for most of what a document takes is thrown away.
var documents = sync.Pool{New: func() any { return &document{senders: map[string]bool{}} }}

// maxKept bounds the lines and the addresses of a document that is used again.
const maxKept = 500

// open lays out m. The document must be closed.
func open(m mail) *document {
	d := documents.Get().(*document)
	d.mail, d.returned = m, m.Returned
	text := d.layOut(m.Text)
	d.text = appendLowerWords(d.text[:0], text)
	d.says = textPhrases.lookBytes(d.text, 0)
	return d
}

// close forgets the mail.
func (d *document) close() {
	if cap(d.lines) > maxKept || cap(d.all) > maxKept || len(d.senders) > maxKept {
		return
	}
	clear(d.lines)
	clear(d.all)
	clear(d.senders)
	*d = document{lines: d.lines[:0], text: d.text[:0], all: d.all[:0], senders: d.senders, room: d.room[:0]}
	documents.Put(d)
}

// layOut makes the lines of the report, up to the returned mail, and returns
// their text.
func (d *document) layOut(text string) string {
	searched := false
	for pos := 0; pos < len(text); {
		end := len(text)
		if n := strings.IndexByte(text[pos:], '\n'); n >= 0 {
			end = pos + n + 1
		}
		if !searched {
			if after := returnedAt(text, pos, end); after >= 0 {
				searched = true
				own := returnedHeader(text[after:])
				if d.returned == nil {
					d.returned = own
				}
				// A heading such as "Original message:" may also stand above the report.
				if own != nil || strings.IndexByte(text[:pos], '@') >= 0 {
					text = text[:pos]
					break
				}
			}
		}
		d.lines = append(d.lines, line{text: trimRight(text[pos:end])})
		pos = end
	}
	if len(text) > maxReport {
		text = strings.ToValidUTF8(text[:maxReport], "")
		clear(d.lines)
		d.lines = d.lines[:0]
		for one := range strings.Lines(text) {
			d.lines = append(d.lines, line{text: trimRight(one)})
		}
	}
	return text
}
