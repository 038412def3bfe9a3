package plaintext

import (
	"bytes"
	"os"
	"path/filepath"
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
	for _, pattern := range []string{"dma/*.eml", "opensmtpd/*.eml", "exim4/*.failed.eml", "sendmail/*.nodsn.eml", "pigeonhole/*.eml"} {
		files, err := filepath.Glob(filepath.Join(recordings, pattern))
		if err != nil || len(files) == 0 {
			f.Fatalf("no recordings %s: %v", pattern, err)
		}
		for _, file := range files {
			mail, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(mail)
		}
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
