package plaintext

import (
	"bytes"
	"slices"
	"strings"
)

// reason returns what the report says about the recipient: the lines around its
// mentions when they give a reason, with the lines that follow them up to the
// next recipient when they do not, and the whole report in the end. The lines
// must have their owners.
func (d *document) reason(recipient person) string {
	first := d.markMine(recipient.key)
	own := appendLines(d.room[:0], d.lines, isMine)
	text := d.bounded(own)
	if stated := statedReason(text); stated != "" {
		return stated
	}
	if d.givesReason(text, recipient.address) {
		return text
	}
	own = appendLines(d.room[:0], d.lines, isMine)
	if tail := d.bounded(appendLines(own, d.lines[first:], isNobodys)); d.givesReason(tail, recipient.address) {
		return tail
	}
	return d.bounded(appendLines(d.room[:0], d.lines, isNotOthers))
}

// markMine marks which lines belong to the recipient and which to others, and
// returns the first one of its own. A paragraph that mentions one recipient is
// about that one, a paragraph that mentions more is cut at the mentions.
func (d *document) markMine(self string) (firstOwn int) {
	firstOwn = len(d.lines)
	for start := 0; start < len(d.lines); {
		end := start
		first, several := "", false
		for ; end < len(d.lines) && !isBlank(d.lines[end].text); end++ {
			owner := d.lines[end].owner
			several = several || first != "" && owner != "" && owner != first
			if first == "" {
				first = owner
			}
		}
		current := ""
		if !several {
			current = first
		}
		for i := start; i < end; i++ {
			l := &d.lines[i]
			if l.owner != "" {
				current = l.owner
			}
			l.mine = current == self || current == shared
			l.others = current != "" && !l.mine
			if l.mine {
				firstOwn = min(firstOwn, i)
			}
		}
		start = end + 1
	}
	return firstOwn
}

// shared is the owner of a line that mentions several recipients.
const shared = "*"

// markOwners marks for each line the recipient whose part begins there.
func (d *document) markOwners(chosen []person) {
	closed := -1 // the last line that ended a part of a transcript
	for i := range d.all {
		m := &d.all[i]
		one := &d.lines[m.line]
		if one.owner == m.key || !slices.ContainsFunc(chosen, func(p person) bool { return p.key == m.key }) {
			continue
		}
		if one.owner != "" {
			one.owner = shared
			continue
		}
		one.owner = m.key
		if !closesPart(one.text) {
			continue
		}
		for i := m.line - 1; i > closed && !isBlank(d.lines[i].text) && d.lines[i].owner == ""; i-- {
			d.lines[i].owner = m.key
		}
		closed = m.line
	}
}

// closesPart reports whether the line is the verdict that Sendmail writes below
// the lines of a transcript that led to it: "550 <jane@example.net>... User unknown".
func closesPart(line string) bool {
	line = strings.TrimLeft(line, " \t>")
	return len(line) > 4 && line[0] >= '4' && line[0] <= '5' && line[3] == ' ' && strings.Contains(line, "... ")
}

func isBlank(line string) bool {
	for i := range len(line) {
		if !blankMarks[line[i]] {
			return false
		}
	}
	return true
}

// blankMarks are all that stands in a line that says nothing.
var blankMarks = bytesOf(" \t>|*")

func isMine(l *line) bool      { return l.mine }
func isNobodys(l *line) bool   { return !l.mine && !l.others }
func isNotOthers(l *line) bool { return !l.others }

// appendLines appends the lines that are chosen, as one line of little more than
// maxDiagnostic.
func appendLines(b []byte, lines []line, chosen func(*line) bool) []byte {
	for i := range lines {
		if !chosen(&lines[i]) {
			continue
		}
		if len(b) > maxDiagnostic {
			break
		}
		before := len(b)
		if before > 0 {
			b = append(b, ' ')
		}
		start := len(b)
		b = appendWords(b, lines[i].text)
		if isRule(b[start:]) {
			b = b[:before]
		}
	}
	return b
}

// bounded returns b as a string of maxDiagnostic at the most.
func (d *document) bounded(b []byte) string {
	d.room = b
	if len(b) > maxDiagnostic {
		b = bytes.ToValidUTF8(b[:maxDiagnostic], nil)
	}
	return string(b)
}

// isRule reports whether the line is drawn, or blank.
func isRule(line []byte) bool {
	for _, c := range line {
		if !ruleMarks[c] {
			return false
		}
	}
	return true
}

// ruleMarks are what rules are drawn with.
var ruleMarks = bytesOf("-=*_ ")

// givesReason reports whether the text holds a reply or one of the words that
// reasons are made of, or tells of a success, beside the address.
func (d *document) givesReason(text, address string) bool {
	rest := without(d.lower(text), toLower(address))
	return textPhrases.lookBytes(rest, success|reasoning)&(success|reasoning) != 0 || isReply(string(rest))
}

// without cuts the word out of b, wherever it stands, and overwrites b.
func without(b []byte, word string) []byte {
	kept, sought := b[:0], []byte(word)
	for {
		at := bytes.Index(b, sought)
		if at < 0 {
			return append(kept, b...)
		}
		kept = append(kept, b[:at]...)
		b = b[at+len(sought):]
	}
}

// reasonWords are in nearly every reason that mail systems give.
var reasonWords = newPhrases(
	"unknown", "not found", "no such", "not exist", "n't exist", "invalid", "illegal", "not listed", "not recognized", "wasn't found", "couldn't be found", "wasn’t found",
	"full", "quota", "exceed", "too large", "too big", "disabled", "inactive", "suspended", "no longer",
	"refused", "denied", "rejected", "blocked", "spam", "virus", "policy", "prohibited", "not allowed", "restricted",
	"timed out", "timeout", "unreachable", "not reachable", "connection", "connect", "expired", "too long", "retries", "retry", "giving up", "giving up.", "not responding", "network",
	"loop", "hop", "unrout", "lookup", "deferred", "temporar",
	"inconnu", "unbekannt", "existiert nicht", "no existe", "desconocid", "sconosciut", "inesistent", "не найден", "не существует", "переполнен", "存在しません", "見つかりません", "不存在", "已满",
)
