package plaintext

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/dsn/report"
)

// ordinary are mails that are no bounces, but share words and fields with them.
var ordinary = []struct{ name, mail string }{
	{"a person who quotes a bounce", "From: Ann <ann@one.example>\nSubject: Re: Undelivered Mail Returned to Sender\nIn-Reply-To: <x@y>\n\nI got this too:\n\n> <jane@one.example>: host mx said: 550 5.1.1 User unknown\n> could not be delivered\n"},
	{"a mailing list about bounces", "From: Ann <ann@one.example>\nSubject: Mail delivery failed: what does it mean?\nList-Id: <postfix-users.example>\n\nMy log says\n\njane@one.example: could not be delivered, 550 5.1.1 unknown user\n\n----- Original message -----\nFrom: Bob <bob@one.example>\nTo: list@one.example\nReceived: from a by b\n"},
	{"a parcel service", "From: Parcels <noreply@parcels.example>\nSubject: Delivery failed: we missed you\nTo: jane@one.example\n\nDear jane@one.example,\n\nyour parcel could not be delivered. Your account: jane@one.example\n"},
	{"a parcel service with an order code", "From: Parcels <noreply@parcels.example>\nSubject: Delivery status of order 550\nTo: jane@one.example\n\nyour parcel was not delivered.\n"},
	{"a postmaster on the reader's own quota", "From: postmaster@one.example\nTo: jane@one.example\nSubject: Mailbox full\n\nYour mailbox is full: jane@one.example uses 99 % of 500 MB.\n"},
	{"a spam digest", "From: Spam digest <noreply@one.example>\nReturn-Path: <>\nSubject: 2 messages were quarantined\n\nspammer@bad.example  Buy now\nother@bad.example  Rejected by policy\n"},
	{"a newsletter", "From: News <news@shop.example>\nSubject: Delivery status: returned mail is history\nPrecedence: bulk\nList-Unsubscribe: <mailto:off@shop.example>\n\nNever again \"could not be delivered\". Write to sales@shop.example\n"},
	{"a job's output", "From: root@host.example (Cron Daemon)\nSubject: Cron <root@host> report\nAuto-Submitted: auto-generated\n\nmail to jane@one.example failed: 550 5.1.1 User unknown\ncould not deliver\n"},
	{"a vacation message with a null sender", "From: Jane <jane@one.example>\nReturn-Path: <>\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away. Ask joe@one.example.\n"},
	{"a postmaster who writes about a problem", "From: Postmaster <postmaster@one.example>\nTo: all@one.example\nSubject: Maintenance tonight\n\nMail may be delayed tonight.\nQuestions: helpdesk@one.example\n"},
	{"a bounce statistic", "From: reports@one.example\nSubject: Bounce report\n\njane@one.example  550 User unknown\njoe@one.example  could not be delivered\n"},
	{"a read receipt", "From: Jane <jane@one.example>\nSubject: Read: Your order\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nYour message was read.\n\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; jane@one.example\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"},
	{"a receipt of a mail deleted unread", "From: Jane <jane@one.example>\nSubject: Not read: Your order\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nYour message was deleted without being read.\n\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; jane@one.example\nDisposition: automatic-action/MDN-sent-automatically; deleted\n\n--b--\n"},
}

func TestOrdinaryMailIsNoBounce(t *testing.T) {
	for _, test := range ordinary {
		t.Run(test.name, func(t *testing.T) {
			m, err := report.Read(strings.NewReader(test.mail))
			if err != nil {
				t.Fatal(err)
			}
			if b, err := Parse(m); !errors.Is(err, ErrNotBounce) {
				t.Errorf("got %+v, %v, want ErrNotBounce", b, err)
			}
		})
	}
}

const recordings = "../../testdata/recordings"

func TestRecordedAutomaticRepliesAreNoBounces(t *testing.T) {
	files := glob(t, "autoreply/*.eml", "pigeonhole/vacation*.eml", "opendmarc/*.eml")
	for _, name := range files {
		if b, err := Parse(readMail(t, name)); !errors.Is(err, ErrNotBounce) {
			t.Errorf("%s: got %+v, %v, want ErrNotBounce", name, b, err)
		}
	}
}

func TestRecordedBouncesOfDMANameTheirRecipient(t *testing.T) {
	for _, name := range glob(t, "dma/*.eml") {
		m := readMail(t, name)
		b, err := Parse(m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// DMA sends a bounce for each recipient and repeats it in this field.
		want := strings.Trim(m.Header.Get("X-Original-To"), "<>")
		if len(b.Recipients) != 1 || b.Recipients[0].Address != want {
			t.Errorf("%s: got %+v, want %s", name, b.Recipients, want)
		}
		if b.Format != "dma" || b.ReportingMTA != "mta.sender.example" {
			t.Errorf("%s: got format %q of %q, want dma of mta.sender.example", name, b.Format, b.ReportingMTA)
		}
		if b.Returned.Get("From") != `"Example Shop" <orders@sender.example>` {
			t.Errorf("%s: got returned header %v", name, b.Returned)
		}
	}
}

func TestRejectionByASieveFilterIsABounce(t *testing.T) {
	b, err := Parse(readMail(t, filepath.Join(recordings, "pigeonhole/reject-mdn.eml")))
	if err != nil {
		t.Fatal(err)
	}
	if b.Format != "mdn" || len(b.Recipients) != 1 || b.Recipients[0].Address != "frank@provider.example" {
		t.Errorf("got %+v, want frank@provider.example in an mdn", b)
	}
	if got := b.Returned.Get("Message-ID"); got != "<frank.1042@shop.sender.example>" {
		t.Errorf("got returned id %q", got)
	}
}

func TestRecipientsAreBounded(t *testing.T) {
	var list strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&list, "<u%d@one.example>:\n550 no such user\n\n", i)
	}
	b := parse(t, "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nUnable to deliver your message:\n\n"+list.String())
	if len(b.Recipients) > maxRecipients || len(b.Recipients) < 100 {
		t.Errorf("got %d recipients", len(b.Recipients))
	}
}

func TestLongReasonsAreCut(t *testing.T) {
	b := parse(t, "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n<jane@one.example>:\n"+strings.Repeat("550 no such user ", 10000)+"\n550 unknown\n")
	if got := len(b.Recipients[0].Diagnostic); got > maxDiagnostic {
		t.Errorf("got a reason of %d bytes", got)
	}
}

func glob(t *testing.T, patterns ...string) []string {
	t.Helper()
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(recordings, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no recordings %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

func readMail(t *testing.T, name string) *report.Message {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
