package processor

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/classify"
)

// line is what `rebound parse` prints for a mail.
func line(t *testing.T, mail []byte) string {
	t.Helper()
	text, err := json.MarshalIndent(Parse("mail", bytes.NewReader(mail), classify.Default()), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func unix(mail []byte) []byte { return bytes.ReplaceAll(mail, []byte("\r\n"), []byte("\n")) }

// assertSame checks that a recorded mail says the same after a change.
func assertSame(t *testing.T, change func(mail []byte) []byte) {
	t.Helper()
	mails(t, "recordings", func(t *testing.T, _ string, raw []byte) {
		if diff := cmp.Diff(line(t, unix(raw)), line(t, change(unix(raw)))); diff != "" {
			t.Errorf("-as sent +changed:\n%s", diff)
		}
	})
}

func TestEveryLineEndIsOne(t *testing.T) {
	for name, end := range map[string]string{"CRLF": "\r\n", "CR": "\r", "CRCRLF": "\r\r\n"} {
		t.Run(name, func(t *testing.T) {
			assertSame(t, func(mail []byte) []byte { return bytes.ReplaceAll(mail, []byte("\n"), []byte(end)) })
		})
	}
	t.Run("mixed", func(t *testing.T) { assertSame(t, mixed) })
}

// mixed ends each line in another way. Behind a CR an empty line ends with CR too: with LF both would be one line end.
func mixed(mail []byte) []byte {
	var b bytes.Buffer
	for i, text := range bytes.Split(mail, []byte("\n")) {
		end := []string{"\n", "\r\n", "\r", "\r\r\n", "\n", "\r"}[i%6]
		if len(text) == 0 && bytes.HasSuffix(b.Bytes(), []byte("\r")) {
			end = "\r"
		}
		b.Write(text)
		b.WriteString(end)
	}
	return b.Bytes()
}

func TestWhatStandsBeforeTheHeaderIsPassedOver(t *testing.T) {
	for name, prefix := range map[string]string{
		"a From line":               "From MAILER-DAEMON Sun Nov 22 05:29:15 2026\n",
		"a quoted From line":        ">From MAILER-DAEMON Sun Nov 22 05:29:15 2026\n",
		"a From line of an address": "From bounces@sender.example  Sun Nov 22 05:29:15 2026 remote from mx\n",
		"a byte order mark":         "\ufeff",
		"both":                      "\ufeffFrom MAILER-DAEMON Sun Nov 22 05:29:15 2026\n",
		"blank lines":               "\n \n\n",
	} {
		t.Run(name, func(t *testing.T) {
			assertSame(t, func(mail []byte) []byte { return append([]byte(prefix), mail...) })
		})
	}
}

func TestABlankLineMayBeMissing(t *testing.T) {
	for name, head := range map[string]string{
		"behind the header": "\n\n", "behind that of the machine part": "message/delivery-status\n\n", "behind that of the report": "message/feedback-report\n\n",
		"behind that of the mail": "message/rfc822\n\n", "behind that of the header": "text/rfc822-headers\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			assertSame(t, func(mail []byte) []byte {
				return bytes.Replace(mail, []byte(head), []byte(strings.TrimSuffix(head, "\n")), 1)
			})
		})
	}
}
