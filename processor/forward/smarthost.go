package forward

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/rebound-mail/rebound/dsn/address"
)

// TLSMode says how the connection to a smart host is encrypted.
type TLSMode string

// The modes. With TLSOffered and no password an encrypted connection is taken with any certificate, as mail servers do among each
// other; in all other cases the certificate must be valid for the host.
const (
	TLSOffered  TLSMode = ""         // STARTTLS when the server offers it
	TLSRequired TLSMode = "starttls" // STARTTLS or nothing
	TLSImplicit TLSMode = "tls"      // from the first byte on (port 465)
)

const (
	dialTimeout = 30 * time.Second
	// commandTimeout and takeTimeout bound the wait for a reply to a command and to the whole mail. RFC 5321, section 4.5.3.2, asks
	// for 5 and 10 minutes where servers check recipients and content far away; a smart host is near.
	commandTimeout = time.Minute
	takeTimeout    = 5 * time.Minute
)

// SmartHost is a mail server that takes mail for any recipient.
type SmartHost struct {
	Addr      string // host:port
	Username  string // "" for no authentication
	Password  string
	TLS       TLSMode
	TLSConfig *tls.Config // nil for the system's certificate authorities
	Domain    string      // what we call ourselves in EHLO; "" for localhost
}

// Send hands the mail in r to the smart host. From is the return path; "" is the null one, to which nothing is ever returned. Ctx bounds
// the whole conversation. When r fails the mail is not sent. The error is a *SendError, or wraps what r returned.
func (h SmartHost) Send(ctx context.Context, to, from string, r io.Reader) error {
	if !address.IsAddress(to) || from != "" && !address.IsAddress(from) {
		return &SendError{Permanent: true, Err: fmt.Errorf("%q or %q is no address", to, from)}
	}
	client, err := h.connect(ctx)
	if err != nil {
		return &SendError{Err: timedOut(ctx, err)}
	}
	defer client.Close()
	stop := context.AfterFunc(ctx, func() { client.Close() })
	defer stop()
	if err := h.authenticate(client); err != nil {
		return &SendError{Reply: replyCode(err), Err: timedOut(ctx, err)}
	}
	return h.transfer(ctx, client, to, from, r)
}

// transfer makes the mail transaction. Only here a 5xx reply is about this mail; elsewhere it is about the server or its settings, which
// somebody will mend.
func (h SmartHost) transfer(ctx context.Context, client *smtp.Client, to, from string, r io.Reader) error {
	options := &smtp.MailOptions{}
	if !isASCII(to) || !isASCII(from) {
		if offered, _ := client.Extension("SMTPUTF8"); !offered {
			return &SendError{Permanent: true, Err: errors.New("the smart host does not take addresses that are not ASCII (SMTPUTF8)")}
		}
		options.UTF8 = true
	}
	if err := client.Mail(from, options); err != nil {
		return refusal(ctx, err)
	}
	if err := client.Rcpt(to, nil); err != nil {
		return refusal(ctx, err)
	}
	data, err := client.Data()
	if err != nil {
		return refusal(ctx, err)
	}
	source := &source{r: r}
	if _, err := io.Copy(data, source); err != nil {
		if source.err != nil { // the connection closes without the final dot: the server drops what it got
			return fmt.Errorf("forward: read the mail: %w", source.err)
		}
		return refusal(ctx, err)
	}
	if err := data.Close(); err != nil {
		return refusal(ctx, err)
	}
	_ = client.Quit() // the mail is taken; how the connection ends changes nothing
	return nil
}

// source remembers whether reading failed, which the error of a copy does not tell.
type source struct {
	r   io.Reader
	err error
}

// Read reads.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// refusal tells a reply that is final from all other errors.
func refusal(ctx context.Context, err error) error {
	code := replyCode(err)
	// These ask for other settings, not for another mail (RFC 4954, section 6).
	settings := code == 530 || code == 534 || code == 535 || code == 538
	return &SendError{Reply: code, Permanent: code >= 500 && !settings, Err: timedOut(ctx, err)}
}

func replyCode(err error) int {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// timedOut names the reason for an error on a connection that we closed ourselves.
func timedOut(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) < 0
}

// authenticate logs in with what the server offers. The password never goes over a connection that others can read.
func (h SmartHost) authenticate(client *smtp.Client) error {
	if h.Username == "" {
		return nil
	}
	if _, encrypted := client.TLSConnectionState(); !encrypted && !h.isLocal() {
		return errors.New("the connection is not encrypted, so the password is not sent; set up TLS on the smart host")
	}
	_, mechanisms := client.Extension("AUTH")
	for _, mechanism := range strings.Fields(strings.ToUpper(mechanisms)) {
		switch mechanism {
		case sasl.Plain:
			return client.Auth(sasl.NewPlainClient("", h.Username, h.Password))
		case sasl.Login:
			return client.Auth(sasl.NewLoginClient(h.Username, h.Password))
		}
	}
	return fmt.Errorf("the smart host offers neither AUTH PLAIN nor AUTH LOGIN, but %q", mechanisms)
}

// isLocal tells whether the smart host is on this machine.
func (h SmartHost) isLocal() bool {
	host, _, err := net.SplitHostPort(h.Addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
