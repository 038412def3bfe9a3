package autoreply

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rebound-mail/rebound/dsn/report"
)

const recordings = "../../testdata/recordings"

func TestRecordedVacationProgramsAreRecognized(t *testing.T) {
	// The marks that real programs left; vacation and formail set no Auto-Submitted.
	want := map[string]string{
		"autoreply/exim-filter-mail.eml": "auto-submitted", "autoreply/exim-filter-vacation.eml": "auto-submitted",
		"autoreply/formail.eml": "precedence+references", "autoreply/mailbot.eml": "auto-submitted",
		"autoreply/vacation-bsd.eml": "precedence+subject", "pigeonhole/vacation.eml": "auto-submitted", "pigeonhole/vacation-mime.eml": "auto-submitted",
	}
	for name, reason := range want {
		r, err := Parse(read(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Reason != reason {
			t.Errorf("%s: got reason %q, want %q", name, r.Reason, reason)
		}
	}
}

func TestReplyHoldsWhatItAnswers(t *testing.T) {
	got, err := Parse(read(t, "pigeonhole/vacation.eml"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Reply{
		AutoSubmitted: "auto-replied", From: "erin@provider.example", InReplyTo: "<erin.1042@shop.sender.example>",
		References: []string{"<erin.1042@shop.sender.example>"}, Subject: "Out of office: back on Monday", Reason: "auto-submitted",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRecordedReportsAreNoReplies(t *testing.T) {
	for _, pattern := range []string{"postfix/*.eml", "exim4/*.eml", "sendmail/*.eml", "pigeonhole/report*.eml", "pigeonhole/reject*.eml", "opendmarc/*.eml"} {
		names, err := filepath.Glob(filepath.Join(recordings, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("no recordings %s: %v", pattern, err)
		}
		for _, name := range names {
			name, _ = filepath.Rel(recordings, name)
			if r, err := Parse(read(t, name)); !errors.Is(err, ErrNotReply) {
				t.Errorf("%s: got %+v, %v, want ErrNotReply", name, r, err)
			}
		}
	}
}

var mails = []struct{ name, header, reason string }{
	{"RFC 3834", "Auto-Submitted: auto-replied\nSubject: Re: Hi\n", "auto-submitted"},
	{"with parameters", "Auto-Submitted: Auto-Replied; owner-email=\"a@b\"\nSubject: Re: Hi\n", "auto-submitted"},
	{"with a comment", "Auto-Submitted: auto-replied (vacation)\n", "auto-submitted"},
	{"Outlook", "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\nIn-Reply-To: <m@x>\nSubject: Automatic reply: Hi\n", "auto-submitted+references"},
	{"Outlook without a thread", "X-Auto-Response-Suppress: All\nSubject: Automatische Antwort: Hallo\n", "x-auto-response-suppress+subject"},
	{"Gmail", "Precedence: bulk\nX-Autoreply: yes\nSubject: Away Re: Hi\n", "x-autoreply"},
	{"cPanel", "X-Autorespond: Hi\nPrecedence: auto_reply\n", "x-autorespond"},
	{"Precedence alone", "Precedence: auto_reply\nSubject: Thanks\n", "precedence"},
	{"FirstClass", "X-FC-MachineGenerated: true\nSubject: Re: Hi\n", "x-fc-machinegenerated"},
	{"an inbox rule of Exchange", "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nSubject: Re: Hi\n", "x-ms-exchange-generated-message-source"},
	{"a Sieve interpreter of old", "Message-ID: <cmu-sieve-1-2-3@x>\nSubject: I am out of the office\n", "message-id+subject"},
	{"procmail", "X-Loop: jane@x\nReferences: <m@x>\nSubject: Re: Hi\n", "x-loop+references"},
	{"a null sender in a thread", "Return-Path: <>\nIn-Reply-To: <m@x>\nSubject: Danke\n", "return-path+references"},
	{"Notes", "References: <m@x>\nSubject: Jane Doe is out of the office (returning 5 May)\n", "subject+references"},
	{"French", "Return-Path: <>\nSubject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_Commande?=\n", "return-path+subject"},
	{"Japanese", "Return-Path: <>\nSubject: =?utf-8?b?6Ieq5YuV5b+c562UOiDms6jmloc=?=\n", "return-path+subject"},
	{"Spanish", "Precedence: bulk\nSubject: Respuesta automática: Pedido\n", "precedence+subject"},
	{"Russian", "Return-Path: <>\nSubject: Автоответ: заказ\n", "return-path+subject"},
	{"a ticket system", "Auto-Submitted: auto-generated\nIn-Reply-To: <m@x>\nSubject: [#12] We got your mail\n", "auto-submitted+references"},
	{"Exchange 5.5", "Subject: Out of Office AutoReply: Hi\n", "subject"},
	{"Dutch", "Subject: Automatisch antwoord: Hallo\n", "subject"},
	{"somebody who left", "X-Auto-Response-Suppress: All\nSubject: Jane no longer works here\n", "x-auto-response-suppress+subject"},
	{"a new address", "Precedence: bulk\nSubject: Neue E-Mail-Adresse\n", "precedence+subject"},
	{"a challenge", "Return-Path: <>\nSubject: Please confirm your message\n", "return-path+subject"},
	{"a challenge of ASK", "X-AskVersion: 2.5\nSubject: Please confirm (conf#1)\n", "x-askversion"},
	{"a ticket system between hosts of two companies", "From: a@help.one.example\nAuto-Submitted: auto-generated\nIn-Reply-To: <m@two.example>\nSubject: Hi\n", "auto-submitted+references"},
	{"vacation by its program", "Precedence: bulk\nSubject: vacation: Re: Hi\n", "precedence+subject"},

	{"an acceptance", "Auto-Submitted: auto-generated\nIn-Reply-To: <m@x>\nSubject: Accepted: Meeting\n", ""},
	{"a refusal in German", "Auto-Submitted: auto-generated\nIn-Reply-To: <m@x>\nSubject: Abgelehnt: Besprechung\n", ""},
	{"a calendar alone", "Auto-Submitted: auto-generated\nIn-Reply-To: <m@x>\nContent-Type: text/calendar\n", ""},
	{"a read receipt as text", "Auto-Submitted: auto-replied\nIn-Reply-To: <m@x>\nSubject: Gelesen: Hallo\n", ""},
	{"a tracker in a thread of its own", "From: a@one.example\nAuto-Submitted: auto-generated\nIn-Reply-To: <m@mail.one.example>\nSubject: [#12] closed\n", ""},
	{"a person's reply by way of Exchange", "X-Auto-Response-Suppress: All\nIn-Reply-To: <m@x>\nSubject: RE: Hi\n", ""},
	{"a person who moved", "Subject: My new address\n", ""},
	{"a newsletter on holidays", "Precedence: bulk\nSubject: Holiday opening hours\n", ""},

	{"a person's reply", "In-Reply-To: <m@x>\nReferences: <m@x>\nSubject: Re: Hi\n", ""},
	{"a person's reply to an automatic one", "In-Reply-To: <m@x>\nSubject: Re: Out of office: Hi\n", ""},
	{"a person who announces a holiday", "Subject: Out of office next week\n", ""},
	{"declared as a person's", "Auto-Submitted: no\nPrecedence: bulk\nIn-Reply-To: <m@x>\n", ""},
	{"X-Autoreply: no", "X-Autoreply: no\nSubject: Hi\n", ""},
	{"a newsletter", "Precedence: bulk\nSubject: Vacations for you\nList-Unsubscribe: <mailto:off@x>\n", ""},
	{"a newsletter without list fields", "Precedence: bulk\nSubject: News in May\n", ""},
	{"a mailing list", "List-Id: <dev.x>\nPrecedence: list\nIn-Reply-To: <m@x>\nX-Loop: dev@x\n", ""},
	{"cron", "Auto-Submitted: auto-generated\nSubject: Cron <root@x> job\nX-Auto-Response-Suppress: All\n", ""},
	{"a notification", "X-Auto-Response-Suppress: All\nSubject: Your password was changed\n", ""},
	{"a mail server", "From: MAILER-DAEMON@x\nAuto-Submitted: auto-replied\nSubject: Something odd\n", ""},
	{"a wish to leave a list", "Auto-Submitted: auto-replied\nSubject: unsubscribe\n", ""},
	{"a read receipt", "Auto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\nSubject: Read: Hi\n", ""},
}

func TestMarksTellRepliesFromOtherMail(t *testing.T) {
	for _, test := range mails {
		t.Run(test.name, func(t *testing.T) {
			m, err := report.Read(strings.NewReader(test.header + "X-Last: 1\n\nText\n"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := Parse(m)
			got := ""
			if err == nil {
				got = r.Reason
			} else if !errors.Is(err, ErrNotReply) {
				t.Fatal(err)
			}
			if got != test.reason {
				t.Errorf("got reason %q, want %q", got, test.reason)
			}
		})
	}
}

func TestTheTextTellsAResponderThatAnswers(t *testing.T) {
	const header = "From: a@one.example\nIn-Reply-To: <m@two.example>\nSubject: Re: Hi\n\n"
	for text, want := range map[string]string{
		"This is an automated response. We have got your mail.\n":           "text+references",
		"Still broken.\n\n> This is an automated response.\n":               "",
		"Still broken.\n\n-----Original-----\nThis is an automated reply\n": "",
		"Thanks!\n": "",
	} {
		r, err := Parse(parse(t, header+text))
		if got := ""; err == nil {
			if got = r.Reason; got != want {
				t.Errorf("%q: got reason %q, want %q", text, got, want)
			}
		} else if want != "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestANewAddressIsReported(t *testing.T) {
	const header = "From: Jane <jane@one.example>\nTo: orders@sender.example\nAuto-Submitted: auto-replied\nContent-Type: text/plain; charset=utf-8\n\n"
	for text, want := range map[string]string{
		"My new address is jane@new.example.\n":                                       "jane@new.example",
		"My e-mail address has changed to\n\n   <jane@new.example>\n":                 "jane@new.example",
		"Ab sofort: max@neu.example":                                                  "max@neu.example",
		"新しいメールアドレス: jane@new.example":                                                "jane@new.example",
		"jane@one.example is now at jane@new.example, for orders ask bob@one.example": "jane@new.example",
		"I am away, ask bob@one.example.\n":                                           "",
		"My new address is jane@one.example\n":                                        "",
		"Away.\n\n> my new address is joe@two.example\n":                              "",
		"My new address: @ @@ a@ @b\n":                                                "",
	} {
		r, err := Parse(parse(t, header+text))
		if err != nil {
			t.Fatal(err)
		}
		if r.NewAddress != want {
			t.Errorf("%q: got %q, want %q", text, r.NewAddress, want)
		}
	}
}

func parse(t *testing.T, mail string) *report.Message {
	t.Helper()
	m, err := report.Read(strings.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestReferencesAreBounded(t *testing.T) {
	m, err := report.Read(strings.NewReader("Auto-Submitted: auto-replied\nReferences:" + strings.Repeat(" <a@b>", 1000) + " <last@x>\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse(m)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.References); n != maxReferences || r.References[n-1] != "<last@x>" {
		t.Errorf("got %d references that end in %v", n, r.References[n-1])
	}
}

func read(t *testing.T, name string) *report.Message {
	t.Helper()
	f, err := os.Open(filepath.Join(recordings, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := report.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}
