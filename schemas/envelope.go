package schemas

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// EnvelopeType is the value of an SNS envelope's Type.
type EnvelopeType string

// The envelope types of SNS.
const (
	EnvelopeNotification             EnvelopeType = "Notification"
	EnvelopeSubscriptionConfirmation EnvelopeType = "SubscriptionConfirmation"
	EnvelopeUnsubscribeConfirmation  EnvelopeType = "UnsubscribeConfirmation"
)

// Envelope is the body of an SNS POST. Notifications have no Token and SubscribeURL, confirmations no Subject and UnsubscribeURL. An empty
// Subject is left out: consumers refuse "".
type Envelope struct {
	Type             EnvelopeType `json:"Type"`
	MessageID        string       `json:"MessageId"`
	Token            string       `json:"Token,omitempty"`
	TopicArn         string       `json:"TopicArn"`
	Subject          string       `json:"Subject,omitempty"`
	Message          string       `json:"Message"`
	SubscribeURL     string       `json:"SubscribeURL,omitempty"`
	Timestamp        Time         `json:"Timestamp"`
	SignatureVersion string       `json:"SignatureVersion"` // "1" SHA1, "2" SHA256
	Signature        string       `json:"Signature"`
	SigningCertURL   string       `json:"SigningCertURL"`
	UnsubscribeURL   string       `json:"UnsubscribeURL,omitempty"`
	// MessageAttributes are those of a notification by name; they are not signed. Absent when there are none.
	MessageAttributes map[string]MessageAttribute `json:"MessageAttributes,omitempty"`
}

// MessageAttribute is what a publisher says of a message beside its text. Type is String, String.Array, Number or Binary, maybe with a
// suffix after a dot; a Binary value is in base64.
type MessageAttribute struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

// Encode writes the envelope with the blanks and line ends that SNS sends (`  "Type" : "Notification",`).
func (e Envelope) Encode() ([]byte, error) {
	fields := []struct{ key, value string }{
		{"Type", string(e.Type)}, {"MessageId", e.MessageID}, {"Token", e.Token}, {"TopicArn", e.TopicArn}, {"Subject", e.Subject},
		{"Message", e.Message}, {"SubscribeURL", e.SubscribeURL}, {"Timestamp", FormatTime(e.Timestamp.Time)},
		{"SignatureVersion", e.SignatureVersion}, {"Signature", e.Signature}, {"SigningCertURL", e.SigningCertURL},
		{"UnsubscribeURL", e.UnsubscribeURL},
	}
	var out bytes.Buffer
	separator := "{\n"
	for _, field := range fields {
		if field.value == "" && field.key != "Message" {
			continue
		}
		value, err := Marshal(field.value)
		if err != nil {
			return nil, err
		}
		out.WriteString(separator + `  "` + field.key + `" : `)
		out.Write(value)
		separator = ",\n"
	}
	if len(e.MessageAttributes) > 0 {
		attributes, err := e.attributes()
		if err != nil {
			return nil, err
		}
		out.WriteString(",\n" + `  "MessageAttributes" : ` + attributes)
	}
	out.WriteString("\n}")
	return out.Bytes(), nil
}

// attributes writes the attributes by name, each on a line of its own.
func (e Envelope) attributes() (string, error) {
	var out strings.Builder
	separator := "{\n"
	for _, name := range slices.Sorted(maps.Keys(e.MessageAttributes)) {
		attribute := e.MessageAttributes[name]
		words := make([]string, 0, 3)
		for _, word := range []string{name, attribute.Type, attribute.Value} {
			quoted, err := Marshal(word)
			if err != nil {
				return "", err
			}
			words = append(words, string(quoted))
		}
		out.WriteString(separator + "    " + words[0] + ` : {"Type":` + words[1] + `,"Value":` + words[2] + "}")
		separator = ",\n"
	}
	return out.String() + "\n  }", nil
}
