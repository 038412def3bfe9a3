package report

import (
	"bytes"
	"os"
	"testing"
)

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"postfix/nouser.failed", "exim4/many.failed", "nullmailer/multiline.failed"} {
		mail, err := os.ReadFile("../../testdata/recordings/" + name + ".eml")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(mail)))
			b.ReportAllocs()
			r := bytes.NewReader(mail)
			for b.Loop() {
				r.Reset(mail)
				if _, err := Read(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
