package report

import "strings"

// findInline looks in the text for the fields of a delivery status that lost the
// MIME structure around them, as archives and old relays leave it behind. It
// looks only in mail that a mail system seems to have written, so that people
// who quote a bounce are not taken for one.
func (m *Message) findInline() {
	if !namesRecipient(m.Text) || !m.fromMailSystem() {
		return
	}
	var groups []Header
	start, end, count := -1, 0, 0
	for end < len(m.Text) && count < maxGroupFields {
		paragraph, rest := cutParagraph(m.Text[end:])
		if group := ParseGroups(paragraph); len(group) == 1 && isStatusGroup(group[0], start >= 0) {
			if start < 0 {
				start = end
			}
			groups = append(groups, group[0])
			count += len(group[0])
		} else if start >= 0 && trim(paragraph) != "" {
			break
		}
		end = len(m.Text) - len(rest)
	}
	if start >= 0 && m.addInline(groups, m.Text[start:end]) && m.Returned == nil {
		m.Returned = inlineReturned(m.Text[end:])
	}
}

// namesRecipient reports whether "-Recipient:" stands in the text, in upper or
// lower case.
func namesRecipient(text string) bool {
	const name = "-recipient"
	for {
		before, rest, ok := strings.Cut(text, ":")
		if !ok {
			return false
		}
		if n := len(before) - len(name); n >= 0 && before[n] == '-' && strings.EqualFold(before[n:], name) {
			return true
		}
		text = rest
	}
}

// inlineReturned returns the header of the returned mail that stands behind the
// fields, nil when there is none.
func inlineReturned(text string) Header {
	for skipped := 0; text != "" && skipped < 2; {
		var paragraph string
		paragraph, text = cutParagraph(text)
		if h := ParseHeader(paragraph); isMailHeader(h) {
			return h
		} else if len(h) > 0 {
			skipped++ // the header of a part whose delimiter was lost
		}
	}
	return nil
}

// addInline adds the groups as a machine part if they tell about a recipient.
func (m *Message) addInline(groups []Header, body string) bool {
	for _, g := range groups {
		if (g.Has("Final-Recipient") || g.Has("Original-Recipient")) && (g.Has("Action") || g.Has("Status")) {
			m.Machine = append(m.Machine, Part{MediaType: deliveryStatus, Groups: groups, Body: strings.Trim(body, "\n")})
			return true
		}
	}
	return false
}

// fromMailSystem reports whether the header looks like that of a report.
func (m *Message) fromMailSystem() bool {
	if m.ReportType == "delivery-status" || m.Header.Get("Return-Path") == "<>" {
		return true
	}
	if strings.HasPrefix(lower(m.Header.Get("Auto-Submitted")), "auto-") {
		return true
	}
	from := lower(m.Header.Get("From"))
	for _, mark := range []string{"mailer-daemon", "mail delivery", "postmaster", "mailer daemon", "mail-daemon"} {
		if strings.Contains(from, mark) {
			return true
		}
	}
	return false
}

// isStatusGroup reports whether the fields are a group of RFC 3464. The first
// one must begin with a field that stands nowhere else.
func isStatusGroup(h Header, more bool) bool {
	if len(h) == 0 {
		return false
	}
	for _, field := range h {
		if machineField(field.Name) == deliveryStatus {
			return true
		}
	}
	return more && h.Has("Action") && h.Has("Status")
}

func isMailHeader(h Header) bool {
	return h.Has("From") && (h.Has("Received") || h.Has("Return-Path") || h.Has("To") && h.Has("Subject"))
}

// cutParagraph cuts the lines before the first blank line off text, and the
// blank line with it.
func cutParagraph(text string) (paragraph, rest string) {
	for at := 0; at < len(text); {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		if trim(text[at:at+end]) == "" {
			return text[:at], text[at+end+1:]
		}
		at += end + 1
	}
	return text, ""
}
