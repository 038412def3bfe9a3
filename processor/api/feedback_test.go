package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
)

const report = "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nMessage-ID: <r1@mx.example>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
	"Final-Recipient: rfc822; jane@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n" +
	"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <m1@sender.example>\r\n\r\n--b--\r\n"

// work lets a worker take the mails on the bus to their effects.
func (s *server) work(mails int) {
	s.t.Helper()
	done := make(chan struct{}, mails)
	worker := &processor.Worker{Bus: s.api.Bus, Store: s.api.Store, Rules: classify.Default(), Keys: s.api.Keys, Region: "us-east-1",
		Wake: func() { done <- struct{}{} }, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}
	ctx, stop := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	for {
		<-done
		arrived, err := processor.ListFeedback(ctx, s.api.Store.Read, processor.FeedbackQuery{Limit: mails})
		if err != nil {
			s.t.Fatal(err)
		}
		if len(arrived) == mails {
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		s.t.Fatal(err)
	}
}

// post brings a mail in, as a program does that gets bounces by HTTP.
func (s *server) post(mail, to string) {
	s.t.Helper()
	response, err := http.Post(s.url+"/v1/feedback?to="+to, "message/rfc822", strings.NewReader(mail))
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		s.t.Fatalf("got %s", response.Status)
	}
}

func TestARegisteredMailGetsAReturnPathForEachRecipient(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	registration := sentmail.Registration{MessageID: "<m1@sender.example>", Source: "news@sender.example", Destination: []string{"Jane <jane@example.net>", "joe@example.net"}}
	var first, again api.SentAnswer
	s.do(http.MethodPost, "/v1/sent?account="+otherAccount, registration, &first)
	if len(first.ReturnPaths) != 2 || first.MessageID == "" {
		t.Fatalf("got %+v", first)
	}
	for recipient, path := range first.ReturnPaths {
		token, domain, _ := strings.Cut(path, "@")
		verified, err := s.api.Keys.Verify(token, now)
		if err != nil || domain != "rebound.example" || verified.Account != otherAccount {
			t.Errorf("%s: %v, domain %s, account %s", path, err, domain, verified.Account)
		}
		if mail, bound, ok, err := sentmail.ByRecipientID(t.Context(), s.api.Store.Read, verified.RecipientID); err != nil || !ok || bound != recipient || mail.Account != otherAccount {
			t.Errorf("%s: bound to %q of %q, %v", recipient, bound, mail.Account, err)
		}
	}
	s.do(http.MethodPost, "/v1/sent?account="+otherAccount, registration, &again)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same registration once more: -first +again:\n%s", diff)
	}
	var statistics struct {
		Points []api.Point `json:"sendDataPoints"`
	}
	s.do(http.MethodGet, "/v1/statistics?account="+otherAccount, nil, &statistics)
	want := []api.Point{{Timestamp: schemas.Time{Time: now}, DeliveryAttempts: 2}}
	if diff := cmp.Diff(want, statistics.Points); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWrongRegistrationsAreRefused(t *testing.T) {
	t.Parallel()
	newServer(t).refuses([]refusal{
		{"unknown key", "POST", "/v1/sent", `{"source":"a@b.example","destinations":["c@d.example"]}`, 400, `unknown key "destinations"`},
		{"no recipients", "POST", "/v1/sent", `{"source":"a@b.example"}`, 400, "destination"},
		{"no source", "POST", "/v1/sent", `{"destination":["c@d.example"]}`, 400, "source"},
		{"a bad address among good ones", "POST", "/v1/sent", `{"source":"a@b.example","destination":["c@d.example","nobody","e@f.example"]}`, 400, "nobody"},
		{"unknown account", "POST", "/v1/sent", `{"accountId":"999999999999","source":"a@b.example","destination":["c@d.example"]}`, 404, "999999999999"},
		{"unknown account in the query", "POST", "/v1/sent?account=999999999999", `{"source":"a@b.example","destination":["c@d.example"]}`, 404, "999999999999"},
		{"too large", "POST", "/v1/sent", `{"source":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "1048576"},
		{"nothing", "POST", "/v1/sent", ``, 400, "empty"},
	})
}

func TestWhatArrivedIsListedAndShownAsItCame(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var sent api.SentAnswer
	s.do(http.MethodPost, "/v1/sent", sentmail.Registration{MessageID: "<m1@sender.example>", Source: "news@sender.example", Destination: []string{"jane@example.net"}}, &sent)
	s.post(report, sent.ReturnPaths["jane@example.net"])
	stranger := strings.NewReplacer("m1@", "unknown@", "r1@", "r2@").Replace(report)
	s.post(stranger, "bounces@rebound.example")
	s.work(2)

	var all, unmatched, before struct{ Feedback []processor.Arrived }
	s.do(http.MethodGet, "/v1/feedback", nil, &all)
	if len(all.Feedback) != 2 || all.Feedback[0].Trust != processor.TrustC || all.Feedback[1].Trust != processor.TrustA || all.Feedback[1].Source != "http" {
		t.Fatalf("got %+v", all.Feedback)
	}
	s.do(http.MethodGet, "/v1/feedback?trust=C&kind=bounce", nil, &unmatched)
	if diff := cmp.Diff(all.Feedback[:1], unmatched.Feedback); diff != "" {
		t.Errorf("unmatched: -want +got:\n%s", diff)
	}
	s.do(http.MethodGet, "/v1/feedback?limit=1&before="+strconv.FormatUint(all.Feedback[0].Seq, 10), nil, &before)
	if diff := cmp.Diff(all.Feedback[1:], before.Feedback); diff != "" {
		t.Errorf("before: -want +got:\n%s", diff)
	}
	status, raw := s.ask(http.MethodGet, "/v1/feedback/"+strconv.FormatUint(all.Feedback[1].Seq, 10)+"/raw", nil)
	if status != http.StatusOK || raw != strings.TrimSpace(report) {
		t.Errorf("got %d %q", status, raw)
	}
	// Another account sees none of it.
	if _, answer := s.askAs(caller{from: "192.0.2.7:4000", key: &s.other}, http.MethodGet, "/v1/feedback", ""); strings.TrimSpace(answer) != `{"feedback":[]}` {
		t.Errorf("another account sees %s", answer)
	}
}

func TestAMailOfManyPiecesIsShownWhole(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	large := "Subject: large\r\n\r\n" + strings.Repeat("0123456789abcde\n", 1<<16)
	s.post(large, "a@b.example")
	if status, raw := s.ask(http.MethodGet, "/v1/feedback/1/raw", nil); status != http.StatusOK || raw != strings.TrimSpace(large) {
		t.Errorf("got %d and %d bytes, want %d", status, len(raw), len(large))
	}
}

func TestWrongQuestionsAboutFeedbackAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.refuses([]refusal{
		{"unknown account", "GET", "/v1/feedback?account=7", nil, 404, "no account 7"},
		{"before what", "GET", "/v1/feedback?before=yesterday", nil, 400, `not "yesterday"`},
		{"limit out of range", "GET", "/v1/feedback?limit=5000", nil, 400, "1 to 1000"},
		{"a mail that was never there", "GET", "/v1/feedback/99/raw", nil, 404, "no longer kept"},
		{"no seq", "GET", "/v1/feedback/last/raw", nil, 400, `"last"`},
		{"an empty mail", "POST", "/v1/feedback", ``, 400, "empty"},
		{"no address", "POST", "/v1/feedback?to=nobody", `Subject: x`, 400, "nobody"},
		{"unknown account of statistics", "GET", "/v1/statistics?account=7", nil, 404, "no account 7"},
	})
	if _, answer := s.ask(http.MethodGet, "/v1/feedback", nil); answer != `{"feedback":[]}` {
		t.Errorf("nothing arrived, and the answer is %s", answer)
	}
}
