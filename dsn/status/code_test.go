package status

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

func TestParseReadsTheCodeAtTheStart(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"RFC 3463 section 2", "5.1.1", "5.1.1"},
		{"white space", " \t5.1.1 ", "5.1.1"},
		{"comment", "5.0.0 (permanent failure)", "5.0.0"},
		{"comment without a blank", "4.4.7(expired)", "4.4.7"},
		{"three digits", "5.7.606", "5.7.606"},
		{"class 2", "2.1.5", "2.1.5"},
		{"zero detail", "4.0.0", "4.0.0"},
		{"full stop", "5.1.1.", "5.1.1"},
		{"class 3", "3.1.1", ""},
		{"class 1", "1.1.1", ""},
		{"subject 8", "5.8.1", ""},
		{"two digits of subject", "5.10.1", ""},
		{"four digits of detail", "5.1.1000", ""},
		{"leading zero", "5.1.01", ""},
		{"IP address", "5.1.1.2", ""},
		{"word", "5.1.1a", ""},
		{"not at the start", "status 5.1.1", ""},
		{"two numbers", "5.1", ""},
		{"no detail", "5.1.", ""},
		{"empty", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, ok := Parse(test.in)
			if c.String() != test.want || ok != (test.want != "") {
				t.Errorf("got %q, %v, want %q", c, ok, test.want)
			}
		})
	}
}

func TestSpecificCodesNameASubjectOrADetail(t *testing.T) {
	for in, want := range map[string]bool{"5.0.0": false, "4.0.0": false, "5.1.0": true, "5.0.1": true, "5.1.1": true} {
		if c, _ := Parse(in); c.Specific() != want {
			t.Errorf("%s: got %v, want %v", in, c.Specific(), want)
		}
	}
	if (Code{}).Specific() || !(Code{}).IsZero() || (Code{}).String() != "" {
		t.Error("the zero code says something")
	}
}

func TestNamesAreThoseOfTheRegistry(t *testing.T) {
	for in, want := range map[string]string{
		"5.1.1": "Bad destination mailbox address", "4.1.1": "Bad destination mailbox address", "5.1.10": "Recipient address has null MX",
		"4.2.2": "Mailbox full", "5.3.4": "Message too big for system", "4.4.7": "Delivery time expired", "5.0.0": "Other undefined status",
		"5.6.7": "Non-ASCII addresses not permitted for that sender/recipient", "5.7.26": "Multiple authentication checks failed",
		"5.7.30": "REQUIRETLS support required", "5.7.31": "", "5.7.606": "", "5.0.1": "",
	} {
		if c, _ := Parse(in); c.Name() != want {
			t.Errorf("%s: got %q, want %q", in, c.Name(), want)
		}
	}
	for _, c := range []Code{{}, {5, 9, 1}, {5, -1, 0}, {5, 1, -1}} {
		if c.Name() != "" {
			t.Errorf("%v has the name %q", c, c.Name())
		}
	}
}

// The recordings name a code in nearly every diagnostic: what the search finds
// must be what a mail server would have meant there.
func TestEveryDiagnosticCodeOfTheRecordingsHasItsCodeFound(t *testing.T) {
	files, err := filepath.Glob("../../testdata/recordings/*/*.eml")
	if err != nil || len(files) < 100 {
		t.Fatalf("got %d recordings, %v", len(files), err)
	}
	diagnostic := regexp.MustCompile(`(?m)^Diagnostic-Code: (?i:smtp); (\d\d\d)[- ](?:(\d\.\d\.\d+)\b)?(.*)$`)
	found := 0
	for _, file := range files {
		mail, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range diagnostic.FindAllStringSubmatch(string(mail), -1) {
			found++
			if c, ok := Find(m[0]); c.String() != m[2] || ok != (m[2] != "") {
				t.Errorf("%s: %s: got code %q, want %q", file, m[0], c, m[2])
			}
			if reply, _ := FindReply(m[0]); m[1] >= "400" && strconv.Itoa(reply) != m[1] {
				t.Errorf("%s: %s: got reply %d, want %s", file, m[0], reply, m[1])
			}
		}
	}
	if found < 50 {
		t.Errorf("found only %d diagnostics", found)
	}
}
