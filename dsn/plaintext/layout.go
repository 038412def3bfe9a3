package plaintext

import "strings"

// maxLists bounds the lists that a text may announce: each is looked for in two
// lines of it.
const maxLists = 100

// lists tells which lines stand in a list of recipients that the text announces:
// a sentence on a failure, or on recipients, that ends with a colon. The list
// ends at the first blank line behind its first address.
func (d *document) lists() []bool {
	if d.listed != nil {
		return d.listed
	}
	d.listed = make([]bool, len(d.lines))
	begun, open := false, false
	for i, announced := 0, 0; i < len(d.lines); i++ {
		switch {
		case announced < maxLists && d.announcesList(i):
			announced++
			begun, open = false, true
		case begun && isBlank(d.lines[i]):
			open = false
		case open:
			begun = begun || strings.IndexByte(d.lines[i], '@') >= 0
			d.listed[i] = true
		}
	}
	return d.listed
}

// listWords stand in the sentences that announce recipients.
var listWords = newPhrases("recipient", "address", "following", "these people", "destinat", "empfänger", "adress", "ontvanger", "получател", "адресат", "宛先", "收件人")

// announcesList reports whether the line ends a sentence that announces a list.
// The sentence may have begun on the line before.
func (d *document) announcesList(i int) bool {
	if d.says&(failure|listing) == 0 {
		return false
	}
	line := d.lower[i]
	for line != "" && strings.IndexByte(" \t*-", line[len(line)-1]) >= 0 {
		line = line[:len(line)-1]
	}
	if !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, "：") {
		return false
	}
	if strings.IndexByte(line, '@') >= 0 && len(strings.Fields(line)) < 4 {
		return false
	}
	return isAnnouncement(line) || i > 0 && isAnnouncement(d.lower[i-1])
}

func isAnnouncement(line string) bool { return announcements.in(line) }

var announcements = union(failurePhrases, listWords)

// reached tells which lines are about recipients whom the mail reached, or whom
// the other server took: those in a section of Sendmail's report on successes,
// and commands and replies in a transcript that name a recipient and succeed.
func (d *document) reached() []bool {
	reached := make([]bool, len(d.lines))
	inSuccess := false
	for i, line := range d.lower {
		if isHeading(line) {
			inSuccess = strings.Contains(line, "successful") || strings.Contains(line, "were delivered")
		}
		reached[i] = inSuccess || d.says&success != 0 && successes.in(line) || isAcceptance(line)
		if i > 0 && isAcceptance(line) && strings.Contains(d.lower[i-1], "rcpt to") {
			reached[i-1] = true
		}
	}
	return reached
}

// isHeading reports whether the line is one between dashes.
func isHeading(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "--") && strings.HasSuffix(line, "--")
}

// isAcceptance reports whether the line is a reply of class 2 in a transcript.
func isAcceptance(line string) bool {
	for line != "" && strings.IndexByte(" \t<>-|=", line[0]) >= 0 {
		line = line[1:]
	}
	line = strings.TrimLeft(strings.TrimPrefix(line, "in "), " ")
	return len(line) > 3 && line[0] == '2' && line[1] == '5' && line[2] >= '0' && line[2] <= '9' && (line[3] == ' ' || line[3] == '-')
}
