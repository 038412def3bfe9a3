package plaintext

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rebound-mail/rebound/dsn/report"
)

// system is the header of a mail by a mail system.
const system = "From: MAILER-DAEMON@mx.example\nSubject: Undelivered mail\n"

func addressesOf(t *testing.T, mail string) []string {
	t.Helper()
	m, err := report.Read(strings.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(m)
	if errors.Is(err, ErrNotBounce) {
		return nil
	}
	var found []string
	for _, r := range b.Recipients {
		found = append(found, r.Address)
	}
	return found
}

func TestOnlyThoseAreNamedWhomTheMailDidNotReach(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"a section on successes",
			"----- The following addresses had successful delivery notifications -----\n<ann@one.example>\n\n----- The following addresses had permanent fatal errors -----\n<joe@one.example>\n", []string{"joe@one.example"}},
		{"a command that was accepted",
			"could not be delivered\n>>> RCPT TO:<ann@one.example>\n<<< 250 ok\n>>> RCPT TO:<joe@one.example>\n<<< 550 no\n", []string{"joe@one.example"}},
		{"a command that was accepted, and the mail refused after it",
			"could not be delivered\n>>> RCPT TO:<joe@one.example>\n<<< 250 ok\n>>> DATA\n<<< 554 no\n", []string{"joe@one.example"}},
		{"an address in the reason for another",
			"could not be delivered:\n\n<joe@one.example>: host mx said: 551 moved to\n    <joe@two.example>\n", []string{"joe@one.example"}},
		{"an address that is to be asked",
			"joe@one.example could not be reached. Please contact\n\nann@one.example\n", []string{"joe@one.example"}},
		{"a signature",
			"Mail to joe@one.example could not be delivered.\n\n--\nOne Ltd\nUser support: info@one.example\n", []string{"joe@one.example"}},
		{"a list behind a sentence of two lines",
			"The message could not be delivered to these\npeople:\n\n  Joe Doe <joe@one.example>, ann@one.example\n  Bob Roe at TWO <bob@two.example>\n\nJane Roe <jane@two.example> runs this server.\n",
			[]string{"joe@one.example", "ann@one.example", "bob@two.example"}},
		{"the one address in a sentence",
			"Nobody at one.example reads the mails to joe@one.example: 550 5.1.1 unknown.\n", []string{"joe@one.example"}},
		{"two addresses in sentences", "Nobody reads what joe@one.example gets, nor ann@one.example: 550 5.1.1.\n", nil},
		{"a domain literal", "could not be delivered:\n\n<joe@[192.0.2.1]>: refused\n", []string{"joe@[192.0.2.1]"}},
		{"X.400 around it", "did not reach the following recipient(s):\n\nc=us;a= ;p=one;dda:SMTP=joe@one.example; on Sunday\n", []string{"joe@one.example"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, addressesOf(t, system+"\n"+test.body)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLocalNamesGetTheDomainThatIsKnown(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"of the returned mail", "undeliverable to the following:\n\tjoe (user not found)\n\nOriginal message follows:\n\nFrom: a@b.example\nTo: ann@one.example, joe@two.example\n", []string{"joe@two.example"}},
		{"of the reporter", "undeliverable to the following:\n\tjoe (user not found)\n\tann (mailbox full)\n", []string{"joe@mx.example", "ann@mx.example"}},
		{"behind the reason", "User mailbox exceeds allowed size: joe\n", []string{"joe@mx.example"}},
		{"in a transcript", "----- Transcript of session follows -----\n550 joe... User unknown\n", []string{"joe@mx.example"}},
		{"a word is no name", "could not be delivered:\n\nreason unknown\n", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, addressesOf(t, system+"\n"+test.body)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTheReturnPathTellsTheRecipientWhenNothingElseDoes(t *testing.T) {
	to := "To: news-bounces+joe=one.example@lists.example\n"
	if diff := cmp.Diff([]string{"joe@one.example"}, addressesOf(t, system+to+"\nThe mail could not be delivered.\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ann@two.example"}, addressesOf(t, system+to+"\nThe mail could not be delivered to <ann@two.example>.\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAForwardedBounceCountsWhenNobodyWritesAboutIt(t *testing.T) {
	const header = "From: Ann <ann@one.example>\nSubject: Fwd: Undelivered mail\n\n"
	const bounce = "> From: MAILER-DAEMON@mx.example\n> To: ann@one.example\n> Subject: Undelivered mail\n>\n> could not be delivered:\n>\n> <joe@one.example>: 550 unknown\n"
	for remark, want := range map[string][]string{
		"FYI\n\nBegin forwarded message:\n\n":                      {"joe@one.example"},
		"What is this?\n\n":                                        nil,
		"Bob, I told you that Joe's address is a new one now.\n\n": nil,
	} {
		if diff := cmp.Diff(want, addressesOf(t, header+remark+bounce)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", remark, diff)
		}
	}
}

func TestPhrasesAreFoundWhereverTheyStand(t *testing.T) {
	p := newPhrases("abc", "abcd", "xyz", "届けら", "<>")
	for s, want := range map[string]bool{"": false, "ab": false, "abc": true, "1abc": true, "abxyz2": true, "<>": true, "< >": false, "まで届けられません": true, "届": false, "aabbcc": false} {
		if got := p.in(s); got != want {
			t.Errorf("%q: got %v", s, got)
		}
	}
}

func TestLowerCaseKeepsEveryCharacterInItsPlace(t *testing.T) {
	for _, s := range []string{"", "abc", "ABC <É>", "İstanbul K Ω", "\xff A \xc3", "配信Ａ"} {
		if got := toLower(s); len(got) != len(s) || strings.ContainsAny(got, "ABCÉ") {
			t.Errorf("%q: got %q", s, got)
		}
	}
}

func TestUnionTellsTheKindsOfPhrases(t *testing.T) {
	p := union(newPhrases("abcd", "both"), newPhrases("wxyz", "both"), newPhrases("<>"))
	for text, want := range map[string]kinds{
		"an abcd": 1, "wxyzabcd": 3, "both": 3, "<>": 4, "ab both <>": 7, "ab": 0, "": 0, "wxyy abcx": 0,
	} {
		if got := p.find(text); got != want {
			t.Errorf("%q: got %b, want %b", text, got, want)
		}
	}
	for text, want := range map[string]bool{"ABCD": true, "wXYz": true, "Both ways": true, "an abcd": false, "ab": false, "": false} {
		if got := p.mayBegin(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
