package topic

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestVerifyRefusesWhatConsumersRefuse(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	certificate, _ := s.Certificate(s.name)
	other := loadSigner(t, t.TempDir())
	foreign, _ := other.Certificate(other.name)
	body, _, err := s.Notification(sampleTopic(SignatureSHA1), sampleSubscription(), sampleMessage(), "https://api.example.net")
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, replacement string) []byte {
		changed := bytes.Replace(body, []byte(old), []byte(replacement), 1)
		if bytes.Equal(changed, body) {
			t.Fatalf("%q is not in the body", old)
		}
		return changed
	}
	tests := []struct {
		name        string
		body        []byte
		certificate []byte
		want        error
	}{
		{"another message", replace("zweite", "dritte"), certificate, ErrSignature},
		{"another topic", replace(":bounces", ":others"), certificate, ErrSignature},
		{"another time", replace("38.237Z", "38.238Z"), certificate, ErrSignature},
		{"another key", body, foreign, ErrSignature},
		{"a signature that is not base64", replace(`"Signature" : "`, `"Signature" : "!`), certificate, ErrSignature},
		{"an empty subject", replace(`  "Message"`, "  \"Subject\" : \"\",\n  \"Message\""), certificate, ErrEnvelope},
		{"an added subject", replace(`  "Message"`, "  \"Subject\" : \"x\",\n  \"Message\""), certificate, ErrSignature},
		{"a timestamp with an offset", replace("14:59:38.237Z", "15:59:38.237+01:00"), certificate, ErrEnvelope},
		{"an unknown version", replace(`"SignatureVersion" : "1"`, `"SignatureVersion" : "3"`), certificate, ErrEnvelope},
		{"a version that lies", replace(`"SignatureVersion" : "1"`, `"SignatureVersion" : "2"`), certificate, ErrSignature},
		{"an unknown type", replace(`"Notification"`, `"Invitation"`), certificate, ErrEnvelope},
		{"a confirmation without a token", replace(`"Notification"`, `"SubscriptionConfirmation"`), certificate, ErrEnvelope},
		{"no topic", replace(`  "TopicArn"`, `  "Topic"`), certificate, ErrEnvelope},
		{"a certificate of another name", replace("/SimpleNotificationService-", "/Certificate-"), certificate, ErrEnvelope},
		{"not JSON", []byte("hello"), certificate, ErrEnvelope},
		{"a certificate file with CR", body, bytes.ReplaceAll(certificate, []byte("\n"), []byte("\r\n")), ErrEnvelope},
		{"two certificates", body, append(bytes.Clone(certificate), foreign...), ErrEnvelope},
		{"words before the certificate", body, append([]byte("subject=\n"), certificate...), ErrEnvelope},
		{"no certificate", body, nil, ErrEnvelope},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Verify(test.body, test.certificate); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if e, err := Verify(body, certificate); err != nil || !strings.HasPrefix(e.Message, `{"a"`) {
		t.Errorf("the unchanged body: got %v, error %v", e, err)
	}
}
