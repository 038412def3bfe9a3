package plaintext

import (
	"math/bits"
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// isBounce reports whether a mail system wrote the mail, to say that another
// could not be delivered. What an ordinary mail may have by chance is never
// enough alone.
func (d *document) isBounce() bool {
	says := d.says&failure != 0
	subject := subjectPhrases.in(d.subject)
	if !says && !subject || digestWords.in(d.subject) || strings.Contains(d.from, "quarantine") || d.says&notice != 0 {
		return false
	}
	h := d.Header
	switch {
	case h.Has("X-Failed-Recipients"):
		return true
	case systemNames.in(d.from) && (d.isConversation() || isAnswerSubject(d.subject)):
		return d.returned != nil || d.hasReply() && d.isFormal() || says && subject && !isAnswerSubject(d.subject)
	case systemNames.in(d.from):
		return says && subject || d.returned != nil || hasNullSender(h) || d.hasReply() || says && d.isFormal()
	case h.Has("X-MLServer"): // the list manager fml
		return says && (subject || fmlSubjects.in(d.subject))
	case d.isConversation() || isAnswerSubject(d.subject):
		return false
	case hasNullSender(h), d.from == "" && !h.Has("Return-Path"):
		return says && (subject || d.returned != nil || d.hasReply() && d.isFormal())
	}
	return says && subject && d.returned != nil && !isSystemMail(d.returned) && (d.hasReply() || d.isFormal())
}

// looksLikeBounce reports whether the header alone allows for a bounce. It spares
// ordinary mail the search in its text.
func looksLikeBounce(m mail) bool {
	return systemNames.in(m.from) || hasNullSender(m.Header) || m.Header.Has("X-Failed-Recipients") || subjectPhrases.in(m.subject)
}

// isConversation reports whether the mail is a part of a thread or of a mailing
// list, where people quote bounces.
func (d *document) isConversation() bool {
	h := d.Header
	return h.Has("In-Reply-To") || h.Has("References") || h.Has("List-Id") || h.Has("List-Post") || h.Has("List-Unsubscribe")
}

// isAnswerSubject reports whether the subject, in lower case, is one of those
// that mail programs make for answers and forwarded mails.
func isAnswerSubject(subject string) bool {
	for _, marks := range [...][]string{answerMarks, forwardMarks} {
		for _, mark := range marks {
			if strings.HasPrefix(subject, mark) {
				return true
			}
		}
	}
	return false
}

// isSystemMail reports whether the header is that of a bounce.
func isSystemMail(h report.Header) bool {
	return systemNames.in(strings.ToLower(h.Text("From")))
}

// isFormal reports whether a recipient stands in the text as programs write it:
// in a list, before a colon at the beginning of its line, or with three words
// beside it at the most.
func (d *document) isFormal() bool {
	all := d.mentions()
	for i := range all {
		m := &all[i]
		line := strings.TrimSpace(d.lines[m.line].text)
		if m.place < replied || strings.HasPrefix(line, ">") && d.isConversation() {
			continue
		}
		if m.place >= leading && d.lines[m.line].listed || m.place == leading && d.beginsReason(m) || len(strings.Fields(line)) <= 4 {
			return true
		}
	}
	return false
}

// hasNullSender reports whether the mail came with the null reverse-path that
// reports have (RFC 5321 section 4.5.5).
func hasNullSender(h report.Header) bool {
	path := strings.ToLower(h.Get("Return-Path"))
	return path == "<>" || strings.HasPrefix(path, "<mailer-daemon")
}

// hasReply reports whether the report quotes an SMTP reply or a status code.
func (d *document) hasReply() bool {
	return isReply(string(d.text))
}

// delayed reports whether the mail is still being tried for all recipients of
// whom the report does not say otherwise.
func (d *document) delayed() bool {
	return d.says&last == 0 && (d.says&delay != 0 || delaySubjects.in(d.subject))
}

// lastWords say of all recipients that the mail is not tried any more.
var lastWords = newPhrases("failed permanently", "permanent error", "permanent failure", "permanent fatal")

// formats names the mail systems by the words that they use.
var formats = []struct{ name, phrase string }{
	{"dma", "dragonfly mail agent"},
	{"qmail", "this is the qmail-send program"},
	{"qmail", "i'm afraid i wasn't able to deliver your message to the following addresses"},
	{"postfix", "postfix program"},
	{"postfix", "this is the mail system at host"},
	{"opensmtpd", "this is the mailer-daemon, please do not reply"},
	{"office365", "diagnostic information for administrators"},
	{"exchange", "did not reach the following recipient"},
	{"exchange", "msexch:"},
	{"gmail", "google tried to deliver your message"},
	{"googlegroups", "groups.google.com/support"},
	{"yahoo", "sorry, we were unable to deliver your message to the following address"},
	{"exim", "this message was created automatically by mail delivery software"},
	{"sendmail", "transcript of session follows"},
}

// The kinds of textPhrases; the formats follow them.
const (
	failure kinds = 1 << iota
	notice
	last
	delay
	final
	success
	listing
	hosting
	reasoning
	firstFormat
)

// textPhrases are all that are looked for in the text of a report.
var textPhrases = func() *phraseSet {
	sets := []*phraseSet{failurePhrases, noticePhrases, lastWords, delayPhrases, finalPhrases, successes, listWords, newPhrases(hostPhrases...), reasonWords}
	for _, f := range formats {
		sets = append(sets, newPhrases(f.phrase))
	}
	return union(sets...)
}()

// format names the mail system that wrote the report.
func (d *document) format() string {
	if said := d.says / firstFormat; said != 0 {
		return formats[bits.TrailingZeros64(uint64(said))].name
	}
	if d.Header.Has("X-Failed-Recipients") {
		return "exim"
	}
	return "text"
}

// hostPhrases stand before the name of the reporting host.
var hostPhrases = []string{
	"this is the qmail-send program at ", "this is the mail system at host ", "this is the postfix program at host ",
	"this is the dragonfly mail agent ", "generating server: ", "reporting-mta: ",
}

// reportingMTA returns the host that names itself in the report.
func (d *document) reportingMTA() string {
	if d.says&hosting == 0 {
		return ""
	}
	for i := range d.lines {
		line := toLower(d.lines[i].text)
		for _, phrase := range hostPhrases {
			_, rest, ok := strings.Cut(line, phrase)
			if !ok {
				continue
			}
			if _, host, ok := strings.Cut(rest, " at "); ok {
				rest = host
			}
			if _, host, ok := strings.Cut(rest, ";"); ok {
				rest = host
			}
			return strings.Trim(rest, " .")
		}
	}
	return ""
}
