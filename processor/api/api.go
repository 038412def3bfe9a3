package api

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// API answers /v1. All fields are needed but Now.
type API struct {
	Store    *store.Store
	Index    *suppression.Index // of the suppression lists in Store
	Bus      *bus.Bus
	Keys     *returnpath.Keys
	Signer   *topic.Signer       // of dead letters
	Region   string              // of the ARNs of new topics
	Sent     processor.Registrar // takes in the mails that POST /v1/sent tells of
	Domain   string              // of return paths
	Feedback http.Handler        // POST /v1/feedback
	Worker   *processor.Worker   // replays mails
	Unknown  *classify.Samples   // replies that no rule knows, for GET /v1/unclassified; nil: none
	Wake     func()              // tells the delivery engine of new entries in the outbox

	PublicURL string           // where subscribers reach the APIs: https://host
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger
}

// Handler routes /v1. It answers callers on this machine as they are, and others only with an access key (see guard).
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range a.routes() {
		mux.Handle(pattern, handler)
	}
	mux.Handle("/v1/", a.answer(func(r *http.Request) (any, error) {
		return nil, refuse(http.StatusNotFound, "%s %s is not part of this API", r.Method, r.URL.Path)
	}))
	return a.guard(mux)
}

// routes are all there are; openapi.yaml describes each.
func (a *API) routes() map[string]http.Handler {
	routes := map[string]http.Handler{
		"POST /v1/feedback":           a.Feedback,
		"GET /v1/feedback/{seq}/raw":  http.HandlerFunc(a.rawFeedback),
		"GET /v1/suppression/stream":  a.stream(a.streamSuppression),
		"POST /v1/suppression/import": a.stream(a.importSuppression),
		"GET /v1/openapi.json":        http.HandlerFunc(serveDocument),
	}
	for pattern, handler := range map[string]func(*http.Request) (any, error){
		"POST /v1/sent":                  a.postSent,
		"GET /v1/suppression/check":      a.checkOne,
		"POST /v1/suppression/check":     a.checkSuppression,
		"GET /v1/suppression":            a.listSuppression,
		"PUT /v1/suppression":            a.putSuppression,
		"DELETE /v1/suppression":         a.deleteSuppression,
		"GET /v1/suppression/changes":    a.changesOfSuppression,
		"GET /v1/suppression/why":        a.whySuppressed,
		"POST /v1/forget":                a.forget,
		"GET /v1/topics":                 a.listTopics,
		"POST /v1/topics":                a.createTopic,
		"DELETE /v1/topics":              a.deleteTopic,
		"GET /v1/unpublished":            a.listUnpublished,
		"POST /v1/unpublished":           a.republish,
		"GET /v1/subscriptions":          a.listSubscriptions,
		"POST /v1/subscriptions":         a.subscribe,
		"DELETE /v1/subscriptions":       a.unsubscribe,
		"GET /v1/identities":             a.listIdentities,
		"PUT /v1/identities":             a.putIdentity,
		"DELETE /v1/identities":          a.deleteIdentity,
		"GET /v1/accounts":               a.listAccounts,
		"PUT /v1/accounts":               a.putAccount,
		"GET /v1/feedback":               a.listFeedback,
		"GET /v1/feedback/{id}":          a.showFeedback,
		"POST /v1/feedback/{seq}/replay": a.replayFeedback,
		"GET /v1/keys":                   a.listKeys,
		"POST /v1/keys":                  a.createKey,
		"DELETE /v1/keys":                a.deleteKey,
		"GET /v1/outbox":                 a.listOutbox,
		"GET /v1/outbox/{id}":            a.showOutbox,
		"GET /v1/outbox/endpoints":       a.listEndpoints,
		"POST /v1/outbox/redrive":        a.redriveOutbox,
		"POST /v1/outbox/drop":           a.dropOutbox,
		"GET /v1/statistics":             a.statistics,
		"GET /v1/unclassified":           a.listUnclassified,
	} {
		routes[pattern] = a.answer(handler)
	}
	return routes
}

// refusal is an error that the caller can mend, with the HTTP status that says so.
type refusal struct {
	status  int
	message string
}

func (r refusal) Error() string { return r.message }

func refuse(status int, format string, args ...any) error {
	return refusal{status, fmt.Sprintf(format, args...)}
}

// answer writes what a handler returns as JSON; nil as {}.
func (a *API) answer(handler func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value, err := handler(r)
		status := http.StatusOK
		if err != nil {
			status, value = a.refused(r, err)
		}
		if value == nil {
			value = struct{}{}
		}
		body, err := schemas.Marshal(value)
		if err != nil {
			a.Log.Error("cannot write an answer", "path", r.URL.Path, "error", err)
			status, body = http.StatusInternalServerError, []byte(`{"message":"internal error"}`)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(body, '\n')) // a caller who has gone needs no answer
	})
}

func (a *API) refused(r *http.Request, err error) (int, any) {
	message := struct {
		Message string `json:"message"`
	}{err.Error()}
	var mendable refusal
	switch {
	case errors.As(err, &mendable):
		return mendable.status, message
	case errors.Is(err, store.ErrFull), errors.Is(err, bus.ErrFull):
		return http.StatusInsufficientStorage, message
	case errors.Is(err, store.ErrBusy), errors.Is(err, store.ErrBroken), errors.Is(err, store.ErrClosed), errors.Is(err, bus.ErrUnavailable):
		return http.StatusServiceUnavailable, message
	}
	a.Log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	message.Message = "internal error; the server's log says more"
	return http.StatusInternalServerError, message
}

// maxBody bounds a request's JSON: a registration with the largest header and a thousand recipients fits.
const maxBody = 1 << 20

// read decodes a request's JSON into value; an unknown key is an error.
func read(r *http.Request, value any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return refuse(http.StatusBadRequest, "the body ends early: %v", err)
	}
	if len(body) > maxBody {
		return refuse(http.StatusRequestEntityTooLarge, "the body is over %d bytes", maxBody)
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return refuse(http.StatusBadRequest, "the body is not what is expected here: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := decoder.Token(); err != io.EOF {
		return refuse(http.StatusBadRequest, "something follows the JSON object in the body")
	}
	return nil
}

func (a *API) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// accountOf is the account that a request speaks for: that of its access key, else the one that the query names, else the first.
func (a *API) accountOf(r *http.Request) (account.Account, error) {
	id := r.URL.Query().Get("account")
	if authenticated, ok := r.Context().Value(authenticatedAs{}).(string); ok {
		if id != "" && id != authenticated {
			return account.Account{}, refuse(http.StatusForbidden, "the access key is not one of account %s", id)
		}
		id = authenticated
	}
	if id == "" {
		id = account.DefaultID
	}
	found, err := account.Get(r.Context(), a.Store.Read, id)
	if errors.Is(err, account.ErrNotFound) {
		return found, refuse(http.StatusNotFound, "there is no account %s", id)
	}
	return found, err
}

// transact runs one write.
func (a *API) transact(r *http.Request, write func(ctx context.Context, tx *sql.Tx) error) error {
	return a.Store.Transact(r.Context(), func(tx *sql.Tx) error { return write(r.Context(), tx) })
}

// limit reads the query's limit: 1 to 1000, 100 when absent.
func limit(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return 100, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1000 {
		return 0, refuse(http.StatusBadRequest, "limit is a number from 1 to 1000, not %q", text)
	}
	return n, nil
}
