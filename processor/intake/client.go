package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
)

// maxReply is the most of an answer that is read; a server's own is far shorter.
const maxReply = 64 << 10

// Client sends mails to the HTTP intake of a running server.
type Client struct {
	URL  string       // where the server is, without Path: "http://127.0.0.1:8025"
	HTTP *http.Client // how to reach it; nil is a client that follows no redirects
}

var plainClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Send sends the mail in r with its envelope, which may be empty, and returns the id that the server gave it. The server has stored the
// mail by then. An error wraps ErrTemporary when the same mail can be accepted later.
func (c *Client) Send(ctx context.Context, r io.Reader, from string, to []string) (id string, err error) {
	if id, err = c.send(ctx, r, from, to); err != nil {
		return "", fmt.Errorf("intake: sending a mail to %s: %w", c.URL, err)
	}
	return id, nil
}

func (c *Client) send(ctx context.Context, r io.Reader, from string, to []string) (string, error) {
	target, err := c.target(from, to)
	if err != nil {
		return "", err
	}
	body := &mailBody{r: r}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, body)
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "message/rfc822")
	response, err := cmp.Or(c.HTTP, plainClient).Do(request)
	if err == nil {
		defer response.Body.Close()
	}
	readErr := body.end()
	switch {
	case readErr != nil:
		return "", fmt.Errorf("reading the mail: %w", readErr)
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrTemporary, err)
	}
	return outcome(response)
}

func (c *Client) target(from string, to []string) (string, error) {
	target, err := url.Parse(c.URL)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return "", errors.New("not an http:// or https:// address")
	}
	target = target.JoinPath(Path)
	query := url.Values{"to": to}
	if from != "" {
		query.Set("from", from)
	}
	target.RawQuery = query.Encode()
	return target.String(), nil
}

// outcome reads the answer of the server.
func outcome(response *http.Response) (id string, err error) {
	var said struct{ ID, Message string }
	text, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	status := response.StatusCode
	switch {
	case status == http.StatusAccepted && err == nil:
		return said.ID, nil
	case status == http.StatusAccepted:
		return "", fmt.Errorf("%w: the answer was cut off: %w", ErrTemporary, err)
	}
	refused := errors.New(response.Status)
	if said.Message != "" {
		refused = fmt.Errorf("%s: %s", response.Status, said.Message)
	}
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return "", refused
	}
	// All else is the server's state or a mistake in the set-up, for which no mail should be bounced.
	return "", fmt.Errorf("%w: %w", ErrTemporary, refused)
}

// mailBody is the mail as a request's body. It tells errors of the mail's reader from those of the connection, and lets the reader go
// when Send returns: the HTTP client may go on reading after it has the answer.
type mailBody struct {
	mu  sync.Mutex
	r   io.Reader // nil after end
	err error
}

func (b *mailBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, io.ErrClosedPipe
	}
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// end lets go of the mail's reader, and returns its error.
func (b *mailBody) end() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	return b.err
}
