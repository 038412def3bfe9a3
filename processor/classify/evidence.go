package classify

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/status"
)

const (
	// maxDiagnostic is far above the longest replies seen, 2 KB of Exchange.
	maxDiagnostic = 4 << 10
	// maxText takes the text of a report on some hundred recipients.
	maxText = 16 << 10
)

// evidence is what the fields of a report say in codes.
type evidence struct {
	inDiagnostic status.Code
	inStatus     status.Code
	reply        int  // 400 to 599, 0 for none
	success      bool // the diagnostic is a reply that accepts, whose words name no fault
	temporary    bool
}

func gather(in Input) evidence {
	diagnostic := in.Diagnostic[:min(len(in.Diagnostic), maxDiagnostic)]
	e := evidence{}
	e.inDiagnostic = findCode(diagnostic)
	e.inStatus, _ = status.Parse(in.Status)
	reply, ok := status.FindReply(diagnostic)
	if ok && reply < 400 {
		later, _ := status.FindReply(strings.TrimLeft(diagnostic, " \t\r\n")[3:])
		e.success = later < 400 && e.inDiagnostic.Class < 4
		reply = later
	}
	if reply >= 400 {
		e.reply = reply
	}
	e.temporary = e.isTemporary(in.Action)
	return e
}

// findCode returns the first code of a failure in text, the first of success when
// there is none: a transcript begins with what went well.
func findCode(text string) status.Code {
	const most = 16 // replies of success before one of failure
	first, _ := status.Find(text)
	code := first
	for range most {
		if code.Class != 2 {
			return code
		}
		_, text, _ = strings.Cut(text, code.String())
		found := false
		if code, found = status.Find(text); !found {
			break
		}
	}
	return first
}

// isTemporary reports whether class 4 counts. What the remote host said counts
// more than what the reporting host made of it: Exim and Courier give 5.0.0, and
// Postfix gives 4.x.x, for a reply of either class whose time ran out.
func (e evidence) isTemporary(action string) bool {
	switch {
	case strings.EqualFold(strings.TrimSpace(action), "delayed"):
		return true
	case isExpiry(e.inStatus), isExpiry(e.inDiagnostic):
		return true
	case e.reply/100 == 4, e.inDiagnostic.Class == 4:
		return true
	case e.reply/100 == 5, e.inDiagnostic.Class == 5:
		return false
	}
	return e.inStatus.Class == 4
}

// isExpiry reports whether the code says that the time ran out, which is final
// but no fault of the address, whatever its class.
func isExpiry(c status.Code) bool { return c.Subject == 4 && c.Detail == 7 }

// effective returns the code that counts.
func (e evidence) effective() status.Code {
	switch {
	case e.inDiagnostic.Specific():
		return e.inDiagnostic
	case e.inStatus.Specific() || e.inDiagnostic.IsZero():
		return e.inStatus
	}
	return e.inDiagnostic
}

// about returns the lines of text that are about address, and reports whether
// the rest is about others: there are lines that begin with another address. A
// single other address, when this one is nowhere, is the same recipient's by
// another name.
func about(text, address string) (near string, others bool) {
	key := strings.ToLower(address)
	anywhere := strings.IndexByte(key, '@') < 0 // it is no address
	var b strings.Builder
	other, several, within := "", false, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		lower, first := "", ""
		if anywhere || strings.IndexByte(line, '@') >= 0 {
			lower = strings.ToLower(line)
			first = firstAddress(lower)
		}
		switch {
		case key != "" && strings.Contains(lower, key):
			within = true
		case first != "":
			within = false
			several = several || other != "" && other != first
			other = first
		case line == "":
			within = false
		}
		if within {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String(), several || other != "" && b.Len() > 0
}

// firstAddress returns the address that the line begins with, "" when it begins
// with something else.
func firstAddress(line string) string {
	line = strings.TrimLeft(line, "<\"'*->. ")
	end := strings.IndexAny(line, " \t<>\",;:()")
	if end < 0 {
		end = len(line)
	}
	word := strings.TrimRight(line[:end], ".'")
	if at := strings.IndexByte(word, '@'); at <= 0 || strings.ContainsAny(word[:at], "=/[]") {
		return ""
	}
	return word
}
