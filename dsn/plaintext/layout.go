package plaintext

import "strings"

// maxLists bounds the lists that a text may announce: each is looked for in two
// lines of it.
const maxLists = 100

// markLists marks the lines that stand in a list of recipients that the text
// announces: a sentence on a failure, or on recipients, that ends with a colon.
// The list ends at the first blank line behind its first address.
func (d *document) markLists() {
	if d.says&(failure|listing) == 0 {
		return
	}
	begun, open := false, false
	for i, announced := 0, 0; i < len(d.lines); i++ {
		line := &d.lines[i]
		switch {
		case announced < maxLists && d.announcesList(i):
			announced++
			begun, open = false, true
		case begun && isBlank(line.text):
			open = false
		case open:
			begun = begun || strings.IndexByte(line.text, '@') >= 0
			line.listed = true
		}
	}
}

// listWords stand in the sentences that announce recipients.
var listWords = newPhrases("recipient", "address", "following", "these people", "destinat", "empfänger", "adress", "ontvanger", "получател", "адресат", "宛先", "收件人")

// announcesList reports whether the line ends a sentence that announces a list.
// The sentence may have begun on the line before.
func (d *document) announcesList(i int) bool {
	line := d.lines[i].text
	for line != "" && sentenceTails[line[len(line)-1]] {
		line = line[:len(line)-1]
	}
	if !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, "：") {
		return false
	}
	if strings.IndexByte(line, '@') >= 0 && len(strings.Fields(line)) < 4 {
		return false
	}
	return d.isAnnouncement(line) || i > 0 && d.isAnnouncement(d.lines[i-1].text)
}

// sentenceTails stand behind a sentence on its line.
var sentenceTails = bytesOf(" \t*-")

func (d *document) isAnnouncement(line string) bool {
	return textPhrases.lookBytes(d.lower(line), failure|listing)&(failure|listing) != 0
}

// markAccepted marks the lines that are about recipients whom the mail reached,
// or whom the other server took: those in a section of Sendmail's report on
// successes, and commands and replies in a transcript that name a recipient and
// succeed.
func (d *document) markAccepted() {
	inSuccess := false
	for i := range d.lines {
		line := &d.lines[i]
		if isHeading(line.text) {
			lower := toLower(line.text)
			inSuccess = strings.Contains(lower, "successful") || strings.Contains(lower, "were delivered")
		}
		accepts := isAcceptance(line.text)
		line.accepted = inSuccess || accepts || d.says&success != 0 && successes.in(toLower(line.text))
		if i > 0 && accepts && strings.Contains(toLower(d.lines[i-1].text), "rcpt to") {
			d.lines[i-1].accepted = true
		}
	}
}

// isHeading reports whether the line is one between dashes.
func isHeading(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "--") && strings.HasSuffix(line, "--")
}

// isAcceptance reports whether the line is a reply of class 2 in a transcript.
func isAcceptance(line string) bool {
	for line != "" && transcriptMarks[line[0]] {
		line = line[1:]
	}
	if len(line) > 3 && line[2] == ' ' && strings.EqualFold(line[:2], "in") {
		line = strings.TrimLeft(line[3:], " ")
	}
	return len(line) > 3 && line[0] == '2' && line[1] == '5' && line[2] >= '0' && line[2] <= '9' && (line[3] == ' ' || line[3] == '-')
}

// transcriptMarks stand before the lines of a transcript.
var transcriptMarks = bytesOf(" \t<>-|=")
