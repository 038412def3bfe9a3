package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/status"
)

// place is how an address stands in its line, the clearer the greater.
type place int

const (
	// own is the address of who reads the report.
	own place = iota
	// aside is the address of somebody else: the sender, a helper, a link.
	aside
	// prose is an address somewhere in a sentence.
	prose
	// alias is one that the failed address was made from.
	alias
	// accepted is one that the other server took, or that the mail reached.
	accepted
	// addressed is one in a "To:" field of the mail that is told about.
	addressed
	// replied is one within the reply of a server.
	replied
	// leading is one that the line begins with, behind bullets and codes, or that
	// stands in a list that the text announces.
	leading
	// named is one behind words that name a recipient or a failure.
	named
)

// The kinds of placeWords.
const (
	aliasing kinds = 1 << iota
	owning
	putsAside
	naming
)

// placeWords are all that stand before an address and tell what it is.
var placeWords = union(aliasWords, ownWords, asideWords, namingWords)

// placeOf judges the place of the address at line[start:].
func (d *document) placeOf(line string, start int) place {
	if beginsMessageID(line[start:]) {
		return aside
	}
	bare := strings.TrimSpace(strings.TrimRight(line[:start], `<"'(*[ `))
	if bare != "" && !isWord(bare[0]) {
		bare = strings.TrimLeft(bare, " \t-–—*•·>|#<=\"'([:.")
	}
	if bare == "" {
		return leading
	}
	bare = string(d.lower(bare))
	said := placeWords.find(bare)
	switch {
	case said&aliasing != 0:
		return alias
	case said&owning != 0 || endsInGreeting(bare):
		return own
	case said&putsAside != 0 || endsInWord(bare, agentWords):
		return aside
	case strings.TrimLeft(bare, "0123456789. -#:") == "", bare == "smtp", bare == "address", strings.HasSuffix(bare, "dda:"):
		return leading
	case isReply(bare):
		return replied
	case said&naming != 0:
		return named
	case isToField(bare):
		return addressed
	}
	return prose
}

// endsInWord reports whether the last word of s is one of the words.
func endsInWord(s string, words []string) bool {
	for _, word := range words {
		if rest, ok := strings.CutSuffix(s, word); ok && (rest == "" || rest[len(rest)-1] == ' ') {
			return true
		}
	}
	return false
}

// endsInGreeting reports whether one of the greetings ends s.
func endsInGreeting(s string) bool {
	for _, word := range greetings {
		if strings.HasSuffix(s, word) {
			return true
		}
	}
	return false
}

// greetings are those of ownWords that end in a blank, without it.
var greetings = func() (words []string) {
	for _, one := range ownWords.phrases {
		if word, ok := strings.CutSuffix(one.text, " "); ok {
			words = append(words, word)
		}
	}
	return words
}()

// isToField reports whether s is the name of the field with the recipients, in
// the description of the mail.
func isToField(s string) bool {
	switch s {
	case "to:", "to", "an:", "à:", "à :", "para:", "a:", "aan:", "til:", "till:", "do:", "кому:", "cc:", "宛先:":
		return true
	}
	return false
}

// isReply reports whether s begins the reply of a server, or holds one.
func isReply(s string) bool {
	_, reply := status.FindReply(s)
	_, code := status.Find(s)
	return reply || code
}

// behindContact reports whether the line before says whom to ask.
func (d *document) behindContact(line int) bool {
	for first := max(line-5, 0); line > first; {
		line--
		if before := strings.TrimSpace(d.lines[line].text); before != "" {
			lower := d.lower(before)
			for _, ending := range contactTails[string(lower[max(len(lower)-3, 0):])] {
				if cut := len(lower) - len(ending); cut >= 0 && string(lower[cut:]) == ending {
					return true
				}
			}
			return false
		}
	}
	return false
}

// contactTails are contactEndings by their last three bytes.
var contactTails = func() map[string][]string {
	tails := map[string][]string{}
	for _, ending := range contactEndings {
		tail := ending[len(ending)-3:]
		tails[tail] = append(tails[tail], ending)
	}
	return tails
}()

// beginsMessageID reports whether the address is a message id.
func beginsMessageID(rest string) bool {
	return hasPrefixFold(rest, "javamail.") || hasPrefixFold(rest, "message-id")
}

// hasPrefixFold reports whether s begins with the prefix, in upper or lower case.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// demoteReasons gives the place of a reply to the addresses that begin a line
// within the reason for a recipient: behind "<jane@one.example>: host said" in
// the same paragraph those without a colon, and those that are indented deeper
// than the recipient.
func (d *document) demoteReasons() {
	var head *mention // what begins the paragraph
	line := 0
	for i := range d.all {
		m := &d.all[i]
		for ; line < m.line; line++ {
			if isBlank(d.lines[line].text) {
				head = nil
			}
		}
		switch {
		case m.place != leading:
		case head == nil:
			head = m
		case m.line != head.line && (indent(d.lines[m.line].text) > indent(d.lines[head.line].text) || d.beginsReason(head) && !d.beginsReason(m)):
			m.place = replied
		}
	}
}

// beginsReason reports whether a colon stands behind the address.
func (d *document) beginsReason(m *mention) bool {
	_, behind, _ := strings.Cut(d.lines[m.line].text, m.address)
	if expanded := strings.Index(behind, " (expanded from "); expanded >= 0 {
		if end := strings.IndexByte(behind[expanded:], ')'); end > 0 {
			behind = behind[:expanded] + behind[expanded+end+1:]
		}
	}
	return strings.HasPrefix(strings.TrimLeft(behind, `>"'`), ":")
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
