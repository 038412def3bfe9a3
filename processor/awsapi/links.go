package awsapi

import (
	"database/sql"
	"encoding/xml"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// namespace is that of SNS's answers.
const namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

// Links answers the links in messages to subscribers and serves certificates.
type Links struct {
	Store  *store.Store
	Signer *topic.Signer
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger
}

// Handler answers GET / and GET /SimpleNotificationService-….pem.
func (l *Links) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", l.query)
	mux.HandleFunc("GET /{file}", l.certificate)
	return mux
}

func (l *Links) certificate(w http.ResponseWriter, r *http.Request) {
	pem, ok := l.Signer.Certificate(r.PathValue("file"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(pem) // a caller who has gone needs no answer
}

func (l *Links) query(w http.ResponseWriter, r *http.Request) {
	switch action := r.URL.Query().Get("Action"); action {
	case "ConfirmSubscription":
		l.confirm(w, r)
	case "Unsubscribe":
		l.unsubscribe(w, r)
	case "":
		l.fail(w, http.StatusBadRequest, "MissingAction", "this is Rebound; its own API is under /v1/")
	default:
		l.fail(w, http.StatusBadRequest, "InvalidAction", "The action "+action+" is not valid for this web service.")
	}
}

// metadata ends each answer of SNS.
type metadata struct {
	RequestID string `xml:"RequestId"`
}

// confirm answers the link of a confirmation message. It may be visited again and again.
func (l *Links) confirm(w http.ResponseWriter, r *http.Request) {
	var confirmed topic.Subscription
	err := l.Store.Transact(r.Context(), func(tx *sql.Tx) (err error) {
		confirmed, err = topic.Confirm(r.Context(), tx, r.URL.Query().Get("Token"), false, l.now())
		return err
	})
	switch {
	case errors.Is(err, topic.ErrMalformedToken):
		l.fail(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: Token")
	case errors.Is(err, topic.ErrToken):
		l.fail(w, http.StatusBadRequest, "InvalidParameter", "Invalid token")
	case err != nil:
		l.failInside(w, "ConfirmSubscription", err)
	default:
		l.write(w, http.StatusOK, struct {
			XMLName xml.Name `xml:"ConfirmSubscriptionResponse"`
			Space   string   `xml:"xmlns,attr"`
			ARN     string   `xml:"ConfirmSubscriptionResult>SubscriptionArn"`
			Meta    metadata `xml:"ResponseMetadata"`
		}{Space: namespace, ARN: confirmed.ARN, Meta: metadata{schemas.NewUUID()}})
	}
}

// unsubscribe answers the link of a notification, unless the subscription was confirmed by its owner's signed call.
func (l *Links) unsubscribe(w http.ResponseWriter, r *http.Request) {
	arn := r.URL.Query().Get("SubscriptionArn")
	if strings.Count(arn, ":") != 6 {
		l.fail(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: SubscriptionArn")
		return
	}
	found, err := topic.GetSubscription(r.Context(), l.Store.Read, arn)
	if err == nil && found.ConfirmationWasAuthenticated {
		l.fail(w, http.StatusForbidden, "AuthorizationError", "Only the owner of this subscription can unsubscribe it")
		return
	}
	if err == nil {
		err = l.Store.Transact(r.Context(), func(tx *sql.Tx) error {
			_, err := topic.Unsubscribe(r.Context(), tx, arn)
			return err
		})
	}
	if err != nil && !errors.Is(err, topic.ErrSubscriptionNotFound) {
		l.failInside(w, "Unsubscribe", err)
		return
	}
	l.write(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"UnsubscribeResponse"`
		Space   string   `xml:"xmlns,attr"`
		Meta    metadata `xml:"ResponseMetadata"`
	}{Space: namespace, Meta: metadata{schemas.NewUUID()}})
}

func (l *Links) failInside(w http.ResponseWriter, action string, err error) {
	l.Log.Error("a request failed", "action", action, "error", err)
	l.fail(w, http.StatusInternalServerError, "InternalError", "The server's log says more")
}

func (l *Links) fail(w http.ResponseWriter, status int, code, message string) {
	kind := "Sender"
	if status >= 500 {
		kind = "Receiver"
	}
	l.write(w, status, struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Space   string   `xml:"xmlns,attr"`
		Type    string   `xml:"Error>Type"`
		Code    string   `xml:"Error>Code"`
		Message string   `xml:"Error>Message"`
		ID      string   `xml:"RequestId"`
	}{Space: namespace, Type: kind, Code: code, Message: message, ID: schemas.NewUUID()})
}

func (l *Links) write(w http.ResponseWriter, status int, answer any) {
	body, err := xml.Marshal(answer)
	if err != nil {
		l.Log.Error("cannot write an answer", "error", err)
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a caller who has gone needs no answer
}

func (l *Links) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
}
