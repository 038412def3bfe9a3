package sentmail_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	account = "123456789012"
	sesID   = "0100019bffa0b95d-7a5433e7-8edb-42ae-af10-f0181f34d6ee-000000"
)

var now = time.Date(2026, 1, 27, 14, 59, 38, 237e6, time.UTC)

type mails struct {
	testing.TB
	*store.Store
}

func open(t testing.TB) mails {
	t.Helper()
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return mails{t, s}
}

func (s mails) transact(f func(ctx context.Context, tx *sql.Tx) error) {
	s.Helper()
	if err := s.Transact(s.Context(), func(tx *sql.Tx) error { return f(s.Context(), tx) }); err != nil {
		s.Fatal(err)
	}
}

// record records a mail and returns what became of it.
func (s mails) record(m sentmail.Mail) (recorded sentmail.Mail, fresh bool) {
	s.Helper()
	s.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		fresh, err = sentmail.Record(ctx, tx, &m)
		return err
	})
	return m, fresh
}

func (s mails) byMessageID(ids []string, recipients ...string) []sentmail.Mail {
	s.Helper()
	found, err := sentmail.ByMessageID(s.Context(), s.Read, ids, recipients...)
	if err != nil {
		s.Fatal(err)
	}
	return found
}

func (s mails) byRecipientID(id uint64) (sentmail.Mail, string, bool) {
	s.Helper()
	m, addr, ok, err := sentmail.ByRecipientID(s.Context(), s.Read, id)
	if err != nil {
		s.Fatal(err)
	}
	return m, addr, ok
}

func (s mails) purge(before time.Time, limit int) (n int) {
	s.Helper()
	s.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		n, err = sentmail.Purge(ctx, tx, before, limit)
		return err
	})
	return n
}

func mail() sentmail.Mail {
	return sentmail.Mail{
		HeaderMessageID: "<m1@example.org>", Account: account, Identity: "example.org", Source: "News <news@example.org>", SourceIP: "192.0.2.10",
		CallerIdentity: "mailer", Destination: []string{"Jane <Jane@EXAMPLE.net>", "joe@example.net"},
		Header: []schemas.Header{{Name: "Subject", Value: "Hi & <bye>"}}, Tags: map[string][]string{"campaign": {"a", "b"}},
		ConfigurationSet: "set", Sent: now,
	}
}

func TestAMailIsFoundAsItWasRecorded(t *testing.T) {
	s := open(t)
	want, fresh := s.record(mail())
	if !fresh || want.ID == 0 || len(want.MessageID) != len(sesID) {
		t.Errorf("got %+v, fresh %v", want, fresh)
	}
	if diff := cmp.Diff([]sentmail.Mail{want}, s.byMessageID([]string{want.HeaderMessageID})); diff != "" {
		t.Error(diff)
	}
	for i, addr := range []string{"Jane@example.net", "joe@example.net"} {
		got, gotAddr, ok := s.byRecipientID(want.Recipients[i].ID)
		if diff := cmp.Diff(want, got); !ok || gotAddr != addr || diff != "" {
			t.Errorf("recipient %d: got %q, %v\n%s", i, gotAddr, ok, diff)
		}
	}
	if _, _, ok := s.byRecipientID(want.Recipients[0].ID + 1); ok {
		t.Error("a mail was found for a recipient that there is not")
	}
}

func TestAMailRecordedTwiceIsOne(t *testing.T) {
	s := open(t)
	want, _ := s.record(mail())
	again := mail()
	again.Destination = []string{"joe@example.net", "jane@example.net", "JOE@example.net"} // the same two
	again.HeaderMessageID = "m1@example.org"
	again.Sent = now.Add(time.Hour)
	got, fresh := s.record(again)
	if diff := cmp.Diff(want, got); fresh || diff != "" {
		t.Errorf("fresh %v\n%s", fresh, diff)
	}
	if found := s.byMessageID([]string{"m1@example.org"}); len(found) != 1 {
		t.Errorf("got %d mails, want 1", len(found))
	}
}

func TestAMailWithoutAMessageIDIsKnownByItsSESID(t *testing.T) {
	s := open(t)
	m := mail()
	m.HeaderMessageID, m.MessageID = "", sesID
	want, fresh := s.record(m)
	again, freshAgain := s.record(m)
	if diff := cmp.Diff(want, again); !fresh || freshAgain || diff != "" {
		t.Errorf("fresh %v, then %v\n%s", fresh, freshAgain, diff)
	}
	if found := s.byMessageID([]string{sesID}); len(found) != 1 || found[0].HeaderMessageID != "" {
		t.Errorf("got %+v", found)
	}
}

func TestAccountsDoNotShareMails(t *testing.T) {
	s := open(t)
	s.record(mail())
	theirs := mail()
	theirs.Account = "000000000000"
	if _, fresh := s.record(theirs); !fresh {
		t.Error("the mail of another account was taken for this one")
	}
	if found := s.byMessageID([]string{"m1@example.org"}); len(found) != 2 {
		t.Errorf("got %d mails, want both", len(found))
	}
}

func TestCopiesOfOneMessageToSingleRecipientsAreMailsOfTheirOwn(t *testing.T) {
	s := open(t)
	const copies = 150
	for i := range copies {
		m := mail()
		m.Destination, m.Sent = []string{fmt.Sprintf("reader%d@example.net", i)}, now.Add(time.Duration(i)*time.Second)
		if _, fresh := s.record(m); !fresh {
			t.Fatalf("copy %d was taken for another", i)
		}
	}
	found := s.byMessageID([]string{"<m1@example.org>"})
	if len(found) != 100 || found[0].Destination[0] != "reader149@example.net" {
		t.Errorf("got %d mails, the first to %v; want the 100 newest", len(found), found[0].Destination)
	}
	found = s.byMessageID([]string{"<m1@example.org>"}, "nobody", "READER7@example.net")
	if len(found) != 1 || found[0].Destination[0] != "reader7@example.net" {
		t.Errorf("got %d mails, want the copy to the recipient", len(found))
	}
	if found = s.byMessageID([]string{"<m1@example.org>"}, "other@example.net"); len(found) != 100 {
		t.Errorf("got %d mails, want those that there are", len(found))
	}
}

func TestAllSpellingsOfAnIDFindTheMail(t *testing.T) {
	s := open(t)
	m := mail()
	m.MessageID = sesID
	s.record(m)
	for _, id := range []string{
		"<m1@example.org>", "m1@example.org", " <m1@example.org>\r\n", "<m1@example.org> (added by mail.example)", "<m1@\r\n example.org>",
		sesID, "<" + sesID + ">", "<" + sesID + "@email.amazonses.com>", sesID + "@eu-west-1.amazonses.com", sesID + "@Amazonses.com",
	} {
		if found := s.byMessageID([]string{"<other@example.org>", id}); len(found) != 1 {
			t.Errorf("%q: got %d mails, want 1", id, len(found))
		}
	}
	for _, id := range []string{"", "<>", "M1@example.org", "m1@example.ORG", strings.ToUpper(sesID), sesID + "@example.org", sesID + "@notamazonses.com",
		"x" + sesID[1:], strings.ReplaceAll(sesID, "-", "0"), "m1@example.org\x00", strings.Repeat("x", 2000)} {
		if found := s.byMessageID([]string{id}); len(found) != 0 {
			t.Errorf("%q: got %d mails, want none", id, len(found))
		}
	}
}

func TestAReportMayNameMoreIDsThanAreLookedFor(t *testing.T) {
	s := open(t)
	s.record(mail())
	ids := make([]string, 5000)
	recipients := make([]string, 5000)
	for i := range ids {
		ids[i], recipients[i] = fmt.Sprintf("<%d@%s>", i, sesID), fmt.Sprintf("%d@example.net", i)
	}
	ids[50] = "<m1@example.org>"
	if found := s.byMessageID(ids, recipients...); len(found) != 1 {
		t.Errorf("got %d mails, want 1", len(found))
	}
}

func TestTheHeaderIsKeptUpToTenKilobytes(t *testing.T) {
	s := open(t)
	m := mail()
	m.Header = []schemas.Header{
		{Name: "Subject", Value: "first"}, {Name: "To", Value: strings.Repeat("x", 10<<10)}, {Name: "Message-ID", Value: "<m1@example.org>"},
	}
	got, _ := s.record(m)
	if diff := cmp.Diff([]schemas.Header{m.Header[0], m.Header[2]}, got.Header); !got.HeadersTruncated || diff != "" {
		t.Errorf("truncated %v\n%s", got.HeadersTruncated, diff)
	}
	m = mail()
	m.HeaderMessageID = "<m2@example.org>"
	m.Header = []schemas.Header{{Name: "To", Value: strings.Repeat("x", 10<<10-len("To: \r\n"))}}
	if got, _ := s.record(m); got.HeadersTruncated || len(got.Header) != 1 {
		t.Errorf("got %d fields, truncated %v; want what just fits", len(got.Header), got.HeadersTruncated)
	}
}

func TestRecipientIDsAreKeptWhenTheyAreThereAlready(t *testing.T) {
	s := open(t)
	m := mail()
	id := sentmail.NewRecipientID()
	m.Recipients = []sentmail.Recipient{{ID: id, Address: "joe@example.net"}}
	got, _ := s.record(m)
	if len(got.Recipients) != 2 || got.Recipients[1].ID != id || got.Recipients[0].ID == 0 {
		t.Errorf("got %v", got.Recipients)
	}
}

func TestAMailMayHaveAThousandRecipients(t *testing.T) {
	s := open(t)
	m := mail()
	m.Destination = nil
	for i := range sentmail.MaxDestinations {
		m.Destination = append(m.Destination, fmt.Sprintf("reader%d@example.net", i))
	}
	want, _ := s.record(m)
	got, addr, ok := s.byRecipientID(want.Recipients[999].ID)
	if diff := cmp.Diff(want, got); !ok || addr != "reader999@example.net" || diff != "" {
		t.Errorf("got %q, %v\n%s", addr, ok, diff)
	}
}

func TestPurgeDeletesTheOldestMailsInPortions(t *testing.T) {
	s := open(t)
	var recorded []sentmail.Mail
	for i := range 5 {
		m := mail()
		m.HeaderMessageID, m.Sent = fmt.Sprintf("<m%d@example.org>", i), now.AddDate(0, 0, -i)
		m, _ = s.record(m)
		recorded = append(recorded, m)
	}
	for _, want := range []int{2, 1, 0} {
		if got := s.purge(recorded[1].Sent, 2); got != want {
			t.Errorf("got %d purged, want %d", got, want)
		}
	}
	for i, m := range recorded {
		_, _, ok := s.byRecipientID(m.Recipients[0].ID)
		if found := s.byMessageID([]string{m.HeaderMessageID}); ok != (i < 2) || len(found) == 1 != ok {
			t.Errorf("mail %d: found by recipient %v, by id %d times", i, ok, len(found))
		}
	}
	var recipients int
	if err := s.Read.QueryRow(`SELECT count(*) FROM sent_recipients`).Scan(&recipients); err != nil || recipients != 4 {
		t.Errorf("got %d recipients, error %v, want those of the 2 mails that are left", recipients, err)
	}
}

func TestWhatIsNoMailIsInvalid(t *testing.T) {
	s := open(t)
	for name, change := range map[string]func(*sentmail.Mail){
		"no recipient":    func(m *sentmail.Mail) { m.Destination = nil },
		"many recipients": func(m *sentmail.Mail) { m.Destination = make([]string, 1001) },
		"no address":      func(m *sentmail.Mail) { m.Destination = append(m.Destination, "jane") },
		"no time":         func(m *sentmail.Mail) { m.Sent = time.Time{} },
		"too late":        func(m *sentmail.Mail) { m.Sent = now.AddDate(1000, 0, 0) },
		"too early":       func(m *sentmail.Mail) { m.Sent = time.UnixMilli(-1) },
	} {
		m := mail()
		change(&m)
		err := s.Transact(t.Context(), func(tx *sql.Tx) error { _, err := sentmail.Record(t.Context(), tx, &m); return err })
		if !errors.Is(err, sentmail.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	s := open(b)
	for n := 0; b.Loop(); n++ {
		s.transact(func(ctx context.Context, tx *sql.Tx) error {
			for i := range 500 {
				m := mail()
				m.HeaderMessageID, m.Destination = fmt.Sprintf("<%d.%d@example.org>", n, i), m.Destination[:1]
				m.Header = append(m.Header, schemas.Header{Name: "X", Value: strings.Repeat("x", 2000)})
				if _, err := sentmail.Record(ctx, tx, &m); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
