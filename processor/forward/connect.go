package forward

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/emersion/go-smtp"
)

// connect returns a client that has said EHLO, on a connection that is encrypted as h.TLS asks for.
func (h SmartHost) connect(ctx context.Context) (*smtp.Client, error) {
	switch h.TLS {
	case TLSOffered:
		return h.connectOffered(ctx)
	case TLSRequired:
		return h.open(ctx, func(conn net.Conn) (*smtp.Client, error) { return smtp.NewClientStartTLS(conn, h.tlsConfig()) })
	case TLSImplicit:
		return h.open(ctx, func(conn net.Conn) (*smtp.Client, error) {
			return smtp.NewClient(tls.Client(conn, h.tlsConfig())), nil
		})
	}
	return nil, fmt.Errorf("unknown TLS mode %q: use %q, %q or nothing", h.TLS, TLSRequired, TLSImplicit)
}

// connectOffered asks on one connection whether the server offers STARTTLS, and comes back on another when it does: go-smtp starts TLS
// only on a fresh one.
func (h SmartHost) connectOffered(ctx context.Context) (*smtp.Client, error) {
	client, err := h.open(ctx, func(conn net.Conn) (*smtp.Client, error) { return smtp.NewClient(conn), nil })
	if err != nil {
		return nil, err
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return client, nil
	}
	_ = client.Quit() // nothing was asked of this connection
	return h.open(ctx, func(conn net.Conn) (*smtp.Client, error) { return smtp.NewClientStartTLS(conn, h.tlsConfig()) })
}

// open connects and greets. Ctx ends the conversation by closing the connection, because the client knows no contexts.
func (h SmartHost) open(ctx context.Context, start func(net.Conn) (*smtp.Client, error)) (*smtp.Client, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", h.Addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	client, err := start(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	client.CommandTimeout, client.SubmissionTimeout = commandTimeout, takeTimeout
	name := h.Domain
	if name == "" {
		name = "localhost"
	}
	if err := client.Hello(name); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

func (h SmartHost) tlsConfig() *tls.Config {
	config := &tls.Config{}
	if h.TLSConfig != nil {
		config = h.TLSConfig.Clone()
	}
	if host, _, err := net.SplitHostPort(h.Addr); err == nil && config.ServerName == "" {
		config.ServerName = host
	}
	if h.TLS == TLSOffered && h.Username == "" {
		config.InsecureSkipVerify = true // without encryption at all it would be no better
	}
	return config
}
