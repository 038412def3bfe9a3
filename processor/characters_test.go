package processor

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/rebound-mail/rebound/processor/classify"
)

// characters are what mail is written in: the encoding, the names that it goes by, and words in it.
var characters = []struct {
	names  []string
	encode func(string) string
	words  string
}{
	{[]string{"ISO-2022-JP", "iso-2022-jp-1", "csISO2022JP"}, by(japanese.ISO2022JP), "送信できませんでした"},
	{[]string{"Shift_JIS", "x-sjis", "cp932", "Windows-31J", "MS_Kanji"}, by(japanese.ShiftJIS), "宛先が不明です　表示"},
	{[]string{"EUC-JP", "x-euc-jp", "eucjp"}, by(japanese.EUCJP), "宛先が不明です"},
	{[]string{"GB18030", "gb2312", "GBK", "cp936", "x-gbk"}, by(simplifiedchinese.GB18030), "用户不存在"},
	{[]string{"HZ-GB-2312"}, func(s string) string { return by(simplifiedchinese.HZGB2312)(s) + "~}" }, "用户不存在"},
	{[]string{"Big5", "big5-hkscs", "cp950", "x-x-big5"}, by(traditionalchinese.Big5), "收件者不存在"},
	{[]string{"EUC-KR", "ks_c_5601-1987", "cp949", "uhc"}, by(korean.EUCKR), "사용자를 찾을 수 없습니다"},
	{[]string{"KOI8-R", "koi8r", "cp20866"}, by(charmap.KOI8R), "Пользователь не найден"},
	{[]string{"KOI8-U"}, by(charmap.KOI8U), "Користувача не знайдено"},
	{[]string{"windows-1250", "cp1250"}, by(charmap.Windows1250), "Nie można dostarczyć wiadomości"},
	{[]string{"windows-1251", "cp1251", "win-1251", "x-cp1251"}, by(charmap.Windows1251), "Пользователь не найден"},
	{[]string{"windows-1252", "cp1252", "x-ansi"}, by(charmap.Windows1252), "Boîte pleine – “désolé” €"},
	{[]string{"windows-1253"}, by(charmap.Windows1253), "Το μήνυμα δεν παραδόθηκε"},
	{[]string{"windows-1254"}, by(charmap.Windows1254), "İleti gönderilemedi şimdi"},
	{[]string{"windows-1255"}, by(charmap.Windows1255), "ההודעה לא נמסרה"},
	{[]string{"windows-1256"}, by(charmap.Windows1256), "تعذر تسليم الرسالة"},
	{[]string{"windows-1257"}, by(charmap.Windows1257), "Žinutė nepristatyta"},
	{[]string{"windows-1258"}, by(charmap.Windows1258), "Đâu là thư"},
	{[]string{"windows-874", "TIS-620"}, by(charmap.Windows874), "ไม่พบผู้ใช้"},
	{[]string{"iso-8859-1", "latin1"}, by(charmap.ISO8859_1), "Unzustellbar: Empfänger unbekannt"},
	{[]string{"iso-8859-15"}, by(charmap.ISO8859_15), "Bœuf à 5 €"},
	{[]string{"UTF-7", "unicode-1-1-utf-7", "csUTF7"}, utf7, "Empfänger unbekannt: メール + 1 𐐷"},
	{[]string{"UTF-8", "utf8", "csUTF8"}, func(s string) string { return s }, "Пользователь не найден メール"},
}

func by(e encoding.Encoding) func(string) string {
	return func(s string) string {
		encoded, err := e.NewEncoder().String(s)
		if err != nil {
			panic(err)
		}
		return encoded
	}
}

// utf7 writes all but letters, digits and blanks in base64 of UTF-16 (RFC 2152).
func utf7(s string) string {
	var b strings.Builder
	var run []byte
	flush := func() {
		if len(run) > 0 {
			fmt.Fprintf(&b, "+%s-", base64.RawStdEncoding.EncodeToString(run))
			run = nil
		}
	}
	for _, r := range s {
		switch {
		case r == '+':
			flush()
			b.WriteString("+-")
		case r < 0x80:
			flush()
			b.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				run = append(run, byte(unit>>8), byte(unit))
			}
		}
	}
	flush()
	return b.String()
}

// inEveryCharset runs f for every name of every charset.
func inEveryCharset(t *testing.T, f func(t *testing.T, name, words, encoded string)) {
	t.Helper()
	for _, charset := range characters {
		for _, name := range charset.names {
			t.Run(name, func(t *testing.T) { f(t, name, charset.words, charset.encode(charset.words)) })
		}
	}
}

func recognizeText(mail string) Report {
	return Recognize(strings.NewReader(mail), classify.Default())
}

// assertOne checks that a mail is a bounce of jane@example.net, and returns that recipient.
func assertOne(t *testing.T, found Report) Recipient {
	t.Helper()
	if found.Kind != KindBounce || len(found.Recipients) != 1 || found.Recipients[0].Address != "jane@example.net" {
		t.Fatalf("got %s, %v, %+v; want a bounce of jane@example.net", found.Kind, found.Err, found.Recipients)
	}
	return found.Recipients[0]
}

func assertText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// statusReport is a delivery status notification with the parts that a test is about.
func statusReport(contentType, text, diagnostic, returned string) string {
	return "From: MAILER-DAEMON@mx.example\nTo: bounces@sender.example\nSubject: Undelivered\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\nContent-Type: " + contentType + "\n\n" + text + "\n\n" +
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" +
		"Final-Recipient: rfc822; jane@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 " + diagnostic + "\n\n" +
		"--b\nContent-Type: message/rfc822\n\nFrom: news@sender.example\nTo: jane@example.net\n" + returned + "\n\nHello\n--b--\n"
}

func TestTextPartsAreReadInTheirCharset(t *testing.T) {
	for encoding, encode := range map[string]func(string) string{"8bit": func(s string) string { return s }, "base64": base64Lines} {
		t.Run(encoding, func(t *testing.T) {
			inEveryCharset(t, func(t *testing.T, name, words, encoded string) {
				found := recognizeText("From: MAILER-DAEMON@mx.example\nTo: bounces@sender.example\nSubject: Undelivered\nContent-Transfer-Encoding: " + encoding +
					"\nContent-Type: text/plain; charset=\"" + name + "\"\n\n" +
					encode("<jane@example.net>:\n550 5.1.1 "+encoded+"\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <bounces@sender.example>\n"+
						"From: news@sender.example\nTo: jane@example.net\nSubject: "+encoded+"\nMessage-ID: <1@sender.example>\n\nHello\n"))
				assertOne(t, found)
				assertText(t, "the returned subject", found.Returned.Text("Subject"), words)
				assertText(t, "the returned id", found.Returned.Get("Message-ID"), "<1@sender.example>")
			})
		})
	}
}

func base64Lines(s string) string {
	var b strings.Builder
	for code := base64.StdEncoding.EncodeToString([]byte(s)); code != ""; code = code[min(len(code), 76):] {
		b.WriteString(code[:min(len(code), 76)] + "\n")
	}
	return b.String()
}

func TestEncodedWordsAreDecoded(t *testing.T) {
	inEveryCharset(t, func(t *testing.T, name, words, encoded string) {
		base := fmt.Sprintf("=?%s?B?%s?=", name, base64.StdEncoding.EncodeToString([]byte(encoded)))
		quoted := fmt.Sprintf("=?%s?q?%s?=", name, quotedWord(encoded))
		found := recognizeText(statusReport("text/plain", "Undelivered.", base+" "+quoted, "Subject: "+base+"\nComments: "+quoted+"\nX-Language: =?"+name+"*en?B?"+base64.StdEncoding.EncodeToString([]byte(encoded))+"?="))
		assertText(t, "the diagnostic", assertOne(t, found).DiagnosticCode, "smtp; 550 5.1.1 "+words+words)
		assertText(t, "base64", found.Returned.Text("Subject"), words)
		assertText(t, "quoted", found.Returned.Text("Comments"), words)
		assertText(t, "with a language", found.Returned.Text("X-Language"), words)
	})
}

func quotedWord(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		fmt.Fprintf(&b, "=%02X", s[i])
	}
	return b.String()
}

// Mail systems write headers and replies in the charset of their country without saying so where they stand. HZ and UTF-7 look like
// ASCII, and may be meant so.
func TestBareBytesAreReadInTheCharsetThatTheMailNames(t *testing.T) {
	inEveryCharset(t, func(t *testing.T, name, words, encoded string) {
		want := words
		if strings.HasPrefix(name, "HZ") || strings.Contains(strings.ToLower(name), "utf-7") || name == "csUTF7" {
			want = encoded
		}
		found := recognizeText(statusReport("text/plain; charset="+name, encoded, encoded, "Subject: "+encoded+"\nContent-Type: text/plain; charset="+name))
		assertText(t, "the diagnostic", assertOne(t, found).DiagnosticCode, "smtp; 550 5.1.1 "+want)
		assertText(t, "the returned subject", found.Returned.Text("Subject"), want)
	})
}

func TestEncodedWordsAreDecodedAsTheyAreSent(t *testing.T) {
	for name, test := range map[string]struct{ subject, want string }{
		"a character cut in two":        {"=?UTF-8?B?44Oh44O844M=?= =?utf-8?B?qw==?=", "メール"},
		"cut in two, folded":            {"=?gb2312?Q?=D3=C3=BB=A7=B2?=\n =?GB2312?Q?=BB=B4=E6=D4=DA?=", "用户不存在"},
		"another charset behind":        {"=?iso-8859-1?q?=E9?= =?utf-8?q?=C3=A9?=", "éé"},
		"base64 without padding":        {"=?utf-8?b?w6k?= e", "é e"},
		"blanks in a word":              {"=?utf-8?q?p=C3=A9l =C3=A9 x?=", "pél é x"},
		"an unknown charset":            {"=?x-none?q?a?= =?utf-8?q?=C3=A9?=", "=?x-none?q?a?=é"},
		"no word":                       {"=?utf-8?x?a?= =?b =? ?= =??q?a?= =?utf-8?q?a", "=?utf-8?x?a?= =?b =? ?= =??q?a?= =?utf-8?q?a"},
		"in quotes":                     {"\"=?utf-8?q?=C3=A9?=\" <a@example.net>", "\"é\" <a@example.net>"},
		"a line end":                    {"=?utf-8?q?a=0D=0Ab=0Ac?=", "a  b c"},
		"an empty word":                 {"a =?utf-8?q??= b", "a  b"},
		"text between":                  {"=?utf-8?q?=C3=A9?= and =?utf-8?q?=C3=A9?=", "é and é"},
		"broken UTF-7":                  {"=?utf-7?q?+2AA- +2ABhQg- +AAAA?=", "� �慂  "},
		"an ISO-2022-JP word each":      {"=?iso-2022-jp?B?GyRCJWEhPBsoQg==?= =?iso-2022-jp?B?GyRCJWsbKEI=?=", "メール"},
		"ISO-2022-JP without its label": {"\x1b$B%a!<%k\x1b(B", "メール"},
	} {
		assertText(t, name, recognizeText(statusReport("text/plain", "", "", "Subject: "+test.subject)).Returned.Text("Subject"), test.want)
	}
}

// RFC 6533 section 3, and what mail systems write in its place.
func TestAddressesBeyondASCIIAreDecoded(t *testing.T) {
	for _, test := range []struct{ recipient, want string }{
		{"utf-8; pélé@example.net", "pélé@example.net"},
		{`utf-8; p\x{E9}l\x{e9}@example.net`, "pélé@example.net"},
		{`utf-8;\x{30E1}\x{30FC}\x{30EB}@example.net`, "メール@example.net"},
		{`utf-8; \x{20BB7}\x{2B}1@example.net`, "𠮷+1@example.net"},
		{"UTF-8 ; <pélé@example.net>", "pélé@example.net"},
		{"rfc822;pélé@example.net", "pélé@example.net"},
		{"rfc822;p\xe9l\xe9@example.net", "pélé@example.net"},
		{"rfc822; =?iso-8859-1?Q?p=E9l=E9?=@example.net", "pélé@example.net"},
		{"utf-8; jane@bücher.example", "jane@bücher.example"},
		{`utf-8; jane@b\x{FC}cher.example`, "jane@bücher.example"},
		{"rfc822; jane@xn--bcher-kva.example", "jane@xn--bcher-kva.example"},
	} {
		for _, mediaType := range []string{"message/delivery-status", "message/global-delivery-status\nContent-Transfer-Encoding: 8bit"} {
			mail := strings.Replace(statusReport("text/plain", "Undelivered.", "no such user", ""), "rfc822; jane@example.net", test.recipient, 1)
			found := recognizeText(strings.Replace(mail, "message/delivery-status", mediaType, 1))
			if len(found.Recipients) != 1 {
				t.Errorf("%s: got %s, %+v", test.recipient, found.Kind, found.Recipients)
				continue
			}
			assertText(t, test.recipient, found.Recipients[0].Address, test.want)
		}
	}
}

func TestAByteOrderMarkBelongsToNoText(t *testing.T) {
	const bounce = "<jane@example.net>:\n550 5.1.1 no such user\n\n--- Below this line is a copy of the message.\n\nFrom: news@sender.example\nTo: jane@example.net\nSubject: メール\nMessage-ID: <1@sender.example>\n\nHello\n"
	units := utf16.Encode([]rune("\ufeff" + strings.ReplaceAll(bounce, "\n", "\r\n")))
	var big, little []byte
	for _, unit := range units {
		big, little = append(big, byte(unit>>8), byte(unit)), append(little, byte(unit), byte(unit>>8))
	}
	for charset, text := range map[string]string{"utf-8": "\ufeff" + bounce, "": "\ufeff" + bounce, "utf-16": string(big), "UTF-16LE": string(little), "utf-16be": string(big)} {
		found := recognizeText("From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nContent-Transfer-Encoding: base64\nContent-Type: text/plain; charset=" + charset + "\n\n" + base64Lines(text))
		assertOne(t, found)
		assertText(t, charset, found.Returned.Text("Subject"), "メール")
	}
	found := recognizeText(strings.Replace(statusReport("text/plain", "Undelivered.", "no such user", ""), "Reporting-MTA", "\ufeffReporting-MTA", 1))
	assertOne(t, found)
	assertText(t, "the first field", found.ReportingMTA, "dns; mx.example")
}

// HTML may tell its charset itself.
func TestHTMLIsReadInTheCharsetThatItNames(t *testing.T) {
	words := by(charmap.Windows1251)("Пользователь")
	for _, meta := range []string{`<meta charset="windows-1251">`, `<META http-equiv="Content-Type" content="text/html; charset=windows-1251">`} {
		found := recognizeText("From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nContent-Type: text/html\n\n<html><head>" + meta + "</head>\n<p>&lt;jane@example.net&gt;: 550 5.1.1 no such user</p><p>" +
			"--- Below this line is a copy of the message.</p><p><br>From: news@sender.example<br>To: jane@example.net<br>Subject: " + words + "<br>Message-ID: &lt;1@sender.example&gt;<br><br>Hello\n")
		assertOne(t, found)
		assertText(t, meta, found.Returned.Text("Subject"), "Пользователь")
	}
}
