package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

const (
	// requestTimeout is how long SNS waits for the whole answer.
	requestTimeout = 15 * time.Second
	// retryLimit is the longest that SNS retries.
	retryLimit = time.Hour
	// requestsAtOnce bounds the requests to all endpoints together: 256 of them may hang before healthy ones have to wait.
	requestsAtOnce = 1024
	// idlePerHost keeps connections for eight endpoints on one host.
	idlePerHost = 8 * parallelPerEndpoint
	// maxDrained is how much of an answer is read in order to use the connection again; beyond it a new one costs less.
	maxDrained = 64 << 10
	// maxAnswerHead bounds the header of an answer.
	maxAnswerHead = 32 << 10
)

// HTTPOptions configure an HTTPSender.
type HTTPOptions struct {
	Store     *store.Store
	Signer    *topic.Signer
	PublicURL string           // where subscribers reach the API: https://host
	Allow     []netip.Prefix   // networks that are not public and may be sent to all the same
	Resolver  *net.Resolver    // finds addresses; nil means the system's
	RootCAs   *x509.CertPool   // whose certificates are trusted; nil for the system's
	Now       func() time.Time // nil means time.Now
}

// HTTPSender POSTs signed envelopes to the endpoints of subscriptions, as SNS does.
type HTTPSender struct {
	db        *sql.DB
	signer    *topic.Signer
	publicURL string
	now       func() time.Time
	client    *http.Client
}

// NewHTTPSender returns a sender for the protocols http and https. An invalid prefix in Allow is an error.
func NewHTTPSender(o HTTPOptions) (*HTTPSender, error) {
	for _, prefix := range o.Allow {
		if !prefix.IsValid() {
			return nil, fmt.Errorf("delivery: an allowed network is invalid: give a prefix such as 10.0.0.0/8")
		}
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	dialer := &net.Dialer{Timeout: requestTimeout, KeepAlive: 30 * time.Second, Resolver: o.Resolver, Control: newGuard(o.Allow)}
	transport := &http.Transport{
		// No proxy: through one the guard would see the proxy's address instead of the endpoint's.
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           requestsAtOnce,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: maxAnswerHead,
		TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &HTTPSender{db: o.Store.Read, signer: o.Signer, publicURL: o.PublicURL, now: now, client: client}, nil
}

// Terms are those of SNS.
func (s *HTTPSender) Terms() Terms {
	return Terms{Policy: DefaultPolicy, Timeout: requestTimeout, Parallel: requestsAtOnce, Limit: retryLimit}
}

// Send POSTs the entry. An entry whose topic or subscription is gone is final.
func (s *HTTPSender) Send(ctx context.Context, e Entry) Result {
	body, header, settled := s.compose(context.WithoutCancel(ctx), e) // watching ctx costs more than the look-ups take
	if settled != nil {
		return *settled
	}
	return s.post(ctx, e.Endpoint, body, header)
}

// compose returns what is to be sent, or the result when nothing is.
func (s *HTTPSender) compose(ctx context.Context, e Entry) ([]byte, http.Header, *Result) {
	to, settled := e.addressee(ctx, s.db, s.now)
	if settled != nil {
		return nil, nil, settled
	}
	body, header, err := e.sealed(s.signer, to, s.publicURL)
	if err != nil {
		return nil, nil, &Result{Outcome: NotTried, Err: err}
	}
	if e.Kind == KindNotification {
		header.Set("Content-Type", EffectivePolicy(to.Topic, to.Subscription).ContentType)
	}
	header.Set("Accept-Encoding", "gzip,deflate")
	header.Set("Connection", "Keep-Alive")
	// With this field, empty and so not sent, net/http repeats a POST on a fresh connection when the idle one that it took turns out to
	// be closed. The message id makes that safe.
	header["Idempotency-Key"] = nil
	return body, header, nil
}

func final(reason string) *Result { return &Result{Outcome: Final, Err: errors.New(reason)} }

// post makes the request, and makes it once more with the credentials of the URL when the endpoint asks for them.
func (s *HTTPSender) post(ctx context.Context, endpoint string, body []byte, header http.Header) Result {
	target, err := url.Parse(endpoint)
	if err != nil {
		return *final("the endpoint is not a URL") // the error quotes it, password and all
	}
	user, secrets := target.User, newSecrets(target)
	target.User = nil
	response, err := s.request(ctx, target, body, header, "")
	if err == nil && response.StatusCode == http.StatusUnauthorized && user != nil {
		if authorization := answerChallenge(response, user); authorization != "" {
			discard(response)
			response, err = s.request(ctx, target, body, header, authorization)
		}
	}
	if err != nil {
		return secrets.hide(failure(ctx, err))
	}
	answer := excerpt(response)
	discard(response)
	return secrets.hide(judge(response, answer, s.now()))
}

func (s *HTTPSender) request(ctx context.Context, target *url.URL, body []byte, header http.Header, authorization string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header.Clone()
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	return s.client.Do(request)
}

// excerpt returns the beginning of the answer for whoever looks for the reason of a failure, with enough behind it that no secret lies
// across its end. What is compressed is left out.
func excerpt(r *http.Response) string {
	if r.Header.Get("Content-Encoding") != "" {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(r.Body, maxAnswer+maxSecret)) // the status has decided; a broken answer changes nothing
	return string(text)
}

// discard ends the exchange so that the connection can be used again, unless the answer is long.
func discard(r *http.Response) {
	_, _ = io.CopyN(io.Discard, r.Body, maxDrained)
	r.Body.Close()
}
