package plaintext

import (
	"encoding/json"
	"strings"

	"github.com/rebound-mail/rebound/dsn/report"
)

// readNotification reads a bounce notification of Amazon SES that a topic of
// Amazon SNS sent by mail: JSON as text. It returns nil for anything else.
func readNotification(m mail) *Bounce {
	text := strings.TrimSpace(m.Text)
	if !strings.HasPrefix(text, "{") {
		return nil
	}
	// Sendmail breaks a line of more than 990 bytes with "!".
	text = strings.ReplaceAll(text, "!\n ", "")
	if !strings.Contains(text, "bouncedRecipients") {
		return nil
	}
	body := []byte(text)
	if end := strings.LastIndexByte(text, '}'); end > 0 {
		body = body[:end+1] // behind it is how to unsubscribe
	}
	var envelope struct{ Message string }
	if json.Unmarshal(body, &envelope) == nil && envelope.Message != "" {
		body = []byte(envelope.Message)
	}
	var n sesNotification
	if json.Unmarshal(body, &n) != nil || n.kind() != "Bounce" {
		return nil
	}
	b := &Bounce{Format: "ses", ReportingMTA: afterType(n.Bounce.ReportingMTA)}
	for _, r := range n.Bounce.BouncedRecipients {
		found := addressesIn([]string{r.EmailAddress})
		if len(found) == 0 || len(b.Recipients) == maxRecipients {
			continue
		}
		diagnostic := r.DiagnosticCode
		if len(diagnostic) > maxDiagnostic {
			diagnostic = strings.ToValidUTF8(diagnostic[:maxDiagnostic], "")
		}
		b.Recipients = append(b.Recipients, Recipient{
			Address: found[0].address, Status: r.Status, Diagnostic: diagnostic, Delayed: strings.EqualFold(r.Action, "delayed"),
		})
	}
	if len(b.Recipients) == 0 {
		return nil
	}
	for _, h := range n.Mail.Headers {
		b.Returned = append(b.Returned, report.Field{Name: h.Name, Value: h.Value})
	}
	return b
}

// sesNotification is the part of a notification that is read here.
type sesNotification struct {
	NotificationType, EventType string
	Bounce                      struct {
		ReportingMTA      string
		BouncedRecipients []struct{ EmailAddress, Action, Status, DiagnosticCode string }
	}
	Mail struct {
		Headers []struct{ Name, Value string }
	}
}

func (n *sesNotification) kind() string {
	if n.NotificationType != "" {
		return n.NotificationType
	}
	return n.EventType
}

// afterType cuts the type off "dns; host".
func afterType(s string) string {
	if _, host, ok := strings.Cut(s, ";"); ok {
		s = host
	}
	return strings.TrimSpace(s)
}
