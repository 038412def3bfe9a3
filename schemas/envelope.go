package schemas

import "bytes"

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
	out.WriteString("\n}")
	return out.Bytes(), nil
}
