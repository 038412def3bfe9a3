package plaintext

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/dsn/status"
)

// isBounce reports whether a mail system wrote the mail, to say that another
// could not be delivered. What an ordinary mail may have by chance is never
// enough alone.
func (d *document) isBounce() bool {
	says := d.contains(failurePhrases)
	subject := containsAny(d.subject, subjectPhrases)
	if !says && !subject {
		return false
	}
	h := d.message.Header
	switch {
	case h.Has("X-Failed-Recipients"):
		return true
	case containsAny(d.from, systemNames):
		return says && subject || d.returned != nil || hasNullSender(h) || d.hasReply()
	case h.Has("X-MLServer"): // the list manager fml
		return says && subject
	case d.isConversation():
		return false
	case hasNullSender(h):
		return says && (subject || d.returned != nil)
	case containsAny(d.from, robotNames):
		return says && subject && (d.returned != nil || d.hasReply())
	}
	return says && subject && d.returned != nil
}

// looksLikeBounce reports whether the header alone allows for a bounce. It spares
// ordinary mail the search in its text.
func looksLikeBounce(m *report.Message) bool {
	return containsAny(strings.ToLower(m.Header.Text("From")), systemNames) || hasNullSender(m.Header) ||
		m.Header.Has("X-Failed-Recipients") || containsAny(strings.ToLower(m.Header.Text("Subject")), subjectPhrases)
}

// isConversation reports whether the mail is a part of a thread or of a mailing
// list, where people quote bounces.
func (d *document) isConversation() bool {
	h := d.message.Header
	return h.Has("In-Reply-To") || h.Has("References") || h.Has("List-Id") || h.Has("List-Post") || h.Has("List-Unsubscribe")
}

// hasNullSender reports whether the mail came with the null reverse-path that
// reports have (RFC 5321 section 4.5.5).
func hasNullSender(h report.Header) bool {
	path := strings.ToLower(h.Get("Return-Path"))
	return path == "<>" || strings.HasPrefix(path, "<mailer-daemon")
}

// hasReply reports whether the report quotes an SMTP reply or a status code.
func (d *document) hasReply() bool {
	_, reply := status.FindReply(d.text)
	_, code := status.Find(d.text)
	return reply || code
}

// delayed reports whether the mail is still being tried.
func (d *document) delayed() bool {
	return d.contains(delayPhrases) && !strings.Contains(d.text, "failed permanently") && !strings.Contains(d.text, "permanent error")
}

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

// format names the mail system that wrote the report.
func (d *document) format() string {
	for _, f := range formats {
		if strings.Contains(d.text, f.phrase) {
			return f.name
		}
	}
	if d.message.Header.Has("X-Failed-Recipients") {
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
	for _, line := range d.lower {
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
