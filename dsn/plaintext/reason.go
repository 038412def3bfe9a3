package plaintext

import (
	"bytes"
	"strings"

	"github.com/rebound-mail/rebound/dsn/status"
)

// reason returns what the report says about the recipient: the lines around its
// mentions when they give a reason, with the lines that follow them up to the
// next recipient when they do not, and the whole report in the end.
//
// owner is what owners returns.
func (d *document) reason(recipient string, owner []string) string {
	mine, others := d.ownLines(recipient, owner)
	var own []int
	for i := range d.lines {
		if mine[i] {
			own = append(own, i)
		}
	}
	text := d.join(own)
	if stated := statedReason(text); stated != "" {
		return stated
	}
	if givesReason(text, recipient) {
		return text
	}
	if tail := d.join(append(own, d.after(own, others)...)); givesReason(tail, recipient) {
		return tail
	}
	var rest []int
	for i := range d.lines {
		if !others[i] {
			rest = append(rest, i)
		}
	}
	return d.join(rest)
}

// ownLines tells which lines belong to the recipient and which to others. A
// paragraph that mentions one recipient is about that one, a paragraph that
// mentions more is cut at the mentions.
func (d *document) ownLines(recipient string, owner []string) (mine, others []bool) {
	mine, others = make([]bool, len(d.lines)), make([]bool, len(d.lines))
	self := key(recipient)
	for start := 0; start < len(d.lines); {
		end := start
		first, several := "", false
		for ; end < len(d.lines) && !isBlank(d.lines[end]); end++ {
			several = several || first != "" && owner[end] != "" && owner[end] != first
			if first == "" {
				first = owner[end]
			}
		}
		current := ""
		if !several {
			current = first
		}
		for i := start; i < end; i++ {
			if owner[i] != "" {
				current = owner[i]
			}
			mine[i] = current == self || current == shared
			others[i] = current != "" && !mine[i]
		}
		start = end + 1
	}
	return mine, others
}

// shared is the owner of a line that mentions several recipients.
const shared = "*"

// owners returns for each line the recipient whose part begins there, "" for none.
func (d *document) owners(chosen []string, all []mention) []string {
	isChosen := map[string]bool{}
	for _, a := range chosen {
		isChosen[key(a)] = true
	}
	owner := make([]string, len(d.lines))
	closed := -1 // the last line that ended a part of a transcript
	for _, m := range all {
		if !isChosen[m.key] || owner[m.line] == m.key {
			continue
		}
		if owner[m.line] != "" {
			owner[m.line] = shared
			continue
		}
		owner[m.line] = m.key
		if !closesPart(d.lines[m.line]) {
			continue
		}
		for i := m.line - 1; i > closed && !isBlank(d.lines[i]) && owner[i] == ""; i-- {
			owner[i] = m.key
		}
		closed = m.line
	}
	return owner
}

// closesPart reports whether the line is the verdict that Sendmail writes below
// the lines of a transcript that led to it: "550 <jane@example.net>... User unknown".
func closesPart(line string) bool {
	line = strings.TrimLeft(line, " \t>")
	return len(line) > 4 && line[0] >= '4' && line[0] <= '5' && line[3] == ' ' && strings.Contains(line, "... ")
}

func isBlank(line string) bool {
	for i := range len(line) {
		if strings.IndexByte(" \t>|*", line[i]) < 0 {
			return false
		}
	}
	return true
}

// after returns the lines behind the first own one that belong to nobody else.
func (d *document) after(own []int, others []bool) []int {
	if len(own) == 0 {
		return nil
	}
	var lines []int
	for i := own[0]; i < len(d.lines); i++ {
		if len(own) > 0 && own[0] == i {
			own = own[1:]
		} else if !others[i] {
			lines = append(lines, i)
		}
	}
	return lines
}

// join joins the lines to one, at most maxDiagnostic long.
func (d *document) join(lines []int) string {
	return written(func(b []byte) []byte {
		for _, i := range lines {
			before := len(b)
			if before > 0 {
				b = append(b, ' ')
			}
			start := len(b)
			b = appendWords(b, d.lines[i])
			if isRule(b[start:]) {
				b = b[:before]
			}
			if len(b) > maxDiagnostic {
				return bytes.ToValidUTF8(b[:maxDiagnostic], nil)
			}
		}
		return b
	})
}

// isRule reports whether the line is drawn, or blank.
func isRule(line []byte) bool {
	for _, c := range line {
		if strings.IndexByte("-=*_ ", c) < 0 {
			return false
		}
	}
	return true
}

// givesReason reports whether the text holds a reply or one of the words that
// reasons are made of, beside the address.
func givesReason(text, address string) bool {
	text = strings.ReplaceAll(toLower(text), toLower(address), "")
	if reasons.in(text) {
		return true
	}
	if _, ok := status.Find(text); ok {
		return true
	}
	_, ok := status.FindReply(text)
	return ok
}

// reasons are all the words of reasons, and what is said of successes.
var reasons = union(successes, reasonWords)

// reasonWords are in nearly every reason that mail systems give.
var reasonWords = newPhrases(
	"unknown", "not found", "no such", "not exist", "n't exist", "invalid", "illegal", "not listed", "not recognized", "wasn't found", "couldn't be found", "wasn’t found",
	"full", "quota", "exceed", "too large", "too big", "disabled", "inactive", "suspended", "no longer",
	"refused", "denied", "rejected", "blocked", "spam", "virus", "policy", "prohibited", "not allowed", "restricted",
	"timed out", "timeout", "unreachable", "not reachable", "connection", "connect", "expired", "too long", "retries", "retry", "giving up", "giving up.", "not responding", "network",
	"loop", "hop", "unrout", "lookup", "deferred", "temporar",
	"inconnu", "unbekannt", "existiert nicht", "no existe", "desconocid", "sconosciut", "inesistent", "не найден", "не существует", "переполнен", "存在しません", "見つかりません", "不存在", "已满",
)
