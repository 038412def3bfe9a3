package report

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextIsThatOfTheHumanReadableParts(t *testing.T) {
	tests := []struct{ name, mail, want string }{
		{"plain", "Subject: a\n\nHello\n  there\n", "Hello\n  there"},
		{"utf-8 unlabelled", "Subject: a\n\npélé\n", "pélé"},
		{"latin-1", "Content-Type: text/plain; charset=iso-8859-1\n\np\xe9l\xe9\n", "pélé"},
		{"latin-1 unlabelled", "Subject: a\n\np\xe9l\xe9\n", "pélé"},
		{"latin-1 labelled as utf-8", "Content-Type: text/plain; charset=utf-8\n\np\xe9l\n", "p\uFFFDl"},
		{"unknown charset", "Content-Type: text/plain; charset=x-none\n\np\xe9l\xe9\n", "pélé"},
		{"quotes around the charset", "Content-Type: text/plain; charset='iso-8859-1'\n\np\xe9l\xe9\n", "pélé"},
		{"ISO-2022-JP", "Content-Type: text/plain; charset=ISO-2022-JP\n\n\x1b$B%a!<%k\x1b(B\n", "メール"},
		{"ISO-2022-JP unlabelled", "Subject: a\n\n\x1b$B%a!<%k\x1b(B\n", "メール"},
		{"ISO-2022-JP between ASCII", "Content-Type: text/plain; charset=ISO-2022-JP\n\n<a@b.example> \x1b$B%a\x1b(B:\n\x1b$B%k\x1b(J\\\x1b(B 550\n\x1b$B!<", "<a@b.example> メ:\nル\\ 550\nー"},
		{"ISO-2022-JP with other bytes", "Content-Type: text/plain; charset=ISO-2022-JP\n\n\xe9t\xe9 \x1b$B%a\x1b(B \xe9\n", "\uFFFDt\uFFFD メ \uFFFD"},
		{"Shift_JIS", "Content-Type: text/plain; charset=Shift_JIS\n\n\x83\x81\x81[\x83\x8b\n", "メール"},
		{"quoted-printable", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\np=C3=A9l=c3=a9 is=\n here =XY =\n", "pélé is here =XY "},
		{"base64", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("pélé\r\nis here\r\n")) + "\n", "pélé\nis here"},
		{"base64 in two pieces", "Content-Transfer-Encoding: base64\n\nSGVsbG8=\nIHRoZXJl\n", "Hello there"},
		{"base64 said but not done", "Content-Transfer-Encoding: base64\n\nHello, jane@example.net\nHello\n", "Hello, jane@example.net\nHello"},
		{"two parts", "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\nOne\n--b\n\nTwo\n\n--b--\nepilogue\n", "One\nTwo"},
		{"plain before HTML", "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>no\n--b\nContent-Type: text/plain\n\nyes\n--b--\n", "yes"},
		{"HTML when there is no plain", "Content-Type: text/html\n\n<html><head><title>t</title><style>p{}</style></head><body><p>Not&nbsp;delivered\nto <b>jane</b>@example.net</p><script>x</script><div>550&lt;br&gt;</div>a<br>b</body></html>\n", "Not delivered to jane@example.net\n550<br>\na\nb"},
		{"HTML when plain is blank", "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html; charset=iso-8859-1\n\n<td>p\xe9l\xe9<td>b\n--b--\n", "pélé b"},
		{"blanks between tags", "Content-Type: text/html\n\n<p><b>User</b> <i>unknown</i>&nbsp;<u>\n here</u></p> <p>\u00a0b<i>c</i>\n", "User unknown here\nbc"},
		{"nothing behind the returned mail", container + textPart + mailPart + "--b\nContent-Type: text/plain\n\nA footer.\n--b--\n", "Not delivered."},
		{"a part without a header", "Content-Type: multipart/mixed; boundary=b\n\n--b\nHello\nthere\n--b--\n", "Hello\nthere"},
		{"a part without the blank line", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\nHello there\n\nMore\n--b--\n", "Hello there\n\nMore"},
		{"a multipart without its delimiter", "Content-Type: multipart/mixed; boundary=b\n\nHello\n-- \nthere\n", "Hello\n-- \nthere"},
		{"lines of dashes", "Subject: a\n\n--\n-----\nHello: x\n--\n", "--\n-----\nHello: x\n--"},
		{"the original with its own boundary", "Subject: a\n\nNot delivered. The mail was:\n\nReceived: by x\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: text/html\n\n<p>\n", "Not delivered. The mail was:\n\nReceived: by x\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: text/html\n\n<p>"},
		{"the original whose header begins elsewhere", "Subject: a\n\nThe mail was:\n\nreturn-path: <a@b.example>\n\n--i\nContent-Type: text/html\n\n<p>\n", "The mail was:\n\nreturn-path: <a@b.example>\n\n--i\nContent-Type: text/html\n\n<p>"},
		{"the original from its type on", "Subject: a\n\nThe mail was:\n\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: text/html\n\n<p>\n", "The mail was:\n\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: text/html\n\n<p>"},
		{"no text at all", "Content-Type: image/png\n\nabc\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, ends := range []string{"\n", "\r\n"} {
				if got := read(t, strings.ReplaceAll(test.mail, "\n", ends)).Text; got != test.want {
					t.Errorf("with %q: got %q, want %q", ends, got, test.want)
				}
			}
		})
	}
}

func TestTextOverItsBoundIsStillUTF8(t *testing.T) {
	for name, mail := range map[string]string{
		"utf-8 cut inside a character": "Subject: a\n\na" + strings.Repeat("é", maxText),
		"latin-1 that grows":           "Content-Type: text/plain; charset=iso-8859-1\n\n" + strings.Repeat("\xe9", maxText-1),
		"HTML":                         "Content-Type: text/html\n\n" + strings.Repeat("é<br>\n", maxText),
	} {
		text := read(t, mail).Text
		if !utf8.ValidString(text) || len(text) > maxText || len(text) < maxText/4 || strings.ContainsRune(text, 'Ã') {
			t.Errorf("%s: got %d bytes ending in %q", name, len(text), text[len(text)-4:])
		}
	}
}

func TestHeaderValuesAreUnfoldedAsTheyWereSent(t *testing.T) {
	m := read(t, "Subject: one\n  two\n\tthree  \nEmpty:\nFolded-From-The-Start:\n value\nsubject: second\nX-Words: =?utf-8?q?p=C3=A9l?= =?iso-8859-1?b?6Q==?=\nX-Bytes: p\xe9l\xe9\nX-Unknown: =?x-none?q?a?=\n\n")
	h := m.Header
	if got := h.Get("SUBJECT"); got != "one  two\tthree" {
		t.Errorf("got %q", got)
	}
	if got := h.Values("Subject"); len(got) != 2 || got[1] != "second" {
		t.Errorf("got %q", got)
	}
	if got := h.Get("Folded-From-The-Start"); got != "value" {
		t.Errorf("got %q", got)
	}
	if !h.Has("empty") || h.Has("none") || h.Get("none") != "" || h.Get("Empty") != "" {
		t.Error("an empty field is not a missing one")
	}
	if got := h.Text("X-Words"); got != "pélé" {
		t.Errorf("got %q", got)
	}
	if got := h.Text("X-Bytes"); got != "pélé" {
		t.Errorf("got %q", got)
	}
	if got := h.Text("X-Unknown"); got != "=?x-none?q?a?=" {
		t.Errorf("got %q", got)
	}
}

func TestParseHeaderEndsAtTheBlankLine(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r"} {
		h := ParseHeader(strings.ReplaceAll("\n\nFrom x\nFrom: a@example.net\nSubject: one\n two\nthree\n\nBody: no\n", "\n", end))
		if len(h) != 2 || h.Get("Subject") != "one two three" {
			t.Errorf("%q: got %v", end, h)
		}
	}
	if h := ParseHeader("\r\n\r\n"); h != nil {
		t.Errorf("got %v", h)
	}
}

// Lesson 5 of the recordings: nullmailer folds a reply without a leading blank.
func TestLinesWithoutALeadingBlankContinueTheField(t *testing.T) {
	m := read(t, string(recording(t, "nullmailer/multiline.failed")))
	const want = "SMTP; 550-5.1.1 The email account that you tried to reach does not exist. Please try" +
		" 550-5.1.1 double-checking the recipient's email address for typos or" +
		" 550-5.1.1 unnecessary spaces. For more information, go to" +
		" 550 5.1.1  https://support.remote.example/?p=NoSuchUser 6a1803df08f44-7 - smtp"
	if got := m.Machine[0].Groups[1].Get("Diagnostic-Code"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, end := range []string{"\n", "\r\n", "\r"} {
		groups := ParseGroups(strings.ReplaceAll("junk\nStatus: 5.1.1\nhttps://example.net/a: b\n550-5.1.1: c\n<jane@example.net>: d\nnot a field: e\n\nglued to nothing\nAction: failed", "\n", end))
		if len(groups) != 2 || groups[0].Get("Status") != "5.1.1 https://example.net/a: b 550-5.1.1: c <jane@example.net>: d not a field: e" || groups[1].Get("Action") != "failed" {
			t.Errorf("%q: got %q", end, groups)
		}
	}
}

// Lesson 3 of the recordings: the header that OpenSMTPD returns is followed by
// the boundaries of the mail's own body.
func TestBoundariesInAReturnedHeaderAreNotThoseOfTheReport(t *testing.T) {
	m := read(t, string(recording(t, "opensmtpd/dsnfull.failed")))
	if m.MediaType != "multipart/mixed" || m.ReportType != "" || len(m.Machine) != 1 || len(m.Problems) != 0 {
		t.Errorf("got %+v", m)
	}
	if m.Returned.Get("Message-ID") != "<dsnfull.1042@shop.sender.example>" {
		t.Errorf("got %v", m.Returned)
	}
}

// A deviation is documented with a mail that shows it.
func TestEveryQuirkNamesAMail(t *testing.T) {
	const root = "../.."
	named := regexp.MustCompile(`\b(testdata|arf/testdata)/\S+\.eml`)
	for _, pattern := range []string{"dsn/*.go", "dsn/report/*.go", "arf/*.go"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			mails := named.FindAllString(string(source), -1)
			for _, mail := range mails {
				if _, err := os.Stat(filepath.Join(root, mail)); err != nil {
					t.Errorf("%s names %s: %v", file, mail, err)
				}
			}
			if quirks := strings.Count(string(source), "QUIRK("); len(mails) < quirks {
				t.Errorf("%s has %d quirks, and names %d mails", file, quirks, len(mails))
			}
		}
	}
}
