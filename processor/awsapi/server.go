package awsapi

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/awsapi/sigv4"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	// maxQuery bounds a call of the Query protocol, in bytes: SES v1 takes mails of 10 MB.
	maxQuery = 10 << 20
	// maxJSON bounds a call of SES v2, in bytes: mails of 40 MB, which base64 makes longer by a third.
	maxJSON = 56 << 20
)

// Server answers everything that AWS's clients ask on one port.
type Server struct {
	Auth   *auth.Authenticator
	Signer *topic.Signer
	// Services are the APIs of the Query protocol. The first takes what cannot be told to be for another.
	Services []*query.Service
	// V2 answers SES v2, below /v2/email/. The caller is in the context (auth.From), and has been authenticated. What it does not know it
	// hands to UnknownOperation. Nil: it knows nothing.
	V2  http.Handler
	Log *slog.Logger
}

// Handler answers the Query protocol at /, SES v2 and the files with certificates.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.query)
	mux.HandleFunc("POST /{$}", s.query)
	mux.HandleFunc("GET /{file}", s.certificate)
	mux.HandleFunc("/v2/email/", s.json)
	return mux
}

func (s *Server) certificate(w http.ResponseWriter, r *http.Request) {
	pem, ok := s.Signer.Certificate(r.PathValue("file"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(pem) // a caller who has gone needs no answer
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	caller, body, err := s.Auth.Authenticate(r, maxQuery)
	if err != nil {
		s.service(r, nil).Refused(w, "", err)
		return
	}
	values, err := query.Parse(r.URL.RawQuery, body, r.Header.Get("Content-Type"))
	service := s.service(r, values)
	switch {
	case err != nil:
		service.Refused(w, "", err)
	case len(values) == 0 && r.Method == http.MethodGet:
		service.Fail(w, query.Refuse("MissingAction", "This is Rebound. The APIs of SNS and SES are here, its own is under /v1/."))
	default:
		service.Call(w, r, caller, values)
	}
}

// service finds out which API a call is for: by the scope of its signature, else by its version, else by its action.
func (s *Server) service(r *http.Request, values query.Values) *query.Service {
	signature, err := sigv4.Parse(r)
	for _, is := range []func(*query.Service) bool{
		func(service *query.Service) bool {
			return err == nil && slices.Contains(service.Names, signature.Service)
		},
		func(service *query.Service) bool { return service.Version == values.Get("Version") },
		func(service *query.Service) bool { _, known := service.Actions[values.Get("Action")]; return known },
	} {
		if i := slices.IndexFunc(s.Services, is); i >= 0 {
			return s.Services[i]
		}
	}
	return s.Services[0]
}

func (s *Server) json(w http.ResponseWriter, r *http.Request) {
	caller, body, err := s.Auth.Authenticate(r, maxJSON)
	if err == nil && caller.Account == "" {
		err = sigv4.ErrMissing
	}
	var unsigned *sigv4.Error
	switch {
	case errors.As(err, &unsigned):
		FailJSON(w, unsigned.Status, unsigned.JSON, unsigned.Message)
	case err != nil:
		s.Log.Error("a request failed", "path", r.URL.Path, "error", err)
		FailJSON(w, http.StatusInternalServerError, "InternalServiceErrorException", "The server's log says more.")
	case s.V2 == nil:
		UnknownOperation(w, r)
	default:
		r = r.WithContext(auth.With(r.Context(), caller))
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.V2.ServeHTTP(w, r)
	}
}

// UnknownOperation says that SES v2 has no such operation, or that it is not among those that are answered here.
func UnknownOperation(w http.ResponseWriter, r *http.Request) {
	FailJSON(w, http.StatusNotFound, "UnknownOperationException", r.Method+" "+r.URL.Path+" is no operation of this service.")
}

// FailJSON answers as the JSON protocol does when something is wrong.
func FailJSON(w http.ResponseWriter, status int, exception, message string) {
	body, err := schemas.Marshal(struct {
		Message string `json:"message"`
	}{strings.ToValidUTF8(message, "\uFFFD")})
	if err != nil {
		panic(err) // a string always encodes
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("x-amzn-ErrorType", exception)
	w.Header().Set("x-amzn-RequestId", schemas.NewUUID())
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller who has gone needs no answer
}
