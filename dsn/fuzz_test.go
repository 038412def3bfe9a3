package dsn

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/report"
)

// FuzzParse holds that no input panics, that every recipient has an address,
// that values are UTF-8 on one line, and that a report which can be written is
// read back with the same recipients and outcomes.
func FuzzParse(f *testing.F) {
	for _, mail := range recordings(f) {
		f.Add(mail)
	}
	f.Add([]byte("Content-Type: message/delivery-status\n\nReporting-MTA:x\nFinal-Recipient: utf-8; \\x{41}\\x{0}@b\nAction:failed\nStatus:5.1.1\nDiagnostic-Code: a  b;c"))
	f.Fuzz(func(t *testing.T, mail []byte) {
		m, err := report.Read(bytes.NewReader(mail))
		if err != nil {
			return
		}
		r, err := Parse(m)
		if err != nil {
			return
		}
		for _, x := range r.Recipients {
			if !strings.Contains(x.Address, "@") {
				t.Fatalf("got the address %q", x.Address)
			}
			for _, value := range []string{x.Address, x.ActionText, x.Status, x.DiagnosticCode, x.RemoteMTA.String(), x.FinalRecipient.String()} {
				if !utf8.ValidString(value) || strings.ContainsAny(value, "\r\n\x00") {
					t.Fatalf("got the value %q", value)
				}
			}
		}
		var b bytes.Buffer
		if r.Compose(&b, around) != nil {
			return
		}
		m, err = report.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(m)
		if err != nil {
			t.Fatalf("%v in what was written:\n%s", err, b.String())
		}
		if len(again.Recipients) != len(r.Recipients) {
			t.Fatalf("got %d recipients, wrote %d", len(again.Recipients), len(r.Recipients))
		}
		for i, x := range again.Recipients {
			if want := r.Recipients[i]; x.Address != want.Address || x.Action != want.Action || x.Status != want.Status || words(x.DiagnosticCode) != words(want.DiagnosticCode) {
				t.Fatalf("got %+v, wrote %+v", x, want)
			}
		}
	})
}

// words leaves out blanks, one of which breaks a word that is too long for a line.
func words(s string) string { return strings.ReplaceAll(s, " ", "") }
