package intake

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/bus"
)

// Path is where Handler belongs and where Client sends to.
const Path = "/v1/feedback"

// retryAfter is how many seconds a client should wait before it tries again.
const retryAfter = "5"

// Handler takes mails over HTTP: POST, one mail as the body, with Content-Type message/rfc822, message/global,
// application/octet-stream or none. The envelope can be given in the query, from=ADDRESS and to=ADDRESS (again for each recipient), or in the header
// fields X-Envelope-From and X-Envelope-To; an empty from is the null sender.
//
// It answers 202 {"id":"…"} when the mail is accepted, otherwise {"message":"…"} with 400 (no mail, or a bad address), 405, 413 (too
// large), 415, 503 (not now) or 507 (no room), the last two with Retry-After. Who may post is for the caller to check.
func Handler(accept Accept, limits Limits) http.Handler {
	limits = limits.withDefaults()
	return &handler{accept: accept, limits: limits, reading: make(chan struct{}, limits.Connections)}
}

type handler struct {
	accept  Accept
	limits  Limits
	reading chan struct{} // one entry for each request being read
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "send a mail with POST")
		return
	}
	if !isMailType(r.Header.Get("Content-Type")) {
		refuse(w, http.StatusUnsupportedMediaType, "send the mail as it is, with Content-Type message/rfc822")
		return
	}
	mail, problem := h.envelope(r)
	if problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return
	}
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	default:
		refuse(w, http.StatusServiceUnavailable, "too many requests at a time")
		return
	}
	h.take(w, r, mail)
}

// take reads the mail, hands it on and answers.
func (h *handler) take(w http.ResponseWriter, r *http.Request, mail bus.Mail) {
	body := http.MaxBytesReader(w, r.Body, h.limits.MessageBytes)
	raw, release, err := h.limits.Memory.read(&idleReader{body, http.NewResponseController(w), h.limits.Idle}, h.limits.MessageBytes)
	if err != nil {
		refuseUnread(w, err)
		return
	}
	defer release()
	if len(raw) == 0 {
		refuse(w, http.StatusBadRequest, "the body is empty; send the mail as the body")
		return
	}
	mail.Raw, mail.Received = raw, time.Now()
	id, err := h.accept(r.Context(), mail)
	if err != nil {
		slog.Warn("a mail could not be accepted", "source", mail.Source, "client", mail.RemoteIP, "error", err)
		refuseNotAccepted(w, err)
		return
	}
	reply(w, http.StatusAccepted, map[string]string{"id": id})
}

// envelope reads the addresses of the request; problem tells what is wrong with them.
func (h *handler) envelope(r *http.Request) (mail bus.Mail, problem string) {
	query := r.URL.Query()
	mail = bus.Mail{Source: "http", RemoteIP: remoteIP(r.RemoteAddr)}
	mail.From = bare(cmp.Or(query.Get("from"), r.Header.Get("X-Envelope-From")))
	if mail.From != "" && !address.IsAddress(mail.From) {
		return mail, "from is not a mail address: " + printable(mail.From)
	}
	recipients := query["to"]
	if len(recipients) == 0 {
		recipients = r.Header.Values("X-Envelope-To")
	}
	if len(recipients) > h.limits.Recipients {
		return mail, "too many recipients"
	}
	for _, recipient := range recipients {
		recipient = bare(recipient)
		if !address.IsAddress(recipient) {
			return mail, "to is not a mail address: " + printable(recipient)
		}
		mail.To = append(mail.To, recipient)
	}
	return mail, ""
}

// bare takes the angle brackets off an address.
func bare(path string) string {
	path = strings.TrimSpace(path)
	if inner, ok := strings.CutPrefix(path, "<"); ok {
		return strings.TrimSuffix(inner, ">")
	}
	return path
}

func isMailType(contentType string) bool {
	if contentType == "" {
		return true
	}
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return mediaType == "message/rfc822" || mediaType == "message/global" || mediaType == "application/octet-stream"
}

func remoteIP(remote string) string {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	return addr.Addr().Unmap().WithZone("").String()
}

func refuseUnread(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, errTooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "the mail is too large")
	case errors.Is(err, errMemory):
		refuse(w, http.StatusServiceUnavailable, "too many large mails at a time")
	default:
		refuse(w, http.StatusBadRequest, "the mail ended early")
	}
}

func refuseNotAccepted(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, bus.ErrFull):
		refuse(w, http.StatusInsufficientStorage, "no room for more mails")
	case errors.Is(err, bus.ErrTooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "the mail is too large")
	default:
		refuse(w, http.StatusServiceUnavailable, "the mail cannot be accepted now")
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	if status == http.StatusServiceUnavailable || status == http.StatusInsufficientStorage {
		w.Header().Set("Retry-After", retryAfter)
	}
	reply(w, status, map[string]string{"message": message})
}

func reply(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // a client that went away does not read it
}

// idleReader gives each read of a body its own time, where the server can.
type idleReader struct {
	body io.Reader
	conn *http.ResponseController
	idle time.Duration
}

func (r *idleReader) Read(p []byte) (int, error) {
	r.conn.SetReadDeadline(time.Now().Add(r.idle))
	return r.body.Read(p)
}
