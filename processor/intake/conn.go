package intake

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// writeTimeout is how long a client may leave an answer untaken.
const writeTimeout = 30 * time.Second

// listener hands the SMTP server connections that are within the limits, and turns the others away.
type listener struct {
	net.Listener
	server *Server
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := newConn(raw, l.server)
		refusal := l.server.admit(c)
		if refusal == "" {
			return c, nil
		}
		raw.SetWriteDeadline(time.Now().Add(time.Second)) // the answer fits the empty send buffer: it does not hold up the others
		io.WriteString(raw, refusal)
		raw.Close()
	}
}

// conn is a connection as the SMTP server sees it. It gives each read its own time, tells what the SMTP server does not (did the
// client go away?), words the answers (see answered), and lets Shutdown end it between two transactions.
type conn struct {
	net.Conn
	server *Server
	remote string // the address of the client, "" over a Unix socket
	client string // what its connections are counted under

	mu      sync.Mutex
	speak   net.Conn // what an unasked answer is written to: this, or the TLS connection above
	busy    bool     // in a transaction
	hangUp  bool     // close after the next answer
	left    bool     // counted out
	readErr error    // why reading ended; it does not go on after that
}

func newConn(raw net.Conn, s *Server) *conn {
	c := &conn{Conn: raw, server: s}
	c.speak = c
	if addr, err := netip.ParseAddrPort(raw.RemoteAddr().String()); err == nil {
		ip := addr.Addr().Unmap().WithZone("")
		c.remote, c.client = ip.String(), ip.String()
		if network, err := ip.Prefix(64); err == nil && ip.Is6() {
			c.client = network.String() // one client owns a whole network
		}
	}
	return c
}

// connBelow is the conn that a connection of the SMTP server stands on.
func connBelow(nc net.Conn) *conn {
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	return nc.(*conn)
}

func (c *conn) Read(p []byte) (int, error) {
	if err := c.ended(); err != nil {
		return 0, err
	}
	c.Conn.SetReadDeadline(time.Now().Add(c.server.Limits.Idle))
	n, err := c.Conn.Read(p)
	if err != nil {
		c.mu.Lock()
		c.readErr = err
		c.mu.Unlock()
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	hangUp := c.hangUp // as it was before the answer: dismiss, called meanwhile, has a word of its own to say
	c.mu.Unlock()
	c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := c.Conn.Write(answered(p))
	if hangUp {
		c.Conn.Close()
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *conn) Close() error {
	c.mu.Lock()
	first := !c.left
	c.left = true
	c.mu.Unlock()
	if first {
		c.server.leave(c)
	}
	return c.Conn.Close()
}

// ended is why reading ended, nil when it did not.
func (c *conn) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.readErr
}

// attach starts a session, which writes to nc and is in no transaction.
func (c *conn) attach(nc net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.speak, c.busy = nc, false
}

// begin marks the start of a transaction. It reports false when the server is closing; the connection ends with the answer then.
func (c *conn) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server.isClosing() {
		c.hangUp = true
		return false
	}
	c.busy = true
	return true
}

// finish marks the end of a transaction, if there was one.
func (c *conn) finish() {
	c.mu.Lock()
	c.busy = false
	c.mu.Unlock()
	if c.server.isClosing() {
		c.dismiss()
	}
}

// hangUpNext closes the connection after the next answer.
func (c *conn) hangUpNext() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangUp = true
}

// dismiss ends the connection with a word, unless it is in a transaction; finish calls it again after that.
func (c *conn) dismiss() {
	c.mu.Lock()
	busy, speak := c.busy, c.speak
	c.hangUp = c.hangUp || !busy
	c.mu.Unlock()
	if !busy {
		io.WriteString(speak, replyClosing)
		c.Conn.Close()
	}
}
