package processor

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	unicode "unicode/utf8"

	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
)

// FuzzRecognize holds that no mail makes the readers panic, that the line printed for it fits its schema and is the same a second time,
// that ids, addresses and fields are UTF-8 on one line, and that notifications of it fit theirs.
func FuzzRecognize(f *testing.F) {
	for _, mail := range allMails(f) {
		f.Add(mail.raw)
	}
	rules := classify.Default()
	f.Fuzz(func(t *testing.T, mail []byte) {
		found := Recognize(bytes.NewReader(mail), rules)
		if found.Err != nil && strings.Contains(found.Err.Error(), "panicked") {
			t.Fatal(found.Err)
		}
		line := parsedLine(t, mail)
		if err := schemas.Validate(schemas.ParsedSchema, line); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if again := parsedLine(t, mail); !bytes.Equal(line, again) {
			t.Fatalf("got %s and then %s", line, again)
		}
		values := found.MessageIDs
		for _, r := range found.Recipients {
			values = append(values, r.Address, r.Original, r.Action, r.Status, r.DiagnosticCode, r.RemoteMTA, r.RemoteIP)
		}
		for _, value := range values {
			if !unicode.ValidString(value) || strings.ContainsAny(value, "\r\n\x00") {
				t.Fatalf("got the value %q", value)
			}
		}
		if found.Kind != KindNone && found.Kind != KindError {
			assertNotifications(t, found)
		}
	})
}

func parsedLine(t *testing.T, mail []byte) []byte {
	t.Helper()
	line, err := json.Marshal(Parse("mail", bytes.NewReader(mail), classify.Default()))
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// assertNotifications checks what becomes of a report that came to a return path of ours.
func assertNotifications(t *testing.T, found Report) {
	t.Helper()
	sent := sentmail.Mail{MessageID: schemas.HashedID(received, make([]byte, 16)), Account: "123456789012", Source: "orders@sender.example",
		Sent: time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC), Destination: []string{"jane@example.net"}}
	effects, err := decide(found, matchBound(found, sent, "jane@example.net"), sender(), received)
	if err != nil {
		t.Fatal(err)
	}
	for _, notification := range effects.Notifications {
		if err := schemas.Validate(schemas.NotificationSchema, notification.Body); err != nil {
			t.Fatalf("%v\n%s", err, notification.Body)
		}
	}
	for _, entry := range effects.Listings {
		if entry.Address != "jane@example.net" {
			t.Fatalf("listed %q, which nothing was sent to", entry.Address)
		}
	}
}
