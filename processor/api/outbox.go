package api

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// OutboxEntry is one message for one endpoint that has not arrived. State is waiting or failed; Next is when a waiting one is tried, Queue
// the dead-letter queue of a failed one, absent for the one that subscriptions without a RedrivePolicy share.
type OutboxEntry struct {
	ID              int64        `json:"id"`
	MessageID       string       `json:"messageId"`
	TopicARN        string       `json:"topicArn,omitempty"`
	SubscriptionARN string       `json:"subscriptionArn,omitempty"`
	Protocol        string       `json:"protocol"`
	Endpoint        string       `json:"endpoint"`
	State           string       `json:"state"`
	Queue           string       `json:"queue,omitempty"`
	Published       schemas.Time `json:"published"`
	Attempts        int          `json:"attempts"`
	Next            schemas.Time `json:"next,omitzero"`
	Failed          schemas.Time `json:"failed,omitzero"`
	LastStatus      int          `json:"lastStatus,omitempty"`
	LastError       string       `json:"lastError,omitempty"`
}

// OutboxSelection names failed entries by all that it says; nothing means all. Since and Until bound the time of publication, Queue is an
// ARN or "default", Error a part of the last error or answer.
type OutboxSelection struct {
	IDs             []int64   `json:"ids,omitempty"`
	Queue           string    `json:"queue,omitempty"`
	TopicARN        string    `json:"topicArn,omitempty"`
	SubscriptionARN string    `json:"subscriptionArn,omitempty"`
	Endpoint        string    `json:"endpoint,omitempty"`
	Since           time.Time `json:"since,omitzero"`
	Until           time.Time `json:"until,omitzero"`
	Error           string    `json:"error,omitempty"`
	Status          int       `json:"status,omitempty"`
}

// OutboxChanged says how many entries a change touched.
type OutboxChanged struct {
	Entries int `json:"entries"`
}

func (s OutboxSelection) filter(state delivery.State) delivery.Filter {
	return delivery.Filter{IDs: s.IDs, State: state, Queue: s.Queue, TopicARN: s.TopicARN, SubscriptionARN: s.SubscriptionARN, Endpoint: s.Endpoint,
		Since: s.Since, Until: s.Until, Error: s.Error, Status: s.Status}
}

// operatorOnly keeps what concerns all accounts to the operator on this machine.
func operatorOnly(r *http.Request, what string) error {
	if r.Context().Value(authenticatedAs{}) != nil {
		return refuse(http.StatusForbidden, "%s is for the operator on the server's own machine", what)
	}
	return nil
}

// OutboxPage is a part of the outbox. Next is what to give as after for the following one, absent at the end.
type OutboxPage struct {
	Entries []OutboxEntry `json:"entries"`
	Next    int64         `json:"next,omitempty"`
}

func (a *API) listOutbox(r *http.Request) (any, error) {
	if err := operatorOnly(r, "the outbox"); err != nil {
		return nil, err
	}
	size, err := limit(r)
	if err != nil {
		return nil, err
	}
	filter, after, err := outboxFilter(r.URL.Query())
	if err != nil {
		return nil, err
	}
	found, err := delivery.List(r.Context(), a.Store.Read, filter, after, size)
	if err != nil {
		return nil, err
	}
	page := OutboxPage{Entries: make([]OutboxEntry, len(found))}
	for i, e := range found {
		page.Entries[i] = outboxEntry(e)
	}
	if len(found) == size {
		page.Next = found[size-1].ID
	}
	return page, nil
}

// outboxFilter reads what a query asks for.
func outboxFilter(q url.Values) (f delivery.Filter, after int64, err error) {
	state := delivery.State(q.Get("state"))
	if state != "" && state != delivery.Waiting && state != delivery.Failed {
		return f, 0, refuse(http.StatusBadRequest, "state is %s or %s, not %q", delivery.Waiting, delivery.Failed, state)
	}
	wanted := OutboxSelection{Queue: q.Get("queue"), TopicARN: q.Get("topic"), SubscriptionARN: q.Get("subscription"), Endpoint: q.Get("endpoint"),
		Error: q.Get("error")}
	for name, into := range map[string]*time.Time{"since": &wanted.Since, "until": &wanted.Until} {
		if text := q.Get(name); text != "" {
			if *into, err = time.Parse(time.RFC3339, text); err != nil {
				return f, 0, refuse(http.StatusBadRequest, "%s is a time such as 2026-01-27T15:00:00Z, not %q", name, text)
			}
		}
	}
	if text := q.Get("status"); text != "" {
		if wanted.Status, err = strconv.Atoi(text); err != nil || wanted.Status < 1 {
			return f, 0, refuse(http.StatusBadRequest, "status is that of HTTP or SMTP, such as 503, not %q", text)
		}
	}
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil {
			return f, 0, refuse(http.StatusBadRequest, "after is the id of an entry, not %q", text)
		}
	}
	return wanted.filter(state), after, nil
}

func outboxEntry(e delivery.Entry) OutboxEntry {
	return OutboxEntry{ID: e.ID, MessageID: e.MessageID, TopicARN: e.TopicARN, SubscriptionARN: e.SubscriptionARN, Protocol: e.Protocol,
		Endpoint: topic.MaskSecrets(e.Endpoint), State: string(e.State), Queue: e.Queue, Published: schemas.Time{Time: e.Published}, Attempts: e.Attempts,
		Next: schemas.Time{Time: e.Next}, Failed: schemas.Time{Time: e.FailedAt}, LastStatus: e.LastStatus, LastError: e.LastError}
}

// OutboxLetter is an entry whole. DeadLetter is there when a notification failed for good.
type OutboxLetter struct {
	OutboxEntry
	Kind       string                              `json:"kind"`
	FeedbackID string                              `json:"feedbackId,omitempty"`
	Subject    string                              `json:"subject,omitempty"`
	Body       string                              `json:"body"`
	Attributes map[string]schemas.MessageAttribute `json:"attributes,omitempty"`
	LastAnswer string                              `json:"lastAnswer,omitempty"`
	History    []OutboxAttempt                     `json:"history"` // the latest 20 attempts that failed
	DeadLetter *DeadLetter                         `json:"deadLetter,omitempty"`
}

// OutboxAttempt is an attempt that failed.
type OutboxAttempt struct {
	Number     int          `json:"number"`
	At         schemas.Time `json:"at"`
	TookMillis int64        `json:"tookMillis"`
	Status     int          `json:"status,omitempty"`
	Error      string       `json:"error"`
	Answer     string       `json:"answer,omitempty"`
}

// DeadLetter is what a consumer of SNS's dead-letter queue reads.
type DeadLetter struct {
	Body       string                              `json:"body"`
	Attributes map[string]schemas.MessageAttribute `json:"messageAttributes"`
}

func (a *API) showOutbox(r *http.Request) (any, error) {
	if err := operatorOnly(r, "the outbox"); err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%q is not the id of an outbox entry", r.PathValue("id"))
	}
	e, err := delivery.Get(r.Context(), a.Store.Read, id)
	if errors.Is(err, delivery.ErrNotFound) {
		return nil, refuse(http.StatusNotFound, "the outbox has no entry %d", id)
	}
	if err != nil {
		return nil, err
	}
	shown := OutboxLetter{OutboxEntry: outboxEntry(e), Kind: string(e.Kind), FeedbackID: e.FeedbackID, Subject: e.Subject, Body: e.Body,
		Attributes: e.Attributes, LastAnswer: e.LastAnswer, History: []OutboxAttempt{}}
	attempts, err := delivery.Attempts(r.Context(), a.Store.Read, id)
	if err != nil {
		return nil, err
	}
	for _, one := range attempts {
		shown.History = append(shown.History, OutboxAttempt{Number: one.Number, At: schemas.Time{Time: one.At}, TookMillis: one.Took.Milliseconds(),
			Status: one.Status, Error: one.Error, Answer: one.Answer})
	}
	letter, ok, err := delivery.DeadLetterOf(r.Context(), a.Store.Read, a.Signer, a.PublicURL, e)
	if ok {
		shown.DeadLetter = &DeadLetter{letter.Body, letter.Attributes}
	}
	return shown, err
}

// OutboxEndpoint says how an endpoint is doing. Health is healthy, failing, paused or probing.
type OutboxEndpoint struct {
	Protocol     string       `json:"protocol"`
	Endpoint     string       `json:"endpoint"`
	Health       string       `json:"health"`
	Waiting      int          `json:"waiting"`
	Failed       int          `json:"failed"`
	Failures     int          `json:"failures,omitempty"` // in a row
	FailingSince schemas.Time `json:"failingSince,omitzero"`
	PausedUntil  schemas.Time `json:"pausedUntil,omitzero"`
	LastSuccess  schemas.Time `json:"lastSuccess,omitzero"` // to the minute
}

func (a *API) listEndpoints(r *http.Request) (any, error) {
	if err := operatorOnly(r, "the outbox"); err != nil {
		return nil, err
	}
	found, err := delivery.Endpoints(r.Context(), a.Store.Read, a.now())
	if err != nil {
		return nil, err
	}
	endpoints := make([]OutboxEndpoint, len(found))
	for i, e := range found {
		endpoints[i] = OutboxEndpoint{Protocol: e.Protocol, Endpoint: topic.MaskSecrets(e.Endpoint), Health: string(e.Health), Waiting: e.Waiting,
			Failed: e.Failed, Failures: e.Failures, FailingSince: schemas.Time{Time: e.FailingSince}, PausedUntil: schemas.Time{Time: e.PausedUntil},
			LastSuccess: schemas.Time{Time: e.LastSuccess}}
	}
	return struct {
		Endpoints []OutboxEndpoint `json:"endpoints"`
	}{endpoints}, nil
}

func (a *API) redriveOutbox(r *http.Request) (any, error) {
	answer, err := a.changeOutbox(r, func(ctx context.Context, tx *sql.Tx, f delivery.Filter) (int, error) {
		return delivery.Redrive(ctx, tx, f, a.now())
	})
	if err == nil {
		a.Wake()
	}
	return answer, err
}

func (a *API) dropOutbox(r *http.Request) (any, error) { return a.changeOutbox(r, delivery.Drop) }

func (a *API) changeOutbox(r *http.Request, change func(context.Context, *sql.Tx, delivery.Filter) (int, error)) (any, error) {
	if err := operatorOnly(r, "the outbox"); err != nil {
		return nil, err
	}
	var wanted OutboxSelection
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	if len(wanted.IDs) > maxListed {
		return nil, refuse(http.StatusBadRequest, "ids has at most %d entries, not %d", maxListed, len(wanted.IDs))
	}
	var changed OutboxChanged
	for n := delivery.MaxChange; n == delivery.MaxChange; changed.Entries += n {
		err := a.transact(r, func(ctx context.Context, tx *sql.Tx) (err error) {
			n, err = change(ctx, tx, wanted.filter(delivery.Failed))
			return err
		})
		if err != nil {
			return changed, err
		}
	}
	return changed, nil
}
