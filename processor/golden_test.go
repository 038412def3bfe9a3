package processor

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

var update = flag.Bool("update", false, "write the golden files anew")

const testdata = "../testdata"

// received is when all recorded mails are said to have come in.
var received = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// sender is an account with an identity for the mails that the recordings are about.
func sender() Settings {
	return Settings{
		Account: account.Account{ID: "123456789012", SuppressedReasons: []suppression.Reason{suppression.Bounce, suppression.Complaint}},
		Identity: account.Identity{Account: "123456789012", Identity: "sender.example", BounceTopic: "arn:aws:sns:us-east-1:123456789012:feedback",
			ComplaintTopic: "arn:aws:sns:us-east-1:123456789012:feedback", DeliveryTopic: "arn:aws:sns:us-east-1:123456789012:feedback",
			ForwardingEnabled: true, HeadersInBounce: true},
		Region: "us-east-1",
		Style:  Style{HeadersOnRequest: true},
	}
}

// registered is the mail of ours that a recorded report is about, as its sender would have registered it: to the recipients in its To field.
func registered(found Report) sentmail.Mail {
	sent := sentmail.Mail{MessageID: schemas.HashedID(received, make([]byte, 16)), HeaderMessageID: found.Returned.Get("Message-ID"), Account: "123456789012",
		Source: "orders@sender.example", Sent: time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)}
	for _, name := range []string{"From", "To", "Subject", "Message-ID"} {
		if found.Returned.Has(name) {
			sent.Header = append(sent.Header, schemas.Header{Name: name, Value: found.Returned.Text(name)})
		}
	}
	if list, err := mail.ParseAddressList(found.Returned.Text("To")); err == nil {
		for _, one := range list {
			sent.Destination = append(sent.Destination, one.Address)
		}
	}
	if len(sent.Destination) == 0 {
		for _, recipient := range found.Recipients {
			sent.Destination = append(sent.Destination, recipient.Address)
		}
	}
	return sent
}

// golden is what stands beside a recorded mail: the line that parse prints, and what decide makes of it.
type golden struct {
	Parsed        schemas.Parsed    `json:"parsed"`
	Listed        []string          `json:"listed,omitempty"`
	Counts        map[string]int64  `json:"counts,omitempty"`
	Notifications []json.RawMessage `json:"notifications,omitempty"`
}

func goldenOf(t *testing.T, name string, raw []byte) []byte {
	t.Helper()
	found := Recognize(bytes.NewReader(raw), classify.Default())
	result := golden{Parsed: Parse(name, bytes.NewReader(raw), classify.Default()), Counts: map[string]int64{}}
	if found.Kind != KindNone && found.Kind != KindError {
		effects, err := decide(found, matchRecorded(found, registered(found)), sender(), received)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range effects.Listings {
			result.Listed = append(result.Listed, entry.Address+" "+string(entry.Reason))
		}
		for name, n := range map[string]int64{"bounces": effects.Counts.Bounces, "complaints": effects.Counts.Complaints, "deliveries": effects.Counts.Deliveries} {
			if n > 0 {
				result.Counts[name] = n
			}
		}
		for _, notification := range effects.Notifications {
			if err := schemas.Validate(schemas.NotificationSchema, notification.Body); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			result.Notifications = append(result.Notifications, notification.Body)
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(result); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// mails calls f for each mail below a folder of testdata.
func mails(t *testing.T, folder string, f func(t *testing.T, path string, raw []byte)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(filepath.Join(testdata, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".eml" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		name, _ := filepath.Rel(testdata, path)
		t.Run(name, func(t *testing.T) { f(t, path, raw) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Fatalf("no mails below %s", folder)
	}
}

// compareGolden compares what is made of each mail below a folder with the file beside it.
func compareGolden(t *testing.T, folder string) {
	mails(t, folder, func(t *testing.T, path string, raw []byte) {
		name, _ := filepath.Rel(testdata, path)
		got := goldenOf(t, filepath.ToSlash(name), raw)
		file := strings.TrimSuffix(path, ".eml") + ".json"
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; write it with: go test ./processor -run Golden -update", err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestGoldenNotificationsOfRecordedMails(t *testing.T) { compareGolden(t, "recordings") }

func TestGoldenNotificationsOfHandwrittenMails(t *testing.T) { compareGolden(t, "handwritten") }

func TestLineEndsChangeNothing(t *testing.T) {
	for _, folder := range []string{"recordings", "handwritten", "none"} {
		mails(t, folder, func(t *testing.T, _ string, raw []byte) {
			unix := bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
			want := goldenOf(t, "mail", bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n")))
			if diff := cmp.Diff(string(want), string(goldenOf(t, "mail", unix))); diff != "" {
				t.Errorf("-CRLF +LF:\n%s", diff)
			}
		})
	}
}
