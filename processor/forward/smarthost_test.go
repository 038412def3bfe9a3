package forward_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/forward"
)

// server is a real SMTP server whose replies a test chooses. It keeps the mails it took.
type server struct {
	reply     map[string]error // by command: MAIL, RCPT, DATA
	mechanism string           // the one of AUTH that is offered; "" for none
	took      chan taken
	hang      chan struct{} // when set, the reply to DATA waits for it
	partial   chan error    // when set, gets the error of reading a mail that was not taken
}

type taken struct {
	From, To, User string
	Encrypted      bool
	UTF8           bool
	Data           string
}

// NewSession begins a conversation.
func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, encrypted := c.TLSConnectionState()
	return &session{server: s, taken: taken{Encrypted: encrypted}}, nil
}

type session struct {
	*server
	taken
}

func (s *session) AuthMechanisms() []string {
	if s.mechanism == "" {
		return nil
	}
	return []string{"CRAM-MD5", s.mechanism}
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(username, password string) error {
		if username != "rebound" || password != "s3cret" {
			return smtp.ErrAuthFailed
		}
		s.User = username
		return nil
	}
	if mechanism == sasl.Plain {
		return sasl.NewPlainServer(func(_, username, password string) error { return check(username, password) }), nil
	}
	return &loginServer{check: check}, nil
}

// loginServer is the server's side of AUTH LOGIN, which go-sasl does not have. The user name comes with the command.
type loginServer struct {
	check    func(username, password string) error
	username string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if l.username == "" {
		l.username = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.username, string(response))
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.From, s.UTF8 = from, o.UTF8
	return s.reply["MAIL"]
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.To = to
	return s.reply["RCPT"]
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if s.hang != nil {
		<-s.hang
	}
	if err != nil {
		s.partial <- err
		return err
	}
	if err := s.reply["DATA"]; err != nil {
		return err
	}
	s.taken.Data = string(data)
	s.took <- s.taken
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// start listens on loopback and returns the smart host for it, without settings.
func (s *server) start(t *testing.T, config *tls.Config, implicit bool) forward.SmartHost {
	t.Helper()
	s.took = make(chan taken, 10)
	s.partial = make(chan error, 10)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(s)
	srv.Domain, srv.TLSConfig, srv.AllowInsecureAuth, srv.EnableSMTPUTF8 = "mx.example.net", config, true, true
	srv.ErrorLog = discard{}
	if implicit {
		listener, srv.TLSConfig = tls.NewListener(listener, config), nil
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(listener) }()          // ends with the listener
	t.Cleanup(func() { _ = srv.Close(); _ = listener.Close(); <-done }) // both may be closed by the other already
	return forward.SmartHost{Addr: listener.Addr().String()}
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

// certificate makes a self-signed certificate for 127.0.0.1, and the settings of a client that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

const sample = "Subject: s\r\n\r\n.dot\r\nbody\r\n"

func TestSendUsesTheNullReturnPath(t *testing.T) {
	s := &server{}
	host := s.start(t, nil, false)
	if err := host.Send(t.Context(), "news@example.org", "", strings.NewReader(sample)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(taken{To: "news@example.org", Data: sample}, <-s.took); diff != "" {
		t.Error(diff)
	}
}

func TestSendEncryptsAndLogsIn(t *testing.T) {
	serverTLS, clientTLS := certificate(t)
	tests := []struct {
		name      string
		server    server
		serverTLS *tls.Config
		implicit  bool
		host      forward.SmartHost
		want      taken // To and Data are as in all cases
	}{
		{"TLS when offered, any certificate", server{}, serverTLS, false, forward.SmartHost{}, taken{Encrypted: true}},
		{"TLS required", server{}, serverTLS, false, forward.SmartHost{TLS: forward.TLSRequired, TLSConfig: clientTLS}, taken{Encrypted: true}},
		{"TLS from the first byte", server{}, serverTLS, true, forward.SmartHost{TLS: forward.TLSImplicit, TLSConfig: clientTLS}, taken{Encrypted: true}},
		{"AUTH PLAIN", server{mechanism: "PLAIN"}, serverTLS, false, forward.SmartHost{Username: "rebound", Password: "s3cret", TLSConfig: clientTLS},
			taken{Encrypted: true, User: "rebound"}},
		{"AUTH LOGIN", server{mechanism: "LOGIN"}, serverTLS, false, forward.SmartHost{Username: "rebound", Password: "s3cret", TLSConfig: clientTLS},
			taken{Encrypted: true, User: "rebound"}},
		{"AUTH without TLS on this machine", server{mechanism: "PLAIN"}, nil, false, forward.SmartHost{Username: "rebound", Password: "s3cret"},
			taken{User: "rebound"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			host := test.host
			host.Addr, host.Domain = test.server.start(t, test.serverTLS, test.implicit).Addr, "rebound.example.org"
			if err := host.Send(t.Context(), "news@example.org", "", strings.NewReader(sample)); err != nil {
				t.Fatal(err)
			}
			test.want.To, test.want.Data = "news@example.org", sample
			if diff := cmp.Diff(test.want, <-test.server.took); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSendTellsFinalRefusalsFromTheRest(t *testing.T) {
	reply := func(code int) error { return &smtp.SMTPError{Code: code, Message: "no"} }
	serverTLS, _ := certificate(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	credentials := forward.SmartHost{Username: "rebound", Password: "wrong"}
	tests := []struct {
		name      string
		server    server
		host      forward.SmartHost
		to        string
		reply     int
		permanent bool
	}{
		{"sender refused", server{reply: map[string]error{"MAIL": reply(550)}}, forward.SmartHost{}, "", 550, true},
		{"authentication wanted", server{reply: map[string]error{"MAIL": reply(530)}}, forward.SmartHost{}, "", 530, false},
		{"recipient unknown", server{reply: map[string]error{"RCPT": reply(550)}}, forward.SmartHost{}, "", 550, true},
		{"mailbox full", server{reply: map[string]error{"RCPT": reply(452)}}, forward.SmartHost{}, "", 452, false},
		{"content refused", server{reply: map[string]error{"DATA": reply(554)}}, forward.SmartHost{}, "", 554, true},
		{"try later", server{reply: map[string]error{"DATA": reply(451)}}, forward.SmartHost{}, "", 451, false},
		{"wrong password", server{mechanism: "PLAIN"}, credentials, "", 535, false},
		{"no mechanism of ours", server{mechanism: "SCRAM-SHA-1"}, credentials, "", 0, false},
		{"no connection", server{}, forward.SmartHost{Addr: closed.Addr().String()}, "", 0, false},
		{"no TLS where it must be", server{}, forward.SmartHost{TLS: forward.TLSRequired}, "", 0, false},
		{"a certificate nobody knows", server{}, forward.SmartHost{TLS: forward.TLSImplicit}, "", 0, false},
		{"an unknown TLS mode", server{}, forward.SmartHost{TLS: "ssl"}, "", 0, false},
		{"no address", server{}, forward.SmartHost{}, "nobody", 0, true},
		{"a line end in the address", server{}, forward.SmartHost{}, "a@b\r\nRCPT TO:<c@d.example>", 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := serverTLS
			if test.host.TLS != forward.TLSImplicit {
				config = nil
			}
			running := test.server.start(t, config, config != nil)
			if test.host.Addr == "" {
				test.host.Addr = running.Addr
			}
			if test.to == "" {
				test.to = "news@example.org"
			}
			err := test.host.Send(t.Context(), test.to, "", strings.NewReader(sample))
			var failure *forward.SendError
			if !errors.As(err, &failure) || failure.Reply != test.reply || failure.Permanent != test.permanent {
				t.Errorf("got %v (%+v), want reply %d, permanent %v", err, failure, test.reply, test.permanent)
			}
			if err != nil && strings.Contains(err.Error(), "wrong") && test.host.Password == "wrong" {
				t.Errorf("the password stands in the error: %v", err)
			}
		})
	}
}

func TestAddressesThatAreNotASCIINeedSMTPUTF8(t *testing.T) {
	s := &server{}
	host := s.start(t, nil, false)
	if err := host.Send(t.Context(), "jürgen@example.org", "", strings.NewReader(sample)); err != nil {
		t.Fatal(err)
	}
	if got := <-s.took; !got.UTF8 || got.To != "jürgen@example.org" {
		t.Errorf("got %+v", got)
	}
}

func TestAMailThatCannotBeReadToItsEndIsNotSent(t *testing.T) {
	s := &server{}
	host := s.start(t, nil, false)
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("Subject: s\r\n\r\n"+strings.Repeat("x\r\n", 50_000)), iotest.ErrReader(broken))
	err := host.Send(t.Context(), "news@example.org", "", r)
	var failure *forward.SendError
	if !errors.Is(err, broken) || errors.As(err, &failure) {
		t.Errorf("got %v, want the error of the reader", err)
	}
	if err := <-s.partial; err == nil {
		t.Error("the server got a whole mail")
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	s := &server{hang: make(chan struct{})}
	host := s.start(t, nil, false)
	t.Cleanup(func() { close(s.hang) })
	ctx, cancel := context.WithCancel(t.Context())
	r := io.MultiReader(strings.NewReader(sample), readerFunc(func([]byte) (int, error) { cancel(); return 0, io.EOF }))
	err := host.Send(ctx, "news@example.org", "", r)
	var failure *forward.SendError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &failure) || failure.Permanent {
		t.Errorf("got %v, want a temporary error for the context", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestALargeReportIsComposedAndSentAsAStream(t *testing.T) {
	s := &server{}
	host := s.start(t, nil, false)
	const lines = 1 << 16 // of 80 bytes: 5 MiB
	original := io.MultiReader(strings.NewReader("Subject: s\r\n\r\n"), &endless{line: strings.Repeat("x", 78) + "\r\n", n: lines})
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(forward.Compose(pw, original, options())) }()
	if err := host.Send(t.Context(), "news@example.org", "", pr); err != nil {
		t.Fatal(err)
	}
	got := <-s.took
	if _, body, _ := bytes.Cut([]byte(got.Data), []byte("\r\n\r\n")); len(body) != lines*80 {
		t.Errorf("got %d bytes of content, want %d", len(body), lines*80)
	}
}
