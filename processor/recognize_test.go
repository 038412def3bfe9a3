package processor

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/classify"
)

// Filters and hops write into the header of a mail; what it says stays the same.
func TestATextReportThatComesByAnotherWayIsTheSameReport(t *testing.T) {
	const report = "From: MAILER-DAEMON@mx.example\nTo: sender@example.com\nSubject: Undelivered mail\n\n" +
		"Your mail could not be delivered:\n\n<jane@example.net>: 550 5.1.1 no such user\n"
	of := func(mail string) []byte {
		t.Helper()
		found := Recognize(strings.NewReader(mail), classify.Default())
		if found.Kind != KindBounce || found.digest == nil {
			t.Fatalf("%s of %q", found.Kind, mail)
		}
		return found.digest
	}
	hops := "Received: from a.example by b.example; Fri, 27 Nov 2026 06:00:00 +0000\nX-Filter-Score: 1\nX-Scanned-By: c.example\n"
	if !bytes.Equal(of(report), of(hops+report)) {
		t.Error("what a hop adds to the header makes it another report")
	}
	for _, other := range []string{
		strings.Replace(report, "jane@", "june@", 1),
		strings.Replace(report, "To: sender@", "To: other@", 1),
		"In-Reply-To: <1@example.com>\n" + report,
		"References: <1@example.com>\n" + report,
		"X-Failed-Recipients: jane@example.net\n" + report,
		"Date: Fri, 27 Nov 2026 06:00:00 +0000\n" + report,
	} {
		if bytes.Equal(of(report), of(other)) {
			t.Errorf("taken for the same report: %q", other)
		}
	}
}
