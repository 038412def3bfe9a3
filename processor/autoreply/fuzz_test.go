package autoreply

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

// FuzzParse holds that no mail makes Parse panic, that a reply names its mark
// and holds no more than its bounds, and that the same mail gives the same reply.
func FuzzParse(f *testing.F) {
	for _, m := range mails {
		f.Add([]byte("From: Jane <jane@example.net>\n" + m.header + "\nMy new address is jane@new.example.\n"))
	}
	for _, pattern := range []string{"autoreply/*.eml", "pigeonhole/*.eml", "postfix/nouser.*.eml", "exim4/nouser.*.eml"} {
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
		r, err := Parse(m)
		if err != nil {
			return
		}
		if r.Reason == "" || len(r.References) > maxReferences || !utf8.ValidString(r.Subject) || r.From != "" && !address.IsAddress(r.From) || r.NewAddress != "" && !address.IsAddress(r.NewAddress) {
			t.Fatalf("reply %+v", r)
		}
		if again, err := Parse(m); err != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("got %+v and then %+v, %v", r, again, err)
		}
	})
}
