package sesv1_test

import (
	"database/sql"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor/awsapi/awsapitest"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
)

const feedbackID = "0100019bffa0b95d-7a5433e7-8edb-42ae-af10-f0181f34d6ee-000000"

// received puts a mail on the bus, as it came in at a time, and notes it as the worker does.
func received(s *awsapitest.Server, on *bus.Bus, id, from, account string, at time.Time) (seq uint64) {
	s.Helper()
	seq, err := on.PublishMail(s.Context(), bus.Mail{From: from, To: []string{"info@example.org", "sales@example.org"}, Received: at, Source: "smtp",
		Raw: []byte("From: Jane <jane@example.net>\r\nTo: info@example.org\r\nSubject: Hello\r\nMessage-ID: <hello@example.net>\r\n\r\nsecret body\r\n")})
	if err != nil {
		s.Fatal(err)
	}
	s.Transact(func(tx *sql.Tx) error {
		_, err := tx.ExecContext(s.Context(), `INSERT INTO feedback (id, seq, account, kind, format, trust, source, received_at, reported_at, message_id, reporting_mta, subject, problem)
			VALUES ($1, $2, $3, 'none', '', 'C', 'smtp', $4, 0, '', '', '', '')`, id, int64(seq), account, at.UnixMilli())
		return err
	})
	return seq
}

// bounce are the parameters of a bounce for one recipient.
func bounce(id string, more ...string) []string {
	return append([]string{"OriginalMessageId", id, "BounceSender", "postmaster@example.org", "BouncedRecipientInfoList.member.1.Recipient", "info@example.org",
		"BouncedRecipientInfoList.member.1.BounceType", "DoesNotExist"}, more...)
}

// composed reads the bounces that wait for the smart host.
func composed(s *awsapitest.Server) (reports []*dsn.Report, mails []awsapitest.Waiting) {
	s.Helper()
	mails = s.Outbox(delivery.KindMail)
	for _, mail := range mails {
		read, err := report.Read(strings.NewReader(mail.Body))
		if err != nil {
			s.Fatal(err)
		}
		parsed, err := dsn.Parse(read)
		if err != nil {
			s.Fatalf("%v: %s", err, mail.Body)
		}
		reports = append(reports, parsed)
	}
	return reports, mails
}

func TestABounceIsSentForAReceivedMail(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	on := s.OpenBus()
	s.Do("VerifyDomainIdentity", "Domain", "example.org")
	seq := received(s, on, feedbackID, "jane@example.net", "", s.Clock.Add(-time.Hour))
	id := s.Do("SendBounce", bounce(feedbackID, "Explanation", "Nobody here\r\nBcc: x@example.com", "BouncedRecipientInfoList.member.2.Recipient", "Sales@example.org",
		"BouncedRecipientInfoList.member.2.RecipientDsnFields.Action", "failed", "BouncedRecipientInfoList.member.2.RecipientDsnFields.Status", "5.2.2",
		"BouncedRecipientInfoList.member.2.RecipientDsnFields.DiagnosticCode", "smtp; 552 5.2.2 full", "BouncedRecipientInfoList.member.2.RecipientDsnFields.RemoteMta", "mx.example.org",
		"BouncedRecipientInfoList.member.2.RecipientDsnFields.LastAttemptDate", "2026-01-27T14:30:00Z",
		"BouncedRecipientInfoList.member.2.RecipientDsnFields.ExtensionFields.member.1.Name", "X-Why", "BouncedRecipientInfoList.member.2.RecipientDsnFields.ExtensionFields.member.1.Value", "a\r\nb",
		"MessageDsn.ReportingMta", "dns; mail.example.org")...).Get("MessageId")
	s.Do("SendBounce", bounce(strconv.FormatUint(seq, 10))...)
	reports, mails := composed(s)
	if len(mails) != 2 || mails[0].Endpoint != "jane@example.net" {
		t.Fatalf("got %+v", mails)
	}
	head, body, _ := strings.Cut(mails[0].Body, "\r\n\r\n")
	for _, want := range []string{"From: <postmaster@example.org>", "To: <jane@example.net>", "Message-Id: <" + id + "@bounces.example>", "Auto-Submitted: auto-replied", "multipart/report"} {
		if !strings.Contains(strings.ToLower(head), strings.ToLower(want)) {
			t.Errorf("%q is missing in:\n%s", want, head)
		}
	}
	if strings.Contains(head, "Bcc") || !strings.Contains(body, "Nobody here") || !strings.Contains(body, "Subject: Hello") || strings.Contains(body, "secret body") {
		t.Errorf("got %s", mails[0].Body)
	}
	type recipient struct{ Address, Action, Status, Diagnostic, Remote string }
	var got []recipient
	for _, r := range append(reports[0].Recipients, reports[1].Recipients...) {
		got = append(got, recipient{r.Address, string(r.Action), r.Status, r.DiagnosticCode, r.RemoteMTA.Name})
	}
	want := []recipient{{"info@example.org", "failed", "5.1.1", "smtp; 550 5.1.1 the mailbox does not exist", ""}, {"Sales@example.org", "failed", "5.2.2", "smtp; 552 5.2.2 full", "mx.example.org"},
		{"info@example.org", "failed", "5.1.1", "smtp; 550 5.1.1 the mailbox does not exist", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if name := reports[0].ReportingMTA.Name; name != "mail.example.org" || reports[1].ReportingMTA.Name != "bounces.example" || !reports[0].ArrivalDate.Equal(s.Clock.Add(-time.Hour)) {
		t.Errorf("got %+v", reports[0])
	}
}

func TestABounceIsSentForARegisteredMail(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.OpenBus()
	s.Do("VerifyEmailIdentity", "EmailAddress", "postmaster@example.org")
	s.Transact(func(tx *sql.Tx) error {
		_, err := sentmail.Record(t.Context(), tx, &sentmail.Mail{Account: awsapitest.Owner, HeaderMessageID: "<m1@example.net>", Source: "Jane <jane@example.net>", Destination: []string{"info@example.org"},
			Header: []schemas.Header{{Name: "Subject", Value: "Hi"}}, Sent: s.Clock})
		return err
	})
	for kind, status := range map[string]string{"DoesNotExist": "5.1.1", "MessageTooLarge": "5.3.4", "ExceededQuota": "5.2.2", "ContentRejected": "5.6.1", "Undefined": "5.0.0", "TemporaryFailure": "4.0.0"} {
		before, _ := composed(s)
		s.Do("SendBounce", bounce("<m1@example.net>", "BouncedRecipientInfoList.member.1.BounceType", kind)...)
		reports, mails := composed(s)
		if last := reports[len(before)]; last.Recipients[0].Status != status || mails[len(before)].Endpoint != "jane@example.net" {
			t.Errorf("%s: got %+v", kind, last)
		}
	}
}

func TestNobodyCanBounceWhatIsNotTheirs(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	on := s.OpenBus()
	s.Refuses("MessageRejected", "Email address is not verified. The following identities failed the check in region US-EAST-1: postmaster@example.org", "SendBounce", bounce(feedbackID)...)
	s.Do("VerifyDomainIdentity", "Domain", "example.org")
	day := 24 * time.Hour
	received(s, on, "theirs", "jane@example.net", awsapitest.Other, s.Clock)
	received(s, on, "bounce", "", "", s.Clock)
	received(s, on, "old", "jane@example.net", "", s.Clock.Add(-day-time.Second))
	received(s, on, "fresh", "jane@example.net", awsapitest.Owner, s.Clock.Add(-day))
	for id, message := range map[string]string{"none": "There is no received mail none.", "99": "There is no received mail 99.", "theirs": "There is no received mail theirs.",
		"bounce": "Mail bounce has no return path: nobody may be told.", "old": "Mail old came in more than 24 hours ago."} {
		s.Refuses("MessageRejected", message, "SendBounce", bounce(id)...)
	}
	s.Refuses("MessageRejected", "The mail did not go to boss@example.org.", "SendBounce", bounce("fresh", "BouncedRecipientInfoList.member.1.Recipient", "boss@example.org")...)
	s.Refuses("InvalidParameterValue", `"X:\r\nBcc" is no name of a field.`, "SendBounce", bounce("fresh", "MessageDsn.ReportingMta", "a.example", "MessageDsn.ExtensionFields.member.1.Name", "X:\r\nBcc")...)
	s.Refuses("InvalidParameterValue", `Status "6.6.6" is no status such as 5.1.1.`, "SendBounce", bounce("fresh", "BouncedRecipientInfoList.member.1.RecipientDsnFields.Action", "failed",
		"BouncedRecipientInfoList.member.1.RecipientDsnFields.Status", "6.6.6")...)
	s.Refuses("ValidationError", "1 validation error detected: Value 'Sad' at 'bounceType' failed to satisfy constraint: Member must satisfy enum value set: "+
		"[DoesNotExist, MessageTooLarge, ExceededQuota, ContentRejected, Undefined, TemporaryFailure]", "SendBounce", bounce("fresh", "BouncedRecipientInfoList.member.1.BounceType", "Sad")...)
	s.Refuses("InvalidParameterCombination", "Give BounceType or RecipientDsnFields for info@example.org.", "SendBounce", bounce("fresh", "BouncedRecipientInfoList.member.1.BounceType", "")...)
	s.Refuses("ValidationError", "1 validation error detected: Value null at 'bouncedRecipientInfoList' failed to satisfy constraint: Member must not be null", "SendBounce",
		"OriginalMessageId", "fresh", "BounceSender", "postmaster@example.org")
	s.Do("DeleteIdentity", "Identity", "example.org") // a mail that matched no account is not that of whoever guesses its number
	s.Do("VerifyEmailIdentity", "EmailAddress", "postmaster@example.org")
	seq := received(s, on, "anybody's", "jane@example.net", "", s.Clock)
	s.Refuses("MessageRejected", "Email address is not verified. The following identities failed the check in region US-EAST-1: info@example.org", "SendBounce", bounce(strconv.FormatUint(seq, 10))...)
	if mails := s.Outbox(delivery.KindMail); len(mails) != 0 {
		t.Errorf("sent all the same: %+v", mails)
	}
	s.Do("SendBounce", bounce("fresh")...)
}
