package report

import (
	"net/mail"
	"strings"
	"time"
)

// Text returns a field value for people: RFC 2047 encoded words decoded, always
// valid UTF-8; see Header.Text.
func Text(value string) string { return readable(value, "") }

// WithoutComments returns value without its comments (RFC 5322 section 3.2.2)
// and trimmed. Parentheses inside quoted strings are none. A comment that is
// never closed reaches to the end.
func WithoutComments(value string) string {
	if strings.IndexByte(value, '(') < 0 {
		return trim(value)
	}
	b := make([]byte, 0, len(value))
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			if i++; depth == 0 && i < len(value) {
				b = append(b, c, value[i])
			}
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted && depth > 0:
			depth--
			continue
		}
		if depth == 0 {
			b = append(b, c)
		}
	}
	return trim(string(b))
}

// layouts are the dates of real reports, the most frequent first. The day of the
// week is cut off before: it says nothing and is often wrong or translated.
var layouts = [...]string{
	"2 Jan 2006 15:04:05 -0700",
	"2 Jan 2006 15:04:05 MST",
	"2 Jan 06 15:04:05 -0700",
	"2 Jan 06 15:04:05 MST",
	"2 Jan 2006 15:04 -0700",
	"2 Jan 2006 15:04:05",
	"2 Jan 2006",
	"Jan 2 15:04:05 2006",
	"Jan 2 15:04:05 MST 2006",
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05 MST",
	"2006-01-02 15:04:05",
}

// zones are the names that mail uses beside UTC and GMT (RFC 5322 section 4.3,
// and a few that are in use), in seconds east of UTC.
var zones = map[string]int{
	"EST": -5 * 3600, "EDT": -4 * 3600, "CST": -6 * 3600, "CDT": -5 * 3600, "MST": -7 * 3600, "MDT": -6 * 3600,
	"PST": -8 * 3600, "PDT": -7 * 3600, "CET": 3600, "CEST": 2 * 3600, "MEZ": 3600, "MESZ": 2 * 3600, "BST": 3600,
	"EET": 2 * 3600, "EEST": 3 * 3600, "MSK": 3 * 3600, "JST": 9 * 3600, "AEST": 10 * 3600, "AEDT": 11 * 3600,
}

// ParseDate reads a date as RFC 5322 section 3.3 has it, and as reports really
// write it: with comments, zone names, a wrong or no day of the week, or in the
// order of ISO 8601. It returns ErrDate when it is none of these.
func ParseDate(value string) (time.Time, error) {
	if t, ok := plainDate(value); ok {
		return t, nil
	}
	text := WithoutComments(value)
	if i := strings.IndexByte(text, ','); i >= 0 && i < 12 {
		text = text[i+1:]
	}
	text = strings.Join(strings.Fields(text), " ")
	if text == "" || len(text) > 100 {
		return time.Time{}, ErrDate
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return inZone(t), nil
		}
	}
	// net/mail knows the rarer folds and blanks.
	if t, err := mail.ParseDate(text); err == nil {
		return inZone(t), nil
	}
	if day, rest, ok := strings.Cut(text, " "); ok && len(day) == 3 {
		if t, err := time.Parse("Jan 2 15:04:05 2006", rest); err == nil {
			return t, nil
		}
	}
	return time.Time{}, ErrDate
}

// inZone gives a time its offset: time.Parse takes a zone name that it does not
// know for UTC.
func inZone(t time.Time) time.Time {
	name, offset := t.Zone()
	if seconds, ok := zones[name]; ok && offset == 0 {
		t = t.Add(-time.Duration(seconds) * time.Second)
	}
	return t.UTC()
}
