package plaintext

import (
	"bytes"
	"os"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/dsn/report"
)

// FuzzParse holds that no mail makes Parse panic, that what it returns is within
// its bounds and valid UTF-8 with real addresses, and that the same mail gives
// the same bounce.
func FuzzParse(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s.header + "\n" + s.body))
	}
	for _, o := range ordinary {
		f.Add([]byte(o.mail))
	}
	if mail, err := os.ReadFile(recordings + "/pigeonhole/reject-mdn.eml"); err == nil {
		f.Add(mail)
	}
	f.Fuzz(func(t *testing.T, mail []byte) {
		m, err := report.Read(bytes.NewReader(mail))
		if err != nil {
			return
		}
		b, err := Parse(m)
		if err != nil {
			return
		}
		if n := len(b.Recipients); n == 0 || n > maxRecipients {
			t.Fatalf("%d recipients", n)
		}
		for _, r := range b.Recipients {
			if !address.IsAddress(r.Address) || len(r.Diagnostic) > maxDiagnostic || !utf8.ValidString(r.Diagnostic) {
				t.Fatalf("recipient %+v", r)
			}
		}
		if again, err := Parse(m); err != nil || !reflect.DeepEqual(b, again) {
			t.Fatalf("got %+v and then %+v, %v", b, again, err)
		}
	})
}
