package topic

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

// consumerCertificatePath is the strictest pattern among the consumers that are known, without their host name.
var consumerCertificatePath = regexp.MustCompile(`/SimpleNotificationService-[a-zA-Z0-9]{32}\.pem$`)

// Verify reads the body of a request and checks what the consumers in the field check together: the members that must be there, the
// form of subject, timestamp and certificate URL, that the certificate file is one PEM block with LF line ends and an RSA key, and the
// signature. The caller fetches the certificate from SigningCertURL, and decides which hosts it trusts. Errors: ErrEnvelope, ErrSignature.
func Verify(body, certificatePEM []byte) (schemas.Envelope, error) {
	e, err := parseEnvelope(body)
	if err != nil {
		return schemas.Envelope{}, fmt.Errorf("topic: verify: %w: %w", ErrEnvelope, err)
	}
	certificate, err := parseCertificate(certificatePEM)
	if err != nil {
		return schemas.Envelope{}, fmt.Errorf("topic: verify: %w: %w", ErrEnvelope, err)
	}
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil {
		return schemas.Envelope{}, fmt.Errorf("topic: verify: %w: %w", ErrSignature, err)
	}
	algorithm := x509.SHA1WithRSA
	if e.SignatureVersion == SignatureSHA256 {
		algorithm = x509.SHA256WithRSA
	}
	if err := certificate.CheckSignature(algorithm, []byte(canonical(e)), signature); err != nil {
		return schemas.Envelope{}, fmt.Errorf("topic: verify: %w: %w", ErrSignature, err)
	}
	return e, nil
}

func parseEnvelope(body []byte) (schemas.Envelope, error) {
	var raw struct {
		Subject   *string
		Timestamp string
	}
	var e schemas.Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return e, err
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return e, err
	}
	required := map[string]string{
		"Message": e.Message, "MessageId": e.MessageID, "Timestamp": raw.Timestamp, "TopicArn": e.TopicArn, "Type": string(e.Type),
		"Signature": e.Signature, "SigningCertURL": e.SigningCertURL, "SignatureVersion": e.SignatureVersion,
	}
	switch e.Type {
	case schemas.EnvelopeNotification:
	case schemas.EnvelopeSubscriptionConfirmation, schemas.EnvelopeUnsubscribeConfirmation:
		required["SubscribeURL"], required["Token"] = e.SubscribeURL, e.Token
	default:
		return e, fmt.Errorf("type %q", e.Type)
	}
	for name, value := range required {
		if value == "" {
			return e, fmt.Errorf("no %s", name)
		}
	}
	if raw.Subject != nil && *raw.Subject == "" {
		return e, fmt.Errorf("an empty subject; without one the member must be absent")
	}
	return e, checkForm(e, raw.Timestamp)
}

func checkForm(e schemas.Envelope, timestamp string) error {
	if e.SignatureVersion != SignatureSHA1 && e.SignatureVersion != SignatureSHA256 {
		return fmt.Errorf("signature version %q", e.SignatureVersion)
	}
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", timestamp); err != nil {
		return err
	}
	u, err := url.Parse(e.SigningCertURL)
	if err != nil {
		return err
	}
	if u.Host == "" || u.RawQuery != "" || !consumerCertificatePath.MatchString(u.Path) {
		return fmt.Errorf("SigningCertURL %q does not name a certificate of SNS's form", e.SigningCertURL)
	}
	return nil
}

func parseCertificate(file []byte) (*x509.Certificate, error) {
	if bytes.ContainsRune(file, '\r') {
		return nil, fmt.Errorf("the certificate file has CR line ends")
	}
	block, rest := pem.Decode(file)
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 || !bytes.HasPrefix(file, []byte("-----BEGIN")) {
		return nil, fmt.Errorf("the certificate file is not exactly one PEM certificate")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	if _, ok := certificate.PublicKey.(*rsa.PublicKey); !ok {
		return nil, fmt.Errorf("the certificate's key is not RSA")
	}
	return certificate, nil
}
