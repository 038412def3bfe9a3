package report

import (
	"mime"
	"strings"
	"unicode/utf8"
)

// The media types of machine parts.
const (
	deliveryStatus       = "message/delivery-status"
	globalDeliveryStatus = "message/global-delivery-status"
	feedbackReport       = "message/feedback-report"
	dispositionNotice    = "message/disposition-notification"
	jsonReport           = "application/json"
)

// mediaType returns the media type of a Content-Type value in lower case, ""
// when it names none.
func mediaType(value string) string {
	end := 0
	for end < len(value) && !endsMediaType[value[end]] {
		end++
	}
	t := lower(value[:end])
	if strings.IndexByte(t, '/') <= 0 {
		return ""
	}
	return t
}

var endsMediaType = [256]bool{';': true, ' ': true, '\t': true, '(': true, ',': true}

// param returns a parameter of a Content-Type value as lenient as may be: quotes
// that are not closed, values with characters that must be quoted, comments.
func param(value, name string) string {
	for rest := value; ; {
		i := strings.IndexByte(rest, ';')
		if i < 0 {
			break
		}
		rest = trim(rest[i+1:])
		if len(rest) < len(name) || !same(rest[:len(name)], name) {
			rest = skipQuoted(rest)
			continue
		}
		if after := trim(rest[len(name):]); strings.HasPrefix(after, "=") {
			return paramValue(trim(after[1:]))
		}
	}
	// RFC 2231 has other ways to write one: boundary*0="a"; boundary*1="b".
	if strings.IndexByte(value, '*') >= 0 {
		if _, params, err := mime.ParseMediaType(value); err == nil {
			return params[strings.ToLower(name)]
		}
	}
	return ""
}

// skipQuoted cuts a quoted value at the front, so that a ";" in it does not
// count. A parameter's name stands before it.
func skipQuoted(s string) string {
	semicolon, quote := strings.IndexByte(s, ';'), strings.IndexByte(s, '"')
	if quote < 0 || semicolon >= 0 && semicolon < quote {
		return s
	}
	if end := strings.IndexByte(s[quote+1:], '"'); end >= 0 {
		return s[quote+1+end:]
	}
	return s
}

func paramValue(s string) string {
	if !strings.HasPrefix(s, `"`) {
		for i := range len(s) {
			if s[i] == ';' || s[i] == ' ' || s[i] == '\t' {
				s = s[:i]
				break
			}
		}
		return strings.Trim(s, `"'`)
	}
	s = s[1:]
	end := strings.IndexByte(s, '"')
	if end < 0 {
		return trim(strings.TrimRight(s, ";"))
	}
	return trim(strings.ReplaceAll(s[:end], `\`, ""))
}

// machineType returns the media type of a machine part that a label stands for,
// "" when it stands for none.
func machineType(t string) string {
	switch {
	case t == deliveryStatus, t == globalDeliveryStatus, t == feedbackReport, t == dispositionNotice:
		return t
	case strings.HasSuffix(t, "/delivery-status"):
		return deliveryStatus
	case strings.HasSuffix(t, "/feedback-report"):
		return feedbackReport
	case strings.HasSuffix(t, "disposition-notification"):
		return dispositionNotice
	}
	return ""
}

// isXARF reports whether the part is an abuse report in JSON (https://xarf.org):
// the header of the mail says so, or the name of the part.
func isXARF(mail, part Header, mediaType string) bool {
	if mediaType != jsonReport && mediaType != "application/xarf+json" {
		return false
	}
	if mail.Has("X-XARF") || mail.Has("X-ARF") {
		return true
	}
	return strings.Contains(lower(part.Get("Content-Type")), "xarf") || strings.Contains(lower(part.Get("Content-Disposition")), "xarf")
}

// machineField returns the media type that a part is of when it begins with the
// field, "" for a field that tells nothing.
func machineField(name string) string {
	switch lower(name) {
	case "reporting-mta", "original-envelope-id", "final-recipient", "original-recipient", "received-from-mta", "dsn-gateway":
		return deliveryStatus
	case "feedback-type":
		return feedbackReport
	case "reporting-ua":
		return dispositionNotice
	}
	return ""
}

// isReturned reports whether the part holds the returned mail or its header:
// message/rfc822, message/global, text/rfc822-headers, message/global-headers,
// and misspellings of them.
func isReturned(t string) bool {
	return strings.HasPrefix(t, "message/rfc822") || strings.HasPrefix(t, "text/rfc822") || t == "message/global" || t == "message/global-headers"
}

// lower is strings.ToLower that leaves alone what is lower case already.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if !staysLower[s[i]] {
			return strings.ToLower(s)
		}
	}
	return s
}

// staysLower has the bytes of ASCII that are not upper case.
var staysLower = func() (stays [256]bool) {
	for c := range utf8.RuneSelf {
		stays[c] = c < 'A' || c > 'Z'
	}
	return stays
}()
