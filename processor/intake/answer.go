package intake

import (
	"bytes"
	"errors"
	"strings"
	"unicode"

	"github.com/emersion/go-smtp"

	"github.com/rebound-mail/rebound/processor/bus"
)

// Answers given outside a command.
const (
	replyClosing     = "421 4.3.2 Service not available\r\n"
	replyTooMany     = "421 4.3.2 Too many connections, try again later\r\n"
	replyClientLimit = "421 4.3.2 Client connection limit reached\r\n"
)

// Answers that are the same for everybody.
var (
	answerClosing           = answer(421, smtp.EnhancedCode{4, 3, 2}, "Service not available")
	answerDataTimeout       = answer(421, smtp.EnhancedCode{4, 4, 2}, "Timeout during DATA")
	answerUnavailable       = answer(451, smtp.EnhancedCode{4, 3, 0}, "Temporary service failure")
	answerFull              = answer(452, smtp.EnhancedCode{4, 3, 1}, "Mail system full, try again later")
	answerTooManyRecipients = answer(452, smtp.EnhancedCode{4, 5, 3}, "Too many recipients")
	answerSenderTwice       = answer(503, smtp.EnhancedCode{5, 5, 1}, "Sender already specified")
	answerTooLarge          = answer(552, smtp.EnhancedCode{5, 3, 4}, "Message size exceeds fixed limit")
	answerPremature         = answer(554, smtp.EnhancedCode{5, 6, 0}, "Pre-mature end of <CRLF>.<CRLF>")
	answerLongLine          = answer(554, smtp.EnhancedCode{5, 6, 0}, "Could not read the message. Line too long")
)

func answer(code int, enhanced smtp.EnhancedCode, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// answerQueued is no failure: the SMTP server says what an SMTPError says, whatever its code.
func answerQueued(id string) error {
	return answer(250, smtp.EnhancedCode{2, 6, 0}, "Message queued as "+id)
}

func answerBadSender(path string) error {
	return answer(501, smtp.EnhancedCode{5, 1, 7}, "Bad sender address <"+printable(path)+">")
}

func answerBadRecipient(path string) error {
	return answer(501, smtp.EnhancedCode{5, 1, 7}, "Bad recipient address <"+printable(path)+">")
}

// answerNotAccepted asks for another try unless none can help.
func answerNotAccepted(err error) error {
	switch {
	case errors.Is(err, bus.ErrFull):
		return answerFull
	case errors.Is(err, bus.ErrTooLarge):
		return answerTooLarge
	default:
		return answerUnavailable
	}
}

// printable keeps an answer on one line, and short: RFC 5321 section 4.5.3.1.5 allows 512 bytes.
func printable(path string) string {
	path = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(path, "?"))
	if len(path) > 320 {
		return strings.ToValidUTF8(path[:320], "") + "..."
	}
	return path
}

// wordings are answers that go-smtp gives by itself without asking, and ours in their place: the enhanced code tells more, or the
// command is refused by policy (VRFY, EXPN). %s stands for what is between prefix and suffix.
var wordings = []struct{ prefix, suffix, ours string }{
	{"250 2.0.0 Roger, accepting mail from ", "", "250 2.1.0 Sender %s OK"},
	{"250 2.0.0 I'll make sure ", " gets this", "250 2.1.5 Recipient %s OK"},
	{"250 2.0.0 Session reset", "", "250 2.0.0 OK"},
	{"250 2.0.0 I have successfully done nothing", "", "250 2.0.0 OK"},
	{"252 2.5.0 Cannot VRFY user, but will accept message", "", "502 5.5.1 VRFY command has been disabled"},
	{"502 5.5.1 EXPN command not implemented", "", "502 5.5.1 EXPN command has been disabled"},
	{"354 Go ahead. End your data with ", "", "354 End data with %s"},
	{"421 4.0.0 Internal server error", "", "421 4.3.0 Mail system failure, closing transmission channel"},
	{"421 4.4.0 Connection error, sorry", "", "421 4.4.0 Problem attempting to execute commands. Please try again later."},
	{"421 4.4.2 Idle timeout, bye bye", "", "421 4.4.2 Timeout waiting for the client"},
	{"500 5.5.2 Syntax errors, ", " command unrecognized", "502 5.5.1 Unrecognized command"},
	{"501 5.5.2 Was expecting MAIL arg syntax", "", "501 5.5.4 Syntax: MAIL FROM: <address> <parameters>"},
	{"501 5.5.2 Was expecting RCPT arg syntax", "", "501 5.5.2 Syntax: RCPT TO: <address> <parameters>"},
	{"502 5.5.1 Missing MAIL FROM command.", "", "503 5.5.1 Need MAIL command"},
	{"502 5.5.1 Missing RCPT TO command.", "", "503 5.5.1 Need RCPT command"},
	{"552 5.3.4 Max message size exceeded", "", "552 5.3.4 Message size exceeds fixed limit"},
}

// answered is what goes out for a line of the SMTP server. What is encrypted already (a TLS record starts with a control character)
// goes out as it is, so that over TLS the answers above keep go-smtp's own, equally valid words.
func answered(line []byte) []byte {
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || len(text) == 0 || text[0] < '2' || text[0] > '5' {
		return line
	}
	for _, wording := range wordings {
		rest, begins := bytes.CutPrefix(text, []byte(wording.prefix))
		middle, ends := bytes.CutSuffix(rest, []byte(wording.suffix))
		if begins && ends {
			return []byte(strings.Replace(wording.ours, "%s", string(middle), 1) + "\r\n")
		}
	}
	return line
}
