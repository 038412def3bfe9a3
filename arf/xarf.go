package arf

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/report"
)

// parseXARF reads a complaint in the eXtended Abuse Reporting Format, JSON in
// version 4 (https://xarf.org) and version 3. Only its category "messaging" is
// about mails; a port scan is no complaint of a recipient.
func parseXARF(m *report.Message) *Report {
	for _, part := range m.Machine {
		if part.MediaType == "application/json" {
			if r := xarf(part.Body, m.Returned); r != nil {
				return r
			}
		}
	}
	if text := strings.TrimSpace(m.Text); strings.HasPrefix(text, "{") && strings.Contains(text, "xarf") {
		return xarf(text, m.Returned)
	}
	return nil
}

// xarf reads the report in text, nil when it is none. A report that was cut off
// counts for what it holds.
func xarf(text string, returned report.Header) *Report {
	v := jsonValues(text)
	version := v.first("xarf_version")
	if version == "" && v.first("report.reportclass") != "" {
		version = v.first("version") // version 3
	}
	if version == "" || !strings.EqualFold(v.first("category", "report.reportclass"), "messaging") {
		return nil
	}
	r := &Report{FeedbackType: xarfType(v.first("type", "report.reporttype")), Version: version, Incidents: 1, Returned: returned,
		UserAgent: v.first("reporter.org", "reporterinfo.reporterorg")}
	r.OriginalMailFrom, _ = bare(v.first("smtp_from", "report.smtpmailfromaddress"))
	if spec, ok := bare(v.first("smtp_to", "smtp_recipient", "report.smtprcpttoaddress")); ok {
		r.OriginalRcptTo = []string{spec}
	}
	r.SourceIP, _ = netip.ParseAddr(v.first("source_identifier", "report.sourceip"))
	if port, err := strconv.ParseUint(v.first("source_port", "report.sourceport"), 10, 16); err == nil {
		r.SourcePort = int(port)
	}
	if at, err := time.Parse(time.RFC3339, v.first("timestamp", "report.date")); err == nil {
		r.ArrivalDate = at.UTC()
	}
	if r.Returned == nil {
		r.Returned = evidence(v.first("evidence.payload", "report.samples.payload"))
	}
	return r
}

func xarfType(name string) FeedbackType {
	switch strings.ToLower(name) {
	case "phishing", "fraud":
		return Fraud
	case "malware", "virus":
		return Virus
	}
	return Abuse
}

// evidence returns the header of the mail in the payload, which is in base64 or
// plain.
func evidence(payload string) report.Header {
	if decoded, err := base64.StdEncoding.DecodeString(payload); err == nil {
		payload = string(decoded)
	}
	if h := report.ParseHeader(payload); h.Has("From") || h.Has("Received") {
		return h
	}
	return nil
}

// values are the strings and numbers of a JSON text by the names that lead to
// them, in lower case and joined by dots; of a list the first counts.
type values map[string]string

func (v values) first(names ...string) string {
	for _, name := range names {
		if value := v[name]; value != "" {
			return value
		}
	}
	return ""
}

// maxNesting bounds the nesting that is looked at; XARF needs three.
const maxNesting = 10

// jsonValues reads the text up to its end or to its first error.
func jsonValues(text string) values {
	v := values{}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	type level struct {
		name   string // of the value that is next or being read
		object bool
		isName bool // the next token is a name
	}
	stack := []level{{}}
	for len(stack) <= maxNesting {
		token, err := d.Token()
		if err != nil {
			break
		}
		top := &stack[len(stack)-1]
		switch token := token.(type) {
		case json.Delim:
			switch token {
			case '{', '[':
				stack = append(stack, level{name: top.name, object: token == '{', isName: token == '{'})
				continue
			}
			stack = stack[:len(stack)-1]
		case string:
			if top.object && top.isName {
				top.name, top.isName = join(stack[len(stack)-2].name, token), false
				continue
			}
			v.set(top.name, token)
		case json.Number:
			v.set(top.name, token.String())
		}
		top = &stack[len(stack)-1]
		top.isName = top.object
	}
	return v
}

func (v values) set(name, value string) {
	if _, known := v[name]; !known {
		v[name] = value
	}
}

func join(outer, name string) string {
	name = strings.ToLower(name)
	if outer == "" {
		return name
	}
	return outer + "." + name
}
