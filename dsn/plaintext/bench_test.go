package plaintext

import (
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/dsn/report"
)

// BenchmarkParse reads the first sample, and an ordinary mail of 16 KB.
func BenchmarkParse(b *testing.B) {
	for name, mail := range map[string]string{
		"bounce":   samples[0].header + "\n" + samples[0].body,
		"ordinary": "From: Ann <ann@one.example>\nSubject: Hi\n\n" + strings.Repeat("Some words in a row, and a few more of them.\n", 350),
	} {
		m, err := report.Read(strings.NewReader(mail))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(m)
			}
		})
	}
}
