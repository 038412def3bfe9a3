package status

import (
	"strings"
	"testing"
)

func TestFindTakesTheFirstPlausibleCode(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"behind a reply code", "550 5.1.1 no such user", "5.1.1"},
		{"in a continued reply", "550-5.1.1 The account does not exist", "5.1.1"},
		{"Diagnostic-Code", "smtp; 550 5.7.1 refused", "5.7.1"},
		{"Diagnostic-Code without a blank", "smtp;550-5.7.1 refused", "5.7.1"},
		{"number sign", "550 #5.1.0 Address rejected", "5.1.0"},
		{"brackets", "(#5.1.1)", "5.1.1"},
		{"square brackets", "rejected [5.7.1]", "5.7.1"},
		{"colon", "5.1.1: no such user", "5.1.1"},
		{"equals sign, as in logs", "dsn=4.4.1, status=deferred", "4.4.1"},
		{"full stop after", "The code was 5.2.2.", "5.2.2"},
		{"the first of two", "452 4.2.2 over quota, then 5.1.1", "4.2.2"},
		{"behind an address", "host mx1.example[192.0.2.4] said: 451 4.7.1 greylisted", "4.7.1"},
		{"success at the start", "2.1.5 delivered", "2.1.5"},
		{"success behind its reply", "said: 250 2.0.0 Ok", "2.0.0"},
		{"none in an IP address", "host 5.1.1.2 refused", ""},
		{"none in the end of an IP address", "host 10.5.1.1 refused", ""},
		{"none in a bracketed IP address", "host [4.2.2.1] refused", ""},
		{"none in a version", "Exim 4.96.2", ""},
		{"none in a version with a letter", "v5.1.1", ""},
		{"none behind a slash", "Courier/5.1.1", ""},
		{"none in a version of class 2", "Postfix 2.5.1 refused", ""},
		{"none in an address", "<jane5.1.1@example.net>", ""},
		{"none in a local part", "5.1.1@example.net", ""},
		{"none in a host name", "5.1.1.example.net", ""},
		{"none in a package name", "mta-4.2.2-1", ""},
		{"none in a message id", "<2024.5.1.1>", ""},
		{"none in a date", "2024.5.1", ""},
		{"empty", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, ok := Find(test.in)
			if c.String() != test.want || ok != (test.want != "") {
				t.Errorf("%q: got %q, %v, want %q", test.in, c, ok, test.want)
			}
		})
	}
}

func TestFindReplyTakesTheReplyAndNoOtherNumber(t *testing.T) {
	tests := []struct {
		name, in string
		want     int
	}{
		{"at the start", "550 no such user", 550},
		{"alone", "421", 421},
		{"continued", "550-no such user", 550},
		{"Diagnostic-Code", "smtp; 550 mailbox unavailable", 550},
		{"Diagnostic-Code without a blank", "smtp;452 mailbox full", 452},
		{"behind said", "host mx1.example[192.0.2.4] said: 554 refused", 554},
		{"behind RCPT TO", "SMTP error after RCPT TO:<jane@example.net>: 550 unknown", 550},
		{"behind the words RCPT TO", "in reply to RCPT TO: 550 unknown", 550},
		{"brackets", "refused (550)", 550},
		{"number sign", "error #550", 550},
		{"before an enhanced code", "error 550 5.1.1 unknown", 550},
		{"before a bracketed enhanced code", "error 550 [5.1.1] unknown", 550},
		{"in running text", "the server answered 451 and hung up", 451},
		{"in place comes first", "after 500 tries it answered: 450 later", 450},
		{"a filter's own", "571 message refused", 571},
		{"out of range at the start", "599 strange", 599},
		{"success at the start", "250 2.0.0 Ok", 250},
		{"none: success elsewhere", "it said 250 and more", 0},
		{"none: bytes", "size 552 bytes", 0},
		{"none: bytes behind a colon", "size: 552 bytes", 0},
		{"none: port", "connect to mx1.example port 465", 0},
		{"none: a port with a colon", "connect to mx1.example[192.0.2.4]:25: timed out", 0},
		{"none: seconds", "timed out after 421 seconds", 0},
		{"none: part of an IP address", "host 192.0.450.1", 0},
		{"none: part of an enhanced code", "5.7.510", 0},
		{"none: longer number", "id 55012", 0},
		{"none: part of a word", "550abc x550 550@example.net", 0},
		{"none: decimals", "4.550 450,000", 0},
		{"none: unlikely in running text", "error 587 happened", 0},
		{"none", "no code", 0},
		{"empty", "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := FindReply(test.in)
			if got != test.want || ok != (test.want != 0) {
				t.Errorf("%q: got %d, %v, want %d", test.in, got, ok, test.want)
			}
		})
	}
}

// TestNothingBeforeHidesACode holds that a code is found at every distance behind
// bytes that a code has and others, which the searches skip by several.
func TestNothingBeforeHidesACode(t *testing.T) {
	heads := []string{""}
	for len(heads[0]) < 7 {
		var longer []string
		for _, head := range heads {
			longer = append(longer, head+"4", head+".", head+"a")
		}
		heads = longer
		for _, head := range heads {
			if got, ok := Find(head + "a 5.1.1"); !ok || got != (Code{5, 1, 1}) && !strings.Contains(head, got.String()) {
				t.Errorf("behind %q: got %v", head, got)
			}
			if got, _ := FindReply(head + "a: 550"); got != 550 && !strings.Contains(head, "444") {
				t.Errorf("behind %q: got %d", head, got)
			}
		}
	}
}

func TestSearchingAllocatesNothing(t *testing.T) {
	text := strings.Repeat("host mx1.example[192.0.2.4] said nothing of 5 or 55 use; ", 20) + "550 5.1.1"
	n := testing.AllocsPerRun(50, func() {
		code, _ := Find(text)
		reply, _ := FindReply(text)
		if code.String() == "" || reply != 550 {
			t.Errorf("got %v and %d", code, reply)
		}
	})
	if n > 1 { // the code as a string
		t.Errorf("got %v allocations, want none by searching", n)
	}
}

// FuzzStatus holds that no input panics, that what is found stands in the text
// and is in range, and that a code which Parse reads is written back the same
// and found by Find.
func FuzzStatus(f *testing.F) {
	for _, seed := range []string{
		"550 5.1.1 no such user", "smtp; 550-5.1.1 x\n550 5.1.1 y", "5.0.0 (permanent failure)", "host 5.1.1.2 [4.2.2] (#5.1.1)",
		"said: 452 4.2.2 over quota (in reply to RCPT TO command)", "5.7.606", "421-4.7.0", "\xff5.1.1", "2.0.0", "size: 552 bytes",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if c, ok := Find(in); ok {
			if !strings.Contains(in, c.String()) || c.IsZero() {
				t.Fatalf("found %v, which is not in %q", c, in)
			}
			if again, ok := Parse(c.String()); !ok || again != c {
				t.Fatalf("%v is read as %v", c, again)
			}
		}
		if c, ok := Parse(in); ok {
			if again, ok := Find(c.String()); !ok || again != c {
				t.Fatalf("%v is found as %v", c, again)
			}
		}
		if code, ok := FindReply(in); ok && (code < 200 || code > 599) {
			t.Fatalf("got the reply %d", code)
		}
	})
}
