package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/address"
)

// place is how an address stands in its line, the clearer the greater.
type place int

const (
	// aside is an address in a sentence or in a header field.
	aside place = iota
	// alias is one that the failed address was made from.
	alias
	// leading is one that the line begins with, behind bullets and codes.
	leading
	// named is one behind words that name a recipient or a failure.
	named
)

// mention is an address in the report.
type mention struct {
	address string
	key     string // to compare
	line    int
	place   place
}

// maxMentions bounds the addresses that are looked at.
const maxMentions = 1000

// mentions returns the addresses in the report, line by line.
func (d *document) mentions() []mention {
	var all []mention
	for i, line := range d.lines {
		lower := d.lower[i]
		for from := 0; len(all) < maxMentions; {
			start, end, ok := nextAddress(line, from)
			if !ok {
				break
			}
			if spec, ok := cleanAddress(line[start:end]); ok {
				all = append(all, mention{spec, key(spec), i, d.placeOf(i, lower, start)})
			}
			from = end
		}
	}
	return all
}

// nextAddress returns the bounds of what may be an address in line, from the
// place on: all around an "@" up to what no address holds.
func nextAddress(line string, from int) (start, end int, ok bool) {
	at := strings.IndexByte(line[from:], '@')
	if at < 0 {
		return 0, 0, false
	}
	at += from
	start = at
	if start > from && line[start-1] == '"' {
		// A quoted local part.
		if open := strings.LastIndexByte(line[from:start-1], '"'); open >= 0 {
			start = from + open
		}
	}
	for start > from && !endsAddress(line[start-1]) {
		start--
	}
	end = at + 1
	for end < len(line) && !endsAddress(line[end]) && line[end] != '@' {
		end++
	}
	start, end = withoutProse(line, start, at, end)
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

func endsAddress(c byte) bool {
	return c <= ' ' || strings.IndexByte(`<>()[]{}",;:`, c) >= 0
}

// cleanAddress returns the address without what sentences put around it.
func cleanAddress(s string) (string, bool) {
	s = strings.TrimRight(s, ".!?'`*’”。、を")
	s = strings.TrimLeft(s, ".'`*=‘“-")
	if !address.IsAddress(s) {
		return "", false
	}
	return s, true
}

// key returns the form in which spellings of an address are the same.
func key(s string) string {
	k, err := address.Key(s)
	if err != nil {
		return strings.ToLower(s)
	}
	return k
}

// placeOf judges the place of the address at lower[start:].
func (d *document) placeOf(line int, lower string, start int) place {
	before := strings.TrimSpace(strings.TrimRight(lower[:start], `<"'(*[ `))
	if behindMail(lower[start:]) {
		return aside
	}
	bare := strings.TrimLeft(before, " \t-–—*•·>|#<=\"'([:.")
	switch {
	case containsAny(bare, aliasWords):
		return alias
	case containsAny(bare, asideWords):
		return aside
	case containsAny(bare, namingWords):
		return named
	case strings.TrimLeft(bare, "0123456789. -#:") == "":
		return leading
	}
	return aside
}

// behindMail reports whether the address is that of a message id.
func behindMail(rest string) bool {
	return strings.HasPrefix(rest, "javamail.") || strings.HasPrefix(rest, "message-id")
}
