package sesv2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/awsapi"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/schemas"
)

// maxBody bounds what is read of the calls of this package, in bytes: none of them brings a mail.
const maxBody = 1 << 20

// call is one call of an operation.
type call struct {
	context.Context
	account string // of the caller
	request *http.Request
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, op operation) {
	caller := auth.From(r.Context())
	if !caller.May(op.permission) {
		awsapi.FailJSON(w, http.StatusForbidden, "AccessDeniedException", caller.Denied("ses:"+op.name, op.permission))
		return
	}
	result, err := op.handle(&call{r.Context(), caller.Account, r})
	if err != nil {
		a.fail(w, op.name, err)
		return
	}
	if result == nil {
		result = struct{}{}
	}
	body, err := schemas.Marshal(result)
	if err != nil {
		a.fail(w, op.name, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("x-amzn-RequestId", schemas.NewUUID())
	_, _ = w.Write(body) // a caller who has gone needs no answer
}

// fail tells the caller's mistakes, and writes ours to the log.
func (a *API) fail(w http.ResponseWriter, operation string, err error) {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		awsapi.FailJSON(w, refused.status, refused.exception, refused.message)
	case errors.Is(err, store.ErrBusy), errors.Is(err, store.ErrBroken), errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrFull):
		a.Log.Warn("a request failed", "operation", operation, "error", err)
		awsapi.FailJSON(w, http.StatusServiceUnavailable, "ServiceUnavailableException", "Nothing can be written now. Try again later.")
	default:
		a.Log.Error("a request failed", "operation", operation, "error", err)
		awsapi.FailJSON(w, http.StatusInternalServerError, "InternalServiceErrorException", "The server's log says more.")
	}
}

// decode reads the body, a JSON object, into a pointer. An empty one is an empty object, and members that are not known are ignored, as
// at AWS.
func (c *call) decode(into any) error {
	body, err := io.ReadAll(io.LimitReader(c.request.Body, maxBody+1))
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return badRequest("The request has over %d bytes.", maxBody)
	}
	if len(body) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return serialization(err)
	}
	return nil
}

// serialization says what cannot be read in a body.
func serialization(err error) error {
	var kind *json.UnmarshalTypeError
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &kind):
		return &refusal{http.StatusBadRequest, "SerializationException", fmt.Sprintf("%s can not be converted to %s", strings.ToUpper(kind.Value), kind.Field)}
	}
	return &refusal{http.StatusBadRequest, "SerializationException", "The request is no JSON: " + err.Error()}
}

func (c *call) path(name string) string { return c.request.PathValue(name) }

func (c *call) query(name string) string { return c.request.URL.Query().Get(name) }

// moment is a time in JSON: seconds since 1970 with milliseconds, as AWS writes them. It reads ISO 8601 too.
type moment struct{ time.Time }

// MarshalJSON writes the seconds.
func (m moment) MarshalJSON() ([]byte, error) {
	ms := m.UnixMilli()
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads seconds, or a text.
func (m *moment) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	at, ok := parseTime(strings.Trim(string(text), `"`))
	if !ok {
		return &refusal{http.StatusBadRequest, "SerializationException", fmt.Sprintf("%.40s is no timestamp", text)}
	}
	m.Time = at
	return nil
}

// maxSeconds is the last second of the year 9999.
const maxSeconds = 253402300799

// parseTime reads seconds since 1970, or ISO 8601 with or without fractions.
func parseTime(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds >= 0 && seconds <= maxSeconds) { // nor NaN
			return time.Time{}, false
		}
		return time.UnixMilli(int64(seconds * 1000)).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02", "20060102T150405Z"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
