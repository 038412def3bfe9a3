package sentmail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	owner "github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
)

const whole = `{
	"messageId": "m1@example.org", "timestamp": "2026-01-27T15:59:38.237+01:00", "source": "News <news@example.org>",
	"destination": ["Jane <Jane@EXAMPLE.net>", "joe@example.net"],
	"headers": [{"name": "Subject", "value": "Hi & <bye>"}], "tags": {"campaign": ["a", "b"]}, "accountId": "123456789012",
	"identity": "example.org", "configurationSet": "set", "sourceIp": "192.0.2.10", "callerIdentity": "mailer"}`

func TestARegistrationBecomesTheMailThatItTellsOf(t *testing.T) {
	r, err := sentmail.ParseRegistration([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Mail(now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	want := mail()
	want.MessageID, want.Recipients = got.MessageID, []sentmail.Recipient{{Address: "Jane@example.net"}, {Address: "joe@example.net"}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(sentmail.Recipient{}, "ID")); diff != "" {
		t.Error(diff)
	}
	s := open(t)
	recorded, fresh := s.record(got)
	if !fresh || recorded.Recipients[0] != got.Recipients[0] {
		t.Errorf("got %+v, fresh %v; want the mail as it was told", recorded, fresh)
	}
	if _, fresh := s.record(want); fresh {
		t.Error("the mail registered again is a new one")
	}
}

func TestSourceAndDestinationAreEnough(t *testing.T) {
	r, err := sentmail.ParseRegistration([]byte(`{"source":"news@example.org","destination":["jane@example.net"]}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Mail(now)
	if err != nil {
		t.Fatal(err)
	}
	if got.Account != owner.DefaultID || !got.Sent.Equal(now) || len(got.MessageID) != len(sesID) || got.HeaderMessageID != "" {
		t.Errorf("got %+v", got)
	}
}

func TestTheMessageIDOfTheHeaderCountsWhenNoneIsGiven(t *testing.T) {
	inHeader := []schemas.Header{{Name: "Subject", Value: "Hi"}, {Name: "message-id", Value: " <h1@example.org>"}}
	for name, test := range map[string]struct {
		given             string
		headers           []schemas.Header
		raw               string
		sesID, fromHeader string
	}{
		"given":          {given: "<m1@example.org>", headers: inHeader, fromHeader: "<m1@example.org>"},
		"bare":           {given: "m1@example.org", fromHeader: "<m1@example.org>"},
		"in the headers": {headers: inHeader, fromHeader: "<h1@example.org>"},
		"in raw header":  {raw: "Subject: Hi\r\nMessage-ID:\r\n <h1@example.org>\r\n\r\nMessage-ID: <body@example.org>\r\n", fromHeader: "<h1@example.org>"},
		"SES id":         {given: sesID, sesID: sesID},
		"SES id as well": {given: sesID, headers: inHeader, sesID: sesID, fromHeader: "<h1@example.org>"},
		"SES Message-ID": {given: "<" + sesID + "@email.amazonses.com>", headers: inHeader, sesID: sesID, fromHeader: "<" + sesID + "@email.amazonses.com>"},
		"none":           {raw: "Subject: Hi"},
	} {
		t.Run(name, func(t *testing.T) {
			r := sentmail.Registration{MessageID: test.given, Headers: test.headers, RawHeader: test.raw, Source: "a@example.org", Destination: []string{"b@example.net"}}
			got, err := r.Mail(now)
			if err != nil {
				t.Fatal(err)
			}
			if got.HeaderMessageID != test.fromHeader || test.sesID != "" && got.MessageID != test.sesID || got.MessageID == "" {
				t.Errorf("got %q and %q, want %q and %q", got.MessageID, got.HeaderMessageID, test.sesID, test.fromHeader)
			}
		})
	}
}

func TestARawHeaderIsUnfolded(t *testing.T) {
	r := sentmail.Registration{Source: "a@example.org", Destination: []string{"b@example.net"},
		RawHeader: "From: a@example.org\nContent-Type: multipart/alternative;\n  boundary=x\nX-Odd: \xff\n\nFrom: body\n"}
	got, err := r.Mail(now)
	if err != nil {
		t.Fatal(err)
	}
	want := []schemas.Header{{Name: "From", Value: "a@example.org"}, {Name: "Content-Type", Value: "multipart/alternative;  boundary=x"},
		{Name: "X-Odd", Value: "\uFFFD"}}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Error(diff)
	}
}

func TestJSONThatIsNoRegistrationIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ body, says string }{
		"unknown key":        {`{"source":"a@b.example","destinations":["c@d.example"]}`, `"destinations"`},
		"unknown header key": {`{"headers":[{"name":"X","valu":"y"}]}`, `"valu"`},
		"mistyped":           {`{"destination":"c@d.example"}`, `"destination" cannot be a string`},
		"timestamp":          {`{"timestamp":"yesterday"}`, "yesterday"},
		"no object":          {`[]`, "no JSON object"},
		"empty":              {``, "empty"},
		"cut off":            {`{"source":`, "unexpected"},
		"more than one":      {`{} {}`, "follows"},
		"huge":               {`{"source":"` + strings.Repeat("x", 1<<20) + `"}`, "at most"},
	} {
		_, err := sentmail.ParseRegistration([]byte(test.body))
		if !errors.Is(err, sentmail.ErrInvalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want ErrInvalid that says %s", name, err, test.says)
		}
	}
}

func TestARegistrationThatBreaksARuleIsRefused(t *testing.T) {
	many := func(n int) []string { return make([]string, n) }
	for name, change := range map[string]func(*sentmail.Registration){
		"no source":         func(r *sentmail.Registration) { r.Source = "" },
		"null source":       func(r *sentmail.Registration) { r.Source = "<>" },
		"line end":          func(r *sentmail.Registration) { r.Source = "News\r\nBcc: <news@example.org>" },
		"not UTF-8":         func(r *sentmail.Registration) { r.Source = "\xff <news@example.org>" },
		"no destination":    func(r *sentmail.Registration) { r.Destination = nil },
		"destinations":      func(r *sentmail.Registration) { r.Destination = many(1001) },
		"destination":       func(r *sentmail.Registration) { r.Destination[1] = "joe" },
		"two in one":        func(r *sentmail.Registration) { r.Destination[1] = "joe@example.net, jim@example.net" },
		"domain":            func(r *sentmail.Registration) { r.Destination[1] = "joe@xn--\u00e4.example" },
		"long destination":  func(r *sentmail.Registration) { r.Destination[1] = strings.Repeat("x", 990) + " <joe@example.net>" },
		"future":            func(r *sentmail.Registration) { r.Timestamp.Time = now.Add(25 * time.Hour) },
		"past":              func(r *sentmail.Registration) { r.Timestamp.Time = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC) },
		"number for an id":  func(r *sentmail.Registration) { r.MessageID = "12345" },
		"blank in id":       func(r *sentmail.Registration) { r.MessageID = "<m 1@example.org>" },
		"empty id":          func(r *sentmail.Registration) { r.MessageID = "<>" },
		"long id":           func(r *sentmail.Registration) { r.MessageID = "<" + strings.Repeat("x", 990) + "@example.org>" },
		"two headers":       func(r *sentmail.Registration) { r.RawHeader = "Subject: Hi" },
		"many headers":      func(r *sentmail.Registration) { r.Headers = make([]schemas.Header, 501) },
		"header name":       func(r *sentmail.Registration) { r.Headers[0].Name = "Sub ject" },
		"no header name":    func(r *sentmail.Registration) { r.Headers[0].Name = "" },
		"folded header":     func(r *sentmail.Registration) { r.Headers[0].Value = "a\r\n b" },
		"long header":       func(r *sentmail.Registration) { r.Headers[0].Value = strings.Repeat("x", 64<<10+1) },
		"long raw header":   func(r *sentmail.Registration) { r.Headers, r.RawHeader = nil, "X: "+strings.Repeat("x", 64<<10) },
		"no raw header":     func(r *sentmail.Registration) { r.Headers, r.RawHeader = nil, "\r\n" },
		"many tags":         func(r *sentmail.Registration) { r.Tags = manyTags(51) },
		"many tag values":   func(r *sentmail.Registration) { r.Tags["campaign"] = many(11) },
		"no tag name":       func(r *sentmail.Registration) { r.Tags[""] = nil },
		"long tag":          func(r *sentmail.Registration) { r.Tags["campaign"][0] = strings.Repeat("x", 257) },
		"account":           func(r *sentmail.Registration) { r.AccountID = "12345678901x" },
		"short account":     func(r *sentmail.Registration) { r.AccountID = "1" },
		"identity":          func(r *sentmail.Registration) { r.Identity = "exam ple" },
		"name in identity":  func(r *sentmail.Registration) { r.Identity = "News <news@example.org>" },
		"source IP":         func(r *sentmail.Registration) { r.SourceIP = "localhost" },
		"configuration set": func(r *sentmail.Registration) { r.ConfigurationSet = strings.Repeat("x", 65) },
		"caller":            func(r *sentmail.Registration) { r.CallerIdentity = "a\x00b" },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := sentmail.ParseRegistration([]byte(whole))
			if err != nil {
				t.Fatal(err)
			}
			change(&r)
			if _, err := r.Mail(now); !errors.Is(err, sentmail.ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
		})
	}
}

func manyTags(n int) map[string][]string {
	tags := map[string][]string{}
	for i := range n {
		tags[fmt.Sprint(i)] = nil
	}
	return tags
}

// FuzzRegistration holds that what is taken keeps the bounds, and is the same when it is written and read again.
func FuzzRegistration(f *testing.F) {
	for _, seed := range []string{whole, `{}`, `{"source":"a@b.example","destination":["c@d.example"],"rawHeader":"Message-ID: <x@y>\nTo: z"}`,
		`{"messageId":"` + sesID + `","source":"a@b.example","destination":["c@d.example","C@d.example"]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := sentmail.ParseRegistration(body)
		if err != nil {
			return
		}
		m, err := r.Mail(now)
		if err != nil {
			return
		}
		size := 0
		for _, field := range m.Header {
			size += len(field.Name) + len(field.Value)
		}
		if size > sentmail.MaxHeader || len(m.Recipients) == 0 || len(m.Recipients) > len(m.Destination) || m.MessageID == "" || m.Sent.IsZero() {
			t.Fatalf("got %+v", m)
		}
		written, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := sentmail.ParseRegistration(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if diff := cmp.Diff(r, again, cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(time.Millisecond)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTheFieldsThatTellSESHowToSendAreTakenOutOfTheHeader(t *testing.T) {
	for name, test := range map[string]struct {
		in, set string
		tags    map[string][]string
	}{
		"both": {`"headers": [{"name":"X-SES-Configuration-Set","value":" mine "},{"name":"X-SES-MESSAGE-TAGS","value":"a=1, b = 2,a=3, c"},{"name":"Subject","value":"Hi"}]`,
			"mine", map[string][]string{"a": {"1", "3"}, "b": {"2"}}},
		"the registration is surer": {`"configurationSet": "told", "tags": {"x":["y"]}, "headers": [{"name":"X-SES-CONFIGURATION-SET","value":"mine"},{"name":"x-ses-message-tags","value":"a=1"},
			{"name":"Subject","value":"Hi"}]`, "told", map[string][]string{"x": {"y"}}},
		"what could not be registered": {`"headers": [{"name":"X-SES-CONFIGURATION-SET","value":"` + strings.Repeat("x", 2000) + `"},{"name":"Subject","value":"Hi"}]`, "", nil},
	} {
		r, err := sentmail.ParseRegistration([]byte(`{"source":"news@example.org","destination":["jane@example.net"],` + test.in + `}`))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := r.Mail(now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff([]schemas.Header{{Name: "Subject", Value: "Hi"}}, got.Header); got.ConfigurationSet != test.set || diff != "" {
			t.Errorf("%s: got set %q, header %s", name, got.ConfigurationSet, diff)
		}
		if diff := cmp.Diff(test.tags, got.Tags); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
