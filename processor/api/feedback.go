package api

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
)

// SentAnswer names a registered mail. Send each copy with its recipient's return path as envelope sender, and a bounce proves by the
// address it comes back to which recipient it is about.
type SentAnswer struct {
	MessageID   string            `json:"messageId"`
	ReturnPaths map[string]string `json:"returnPaths"` // by destination
}

func (a *API) postSent(r *http.Request) (any, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body is over %d bytes or ends early", maxBody)
	}
	registration, err := sentmail.ParseRegistration(body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	switch _, authenticated := r.Context().Value(authenticatedAs{}).(string); {
	case registration.AccountID == "":
		registration.AccountID = owner.ID
	case registration.AccountID == owner.ID:
	case authenticated:
		return nil, refuse(http.StatusForbidden, "the access key is not one of account %s", registration.AccountID)
	default:
		if _, err := account.Get(r.Context(), a.Store.Read, registration.AccountID); err != nil {
			return nil, accountRefusal(err)
		}
	}
	mail, err := registration.Mail(a.now())
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	err = a.transact(r, func(ctx context.Context, tx *sql.Tx) error { return a.Sent.Record(ctx, tx, &mail, a.now()) })
	if err != nil {
		return nil, err
	}
	a.Wake()
	answer := SentAnswer{MessageID: mail.MessageID, ReturnPaths: map[string]string{}}
	for _, recipient := range mail.Recipients {
		answer.ReturnPaths[recipient.Address] = a.Keys.Make(mail.Account, recipient.ID, a.now()) + "@" + a.Domain
	}
	return answer, nil
}

func (a *API) listFeedback(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	size, err := limit(r)
	if err != nil {
		return nil, err
	}
	values := r.URL.Query()
	query := processor.FeedbackQuery{ID: values.Get("id"), Kind: processor.Kind(values.Get("kind")), Trust: processor.Trust(values.Get("trust")), Limit: size}
	if r.Context().Value(authenticatedAs{}) != nil {
		query.Account = owner.ID
	}
	if before := values.Get("before"); before != "" {
		if query.Before, err = strconv.ParseUint(before, 10, 63); err != nil {
			return nil, refuse(http.StatusBadRequest, "before is the seq of a report, not %q", before)
		}
	}
	arrived, err := processor.ListFeedback(r.Context(), a.Store.Read, query)
	return struct {
		Feedback []processor.Arrived `json:"feedback"`
	}{append([]processor.Arrived{}, arrived...)}, err
}

func rawPath(seq uint64) string { return "/v1/feedback/" + strconv.FormatUint(seq, 10) + "/raw" }

// Report is one report that arrived, with the path of the mail that it came in.
type Report struct {
	processor.Arrived
	Raw string `json:"raw"`
}

// showFeedback shows a report by its feedback id or its seq; a key shows those of its account.
func (a *API) showFeedback(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	query := processor.FeedbackQuery{ID: id, Limit: 1}
	if seq, err := strconv.ParseUint(id, 10, 63); err == nil {
		query.ID, query.Seq = "", seq
	}
	if r.Context().Value(authenticatedAs{}) != nil {
		query.Account = owner.ID
	}
	found, err := processor.ListFeedback(r.Context(), a.Store.Read, query)
	if err == nil && len(found) == 0 {
		err = refuse(http.StatusNotFound, "there is no report %s, or it is no longer kept", id)
	}
	if err != nil {
		return nil, err
	}
	return Report{found[0], rawPath(found[0].Seq)}, nil
}

// replayFeedback puts a mail through today's rules.
func (a *API) replayFeedback(r *http.Request) (any, error) {
	if err := operatorOnly(r, "replaying mails"); err != nil {
		return nil, err
	}
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 63)
	if err != nil || seq == 0 {
		return nil, refuse(http.StatusBadRequest, "%q is not the seq of a report", r.PathValue("seq"))
	}
	notify := r.URL.Query().Get("notify")
	if notify != "" && notify != "true" && notify != "false" {
		return nil, refuse(http.StatusBadRequest, "notify is true or false, not %q", notify)
	}
	replayed, err := a.Worker.Replay(r.Context(), seq, notify == "true")
	if errors.Is(err, bus.ErrGone) {
		return nil, refuse(http.StatusNotFound, "mail %d is no longer kept", seq)
	}
	return replayed, err
}

// rawFeedback gives a mail as it came in. Mails that match no account are for the operator on this machine alone.
func (a *API) rawFeedback(w http.ResponseWriter, r *http.Request) {
	err := a.copyRaw(w, r)
	if err != nil {
		a.answer(func(*http.Request) (any, error) { return nil, err }).ServeHTTP(w, r)
	}
}

func (a *API) copyRaw(w http.ResponseWriter, r *http.Request) error {
	if r.Context().Value(authenticatedAs{}) != nil {
		return refuse(http.StatusForbidden, "mails are shown on the server's own machine only")
	}
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 63)
	if err != nil {
		return refuse(http.StatusBadRequest, "%q is not the seq of a report", r.PathValue("seq"))
	}
	mail, err := a.Bus.Mail(r.Context(), seq)
	if errors.Is(err, bus.ErrGone) {
		return refuse(http.StatusNotFound, "mail %d is no longer kept", seq)
	}
	if err != nil {
		return err
	}
	content, err := a.Bus.Open(r.Context(), mail)
	if err != nil {
		return err
	}
	defer content.Close()
	w.Header().Set("Content-Type", "message/rfc822")
	if _, err := io.Copy(w, content); err != nil {
		a.Log.Warn("a mail could not be shown whole", "seq", seq, "error", err)
	}
	return nil
}

// Point is what became of the mails of 15 minutes from Timestamp on (GetSendStatistics).
type Point struct {
	Timestamp        schemas.Time `json:"timestamp"`
	DeliveryAttempts int64        `json:"deliveryAttempts"`
	Bounces          int64        `json:"bounces"` // for good
	Complaints       int64        `json:"complaints"`
	Rejects          int64        `json:"rejects"`
	Deliveries       int64        `json:"deliveries"`
}

func (a *API) statistics(r *http.Request) (any, error) {
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	found, err := statistics.Points(r.Context(), a.Store.Read, owner.ID, a.now().Add(-statistics.Retention))
	if err != nil {
		return nil, err
	}
	points := make([]Point, len(found))
	for i, p := range found {
		points[i] = Point{schemas.Time{Time: p.At}, p.DeliveryAttempts, p.Bounces, p.Complaints, p.Rejects, p.Deliveries}
	}
	return struct {
		Points []Point `json:"sendDataPoints"`
	}{points}, nil
}
