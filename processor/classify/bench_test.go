package classify

import "testing"

func BenchmarkClassify(b *testing.B) {
	c := Default()
	in := Input{
		Action: "failed", Status: "5.1.1", Address: "jane@example.net",
		Diagnostic: "smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. Learn more at 550 5.1.1 https://support.example/?p=x - gsmtp",
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Classify(in)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}
