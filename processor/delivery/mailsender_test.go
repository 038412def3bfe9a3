package delivery

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/forward"
)

// mailServer is a real SMTP server that keeps what it gets, and answers RCPT as a test says.
type mailServer struct {
	rcpt chan error
	took chan [3]string // from, to, content
}

// NewSession begins a conversation.
func (s *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &mailSession{mailServer: s}, nil
}

type mailSession struct {
	*mailServer
	from, to string
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error   { s.to = to; return <-s.rcpt }
func (s *mailSession) Reset()                                      {}
func (s *mailSession) Logout() error                               { return nil }
func (s *mailSession) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.took <- [3]string{s.from, s.to, string(content)}
	return nil
}

// newMailSender returns a sender whose smart host is the server.
func newMailSender(t *testing.T, f *fixture) (*MailSender, *mailServer) {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Options{Dir: t.TempDir(), MaxFeedbackBytes: 64 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	backend := &mailServer{rcpt: make(chan error, 100), took: make(chan [3]string, 100)}
	server := smtp.NewServer(backend)
	server.Domain = "mx.example.net"
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { _ = server.Close(); _ = listener.Close(); <-done })
	host := forward.SmartHost{Addr: listener.Addr().String()}
	return &MailSender{Bus: b, Host: host, Domain: "rebound.example.org", Now: f.clock.now}, backend
}

// forward enqueues the forwarding of a report.
func (f *fixture) forward(sender *MailSender, raw, body string) {
	f.t.Helper()
	seq, err := sender.Bus.PublishMail(f.t.Context(), bus.Mail{Raw: []byte(raw), Received: start, Source: "smtp"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.enqueue(Message{ID: "m", Kind: KindFeedbackForward, Body: body, FeedbackID: "f-1", FeedbackSeq: seq,
		Targets: []Target{{Protocol: SMTP, Endpoint: "news@example.org"}}})
}

func TestReportsAreForwardedByMail(t *testing.T) {
	f := newFixture(t)
	sender, server := newMailSender(t, f)
	w := f.run(map[string]Sender{SMTP: sender})
	for kind, from := range map[string]string{"bounce": "MAILER-DAEMON@rebound.example.org", "complaint": "complaints@rebound.example.org"} {
		server.rcpt <- nil
		f.forward(sender, "From: mx@example.net\r\nSubject: Undelivered\r\n\r\nbody\r\n", kind)
		w.Wake()
		want := [3]string{"", "news@example.org", "Received: by rebound.example.org (Rebound) id f-1;\r\n\tTue, 27 Jan 2026 14:59:38 +0000\r\n" +
			"From: " + from + "\r\nTo: news@example.org\r\nMessage-ID: <f-1@rebound.example.org>\r\nAuto-Submitted: auto-generated\r\n" +
			"X-Rebound-Feedback-Id: f-1\r\nSubject: Undelivered\r\nDate: Tue, 27 Jan 2026 14:59:38 +0000\r\n\r\nbody\r\n"}
		if diff := cmp.Diff(want, <-server.took); diff != "" {
			t.Error(diff)
		}
	}
	w.outcomes(2)
	w.stop()
	f.wantEmpty()
}

func TestAMailOfOursIsSentAsItIsFromTheNullReturnPath(t *testing.T) {
	f := newFixture(t)
	sender, server := newMailSender(t, f)
	server.rcpt <- nil
	const mail = "From: <postmaster@example.org>\r\nSubject: Delivery Status Notification (Failure)\r\n\r\nbody\r\n"
	f.enqueue(Message{ID: "m", Kind: KindMail, Body: mail, Targets: []Target{{Protocol: SMTP, Endpoint: "jane@example.net"}}})
	w := f.run(map[string]Sender{SMTP: sender})
	if diff := cmp.Diff([3]string{"", "jane@example.net", mail}, <-server.took); diff != "" {
		t.Error(diff)
	}
	w.outcomes(1)
	w.stop()
	f.wantEmpty()
}

func TestALargeReportIsForwardedWhole(t *testing.T) {
	f := newFixture(t)
	sender, server := newMailSender(t, f)
	line := strings.Repeat("x", 998) + "\r\n"
	const lines = 3000
	server.rcpt <- nil
	f.forward(sender, "Subject: Undelivered\r\n\r\n"+strings.Repeat(line, lines), "bounce")
	w := f.run(map[string]Sender{SMTP: sender})
	w.outcomes(1)
	got := <-server.took
	if _, content, _ := strings.Cut(got[2], "\r\n\r\n"); content != strings.Repeat(line, lines) {
		t.Errorf("got %d bytes", len(got[2]))
	}
}

func TestTemporaryRefusalsAreRetriedAndFinalOnesAreNot(t *testing.T) {
	f := newFixture(t)
	sender, server := newMailSender(t, f)
	server.rcpt <- &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	server.rcpt <- &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "unknown"}
	f.forward(sender, "Subject: s\r\n\r\n", "bounce")
	w := f.run(map[string]Sender{SMTP: sender})
	if diff := cmp.Diff(map[string]int{"retry": 1}, w.outcomes(1)); diff != "" {
		t.Error(diff)
	}
	w.stop()
	if e := f.one(); e.Next != start.Add(10*time.Second) || e.LastStatus != 451 || !strings.Contains(e.LastError, "greylisted") {
		t.Errorf("got %+v", e)
	}
	f.clock.advance(10 * time.Second)
	w = f.run(map[string]Sender{SMTP: sender})
	if diff := cmp.Diff(map[string]int{"final": 1}, w.outcomes(1)); diff != "" {
		t.Error(diff)
	}
	w.stop()
	if e := f.one(); e.State != Failed || e.LastStatus != 550 || !strings.Contains(e.LastError, "unknown") {
		t.Errorf("got %+v", e)
	}
}

func TestWhatCannotBeForwardedIsFinal(t *testing.T) {
	f := newFixture(t)
	sender, server := newMailSender(t, f)
	for range 10 {
		server.rcpt <- nil
	}
	seq, err := sender.Bus.PublishMail(t.Context(), bus.Mail{Raw: []byte("X-Rebound-Feedback-Id: f\r\n\r\n"), Received: start, Source: "smtp"})
	if err != nil {
		t.Fatal(err)
	}
	e := Entry{Kind: KindFeedbackForward, FeedbackID: "f-1", FeedbackSeq: seq, Protocol: SMTP, Endpoint: "news@example.org"}
	if got := sender.Send(t.Context(), e); got.Outcome != Final || !errors.Is(got.Err, forward.ErrLoop) {
		t.Errorf("a loop: got %+v", got)
	}
	gone := e
	gone.FeedbackSeq = 99
	if got := sender.Send(t.Context(), gone); got.Outcome != Final || !errors.Is(got.Err, bus.ErrGone) {
		t.Errorf("a report that is gone: got %+v", got)
	}
	nobody := e
	nobody.Endpoint = "nobody"
	if got := sender.Send(t.Context(), nobody); got.Outcome != Final {
		t.Errorf("no address: got %+v", got)
	}
	if got := (&MailSender{}).Send(t.Context(), e); got.Outcome != Final || !strings.Contains(got.Err.Error(), "smart host") {
		t.Errorf("no smart host: got %+v", got)
	}
	if len(server.took) != 0 {
		t.Errorf("%d mails were sent", len(server.took))
	}
}

func TestABusThatIsAwayCostsNoAttempt(t *testing.T) {
	f := newFixture(t)
	sender, _ := newMailSender(t, f)
	f.forward(sender, "Subject: s\r\n\r\n", "bounce")
	if err := sender.Bus.Close(); err != nil {
		t.Fatal(err)
	}
	logged := make(signal, 100)
	f.log = slog.New(slog.NewTextHandler(logged, nil))
	w := f.run(map[string]Sender{SMTP: sender})
	<-logged
	w.stop()
	if e := f.one(); e.State != Waiting || e.Attempts != 0 {
		t.Errorf("got %+v", e)
	}
}
