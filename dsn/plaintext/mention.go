package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/address"
)

// mention is an address in the report.
type mention struct {
	person
	line  int
	place place
}

// person is somebody with an address.
type person struct {
	address string
	key     string // to compare
}

func personOf(address string) person { return person{address, key(address)} }

// maxMentions bounds the addresses that are looked at.
const maxMentions = 1000

// mentions returns the addresses in the report, line by line.
func (d *document) mentions() []mention {
	if d.mentioned {
		return d.all
	}
	d.mentioned = true
	d.markLists()
	d.markAccepted()
	for i := range d.lines {
		line := d.lines[i].text
		if isSignature(line) && len(d.all) > 0 {
			break
		}
		if strings.IndexByte(line, '@') >= 0 {
			d.mentionsIn(i)
		}
	}
	d.demoteReasons()
	return d.all
}

// mentionsIn appends the addresses in a line.
func (d *document) mentionsIn(i int) {
	one := &d.lines[i]
	line := one.text
	last := 0 // the end of the address before
	for from := 0; len(d.all) < maxMentions; {
		start, end, ok := nextAddress(line, from)
		if !ok {
			break
		}
		if who, ok := d.person(trimAddress(line[start:end])); ok {
			place := d.placeOf(line, start)
			switch {
			case one.accepted && place > accepted:
				place = accepted
			case last > 0 && strings.Trim(line[last:start], " \t,;<>\"'&") == "":
				place = d.all[len(d.all)-1].place // a list
			case place == prose && one.listed && last == 0:
				place = leading
			case place == leading && d.behindContact(i):
				place = aside
			}
			d.all = append(d.all, mention{who, i, place})
			last = end
		}
		from = end
	}
}

// person returns who has the address, and false when it is none.
func (d *document) person(spec string) (person, bool) {
	for i := max(len(d.all)-8, 0); i < len(d.all); i++ { // reports name the same again
		if d.all[i].address == spec {
			return d.all[i].person, true
		}
	}
	if !address.IsAddress(spec) {
		return person{}, false
	}
	return personOf(spec), true
}

// isSignature reports whether the line begins a signature (RFC 3676 section 4.3).
func isSignature(line string) bool { return line == "--" }

// nextAddress returns the bounds of what may be an address in line, from the
// place on: all around an "@" up to what no address holds.
func nextAddress(line string, from int) (start, end int, ok bool) {
	at := strings.IndexByte(line[from:], '@')
	if at < 0 {
		return 0, 0, false
	}
	at += from
	start = at
	high := byte(0) // tells whether there is more than ASCII
	if start > from && line[start-1] == '"' {
		// A quoted local part.
		if open := strings.LastIndexByte(line[from:start-1], '"'); open >= 0 {
			start, high = from+open, utf8.RuneSelf
		}
	}
	for start > from && !endsAddress(line[start-1]) {
		start--
		high |= line[start]
	}
	end = at + 1
	if end < len(line) && line[end] == '[' {
		// A domain literal (RFC 5321 section 4.1.3).
		if literal := strings.IndexByte(line[end:], ']'); literal > 0 {
			return start, end + literal + 1, true
		}
	}
	for end < len(line) && !endsAddress(line[end]) && line[end] != '@' {
		high |= line[end]
		end++
	}
	if high >= utf8.RuneSelf {
		start, end = withoutProse(line, start, at, end)
	}
	return start, end, true
}

// withoutProse cuts off what a script without blanks puts directly around an
// address in ASCII: "jane@example.net您好". An address in that script stays whole,
// since its own characters stand beside the "@".
func withoutProse(line string, start, at, end int) (int, int) {
	for i, r := range line[at+1 : end] {
		if r < utf8.RuneSelf || unicode.Is(unicode.Latin, r) {
			continue
		}
		if strings.IndexByte(line[at:at+1+i], '.') > 0 {
			end = at + 1 + i
		}
		break
	}
	for i := at; i > start; {
		r, size := utf8.DecodeLastRuneInString(line[start:i])
		if r >= utf8.RuneSelf && !unicode.Is(unicode.Latin, r) {
			if i < at {
				start = i
			}
			break
		}
		i -= size
	}
	return start, end
}

func endsAddress(c byte) bool { return addressEnds[c] }

var addressEnds = func() (ends [256]bool) {
	for c := range ends {
		ends[c] = c <= ' ' || strings.IndexByte(`<>()[]{}",;:`, byte(c)) >= 0
	}
	return ends
}()

// trimAddress returns the address without what sentences put around it.
func trimAddress(s string) string {
	if !isWord(s[len(s)-1]) {
		s = strings.TrimRight(s, ".!?'`*’”。、を")
	}
	if s != "" && !isWord(s[0]) {
		s = strings.TrimLeft(s, ".'`*=‘“-")
	}
	if strings.IndexByte(s, '=') > 0 {
		for _, kind := range addressKinds {
			if len(s) > len(kind) && strings.EqualFold(s[:len(kind)], kind) {
				s = s[len(kind):]
			}
		}
	}
	return s
}

// isWord reports whether c is a letter or a digit of ASCII.
func isWord(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }

// addressKinds are what Exchange and X.400 gateways put before an address:
// "c=us;a= ;p=one;dda:SMTP=jane@one.example;".
var addressKinds = []string{"smtp=", "rfc-822=", "rfc822="}

// key returns the form in which spellings of an address are the same.
func key(s string) string {
	k, err := address.Key(s)
	if err != nil {
		return strings.ToLower(s)
	}
	return k
}
