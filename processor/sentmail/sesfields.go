package sentmail

import (
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/schemas"
)

// TakeSESFields takes the fields out of the header that tell SES how to send a mail (X-SES-CONFIGURATION-SET, X-SES-MESSAGE-TAGS with
// "name=value, name=value"), as SES does. What the mail has already, or what could not be registered, is not set.
func (m *Mail) TakeSESFields() {
	m.Header = slices.DeleteFunc(slices.Clone(m.Header), func(field schemas.Header) bool {
		switch strings.ToUpper(field.Name) {
		case "X-SES-CONFIGURATION-SET":
			if name := strings.TrimSpace(field.Value); m.ConfigurationSet == "" && (Registration{ConfigurationSet: name}).checkSender() == nil {
				m.ConfigurationSet = name
			}
			return true
		case "X-SES-MESSAGE-TAGS":
			if tags := messageTags(field.Value); len(m.Tags) == 0 && (Registration{Tags: tags}).checkTags() == nil {
				m.Tags = tags
			}
			return true
		}
		return false
	})
}

// messageTags reads "name=value, name=value".
func messageTags(value string) map[string][]string {
	tags := map[string][]string{}
	for tag := range strings.SplitSeq(value, ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(tag), "="); ok {
			tags[strings.TrimSpace(name)] = append(tags[strings.TrimSpace(name)], strings.TrimSpace(value))
		}
	}
	return tags
}
