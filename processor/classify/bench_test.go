package classify

import "testing"

// inputs are what a classifier is asked: replies that rules know by their first
// words, by later ones and not at all, and a report that holds only a text.
var inputs = map[string]Input{
	"long": {
		Action: "failed", Status: "5.1.1", Address: "jane@example.net",
		Diagnostic: "smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. Learn more at 550 5.1.1 https://support.example/?p=x - gsmtp",
	},
	"short": {
		Action: "failed", Status: "5.1.1", Address: "jane@example.net",
		Diagnostic: "smtp; 550 5.1.1 <jane@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
	},
	"blocked": {
		Action: "failed", Status: "5.7.1", Address: "jane@example.net",
		Diagnostic: "smtp; 554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10",
	},
	"code": {Action: "failed", Status: "5.2.2", Diagnostic: "smtp; 552 5.2.2 sorry"},
}

func BenchmarkClassify(b *testing.B) {
	c := Default()
	for name, in := range inputs {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Classify(in)
			}
		})
	}
}

// TestClassifyingAReplyAllocatesLittle holds that a reply costs no more than a
// room to fold it in now and then, however many rules there are.
func TestClassifyingAReplyAllocatesLittle(t *testing.T) {
	c := Default()
	if n := len(c.rules); n < 500 {
		t.Errorf("there are %d rules, want 500", n)
	}
	for name, in := range inputs {
		if n := testing.AllocsPerRun(100, func() { c.Classify(in) }); n > 3 {
			t.Errorf("%s: got %v allocations, want at most 3", name, n)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}
