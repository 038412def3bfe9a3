package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// smtpConnections is how many connections bring mails at once.
const smtpConnections = 64

// errLater is returned when the server asks to send the mail again later, as it does while the disk stands still.
var errLater = errors.New("the server asks to try again later")

// laterWait is the pause before a mail is sent again, and laterTries how often that is done.
const (
	laterWait  = 100 * time.Millisecond
	laterTries = 300
)

// smtpClient brings reports over one connection as a mail server does: the envelope's commands go out together (RFC 2920).
type smtpClient struct {
	conn  net.Conn
	reply *bufio.Reader
	out   bytes.Buffer
}

// dialSMTP opens connections that are ready for mails.
func dialSMTP(addr string) (clients []*smtpClient, hangUp func(), err error) {
	hangUp = func() {
		for _, c := range clients {
			_ = c.conn.Close() // all that counts has been answered
		}
	}
	for range smtpConnections {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			hangUp()
			return nil, nil, err
		}
		c := &smtpClient{conn: conn, reply: bufio.NewReader(conn)}
		clients = append(clients, c)
		if err := errors.Join(c.expect("220"), c.say("EHLO mx.dead.example\r\n"), c.expect("250")); err != nil {
			hangUp()
			return nil, nil, err
		}
	}
	return clients, hangUp, nil
}

// send returns when the server has taken the mail over; like a mail server it tries again when asked to. No line of the mail may begin
// with a dot.
func (c *smtpClient) send(to string, mail []byte) (err error) {
	for range laterTries {
		if err = c.try(to, mail); !errors.Is(err, errLater) {
			return err
		}
		time.Sleep(laterWait)
	}
	return err
}

func (c *smtpClient) try(to string, mail []byte) error {
	if err := c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if err := c.say("MAIL FROM:<>\r\nRCPT TO:<" + to + ">\r\nDATA\r\n"); err != nil {
		return err
	}
	for _, code := range []string{"250", "250", "354"} {
		if err := c.expect(code); err != nil {
			return err
		}
	}
	c.out.Reset()
	c.out.Write(mail)
	c.out.WriteString(".\r\n")
	if _, err := c.conn.Write(c.out.Bytes()); err != nil {
		return err
	}
	return c.expect("250")
}

func (c *smtpClient) say(text string) error {
	_, err := io.WriteString(c.conn, text)
	return err
}

// expect reads a reply, which may have several lines.
func (c *smtpClient) expect(code string) error {
	for {
		line, err := c.reply.ReadString('\n')
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, "45") {
			return fmt.Errorf("%w: %s", errLater, strings.TrimSpace(line))
		}
		if !strings.HasPrefix(line, code) {
			return fmt.Errorf("the server says %q, want %s", strings.TrimSpace(line), code)
		}
		if strings.HasPrefix(line[len(code):], " ") {
			return nil
		}
	}
}

// discarding is an SMTP server with nothing around it, which throws mails away.
type discarding struct{}

func serveDiscarding() (addr string, stop func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	bare := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return discarding{}, nil }))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = bare.Serve(listener) // ends with Close
	}()
	return listener.Addr().String(), func() error {
		err := bare.Close()
		<-ended
		return err
	}, nil
}

func (discarding) Mail(string, *smtp.MailOptions) error { return nil }
func (discarding) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (discarding) Reset()                               {}
func (discarding) Logout() error                        { return nil }

func (discarding) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
