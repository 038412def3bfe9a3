package query

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/sigv4"
	"github.com/rebound-mail/rebound/processor/store"
)

// Service is one API of the Query protocol.
type Service struct {
	Prefix    string   // of the actions in policies: "SNS", "ses"
	Names     []string // in the scope of signatures: "sns"
	Version   string   // 2010-03-31
	Namespace string   // of the answers
	Denied    string   // code when the caller lacks a permission
	Internal  string   // code for trouble here
	Actions   map[string]Action
	Log       *slog.Logger
}

// Action is one thing that a service does.
type Action struct {
	Permission account.Permission // that a signed caller needs
	Unsigned   bool               // strangers may call it too: it stands in links
	NoResult   bool               // the answer has no …Result element
	// Handle does it, and returns what the …Result element holds, a struct or nil. An *Error goes to the caller, any other error to the log.
	Handle func(ctx context.Context, caller auth.Caller, values Values) (any, error)
}

// Call checks that the caller may do the action that the parameters name, does it and answers.
func (s *Service) Call(w http.ResponseWriter, r *http.Request, caller auth.Caller, values Values) {
	name := values.Get("Action")
	action, known := s.Actions[name]
	switch version := values.Get("Version"); {
	case name == "":
		s.Fail(w, Refuse("MissingAction", "The request must contain the parameter Action."))
		return
	case !known && version == "":
		s.Fail(w, Refuse("InvalidAction", "The action %.128s is not valid for this web service.", name))
		return
	case !known, version != "" && version != s.Version:
		s.Fail(w, Refuse("InvalidAction", "Could not find operation %.128s for version %.32s", name, version))
		return
	case caller.Account == "" && !action.Unsigned:
		s.Refused(w, name, sigv4.ErrMissing)
		return
	case caller.Account != "" && !caller.May(action.Permission):
		s.Fail(w, &Error{http.StatusForbidden, s.Denied, caller.Denied(s.Prefix+":"+name, action.Permission)})
		return
	}
	result, err := action.Handle(r.Context(), caller, values)
	if err != nil {
		s.Refused(w, name, err)
		return
	}
	s.answer(w, name, result, action.NoResult)
}

// Refused answers with an error of any kind: an *Error, an *sigv4.Error, or trouble here.
func (s *Service) Refused(w http.ResponseWriter, action string, err error) {
	var refused *Error
	var unsigned *sigv4.Error
	switch {
	case errors.As(err, &refused):
	case errors.As(err, &unsigned):
		refused = &Error{unsigned.Status, unsigned.Query, unsigned.Message}
	case errors.Is(err, store.ErrBusy), errors.Is(err, store.ErrBroken), errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrFull):
		refused = &Error{http.StatusServiceUnavailable, "ServiceUnavailable", "Nothing can be written now. Try again later."}
		s.Log.Warn("a request failed", "action", action, "error", err)
	default:
		s.Log.Error("a request failed", "action", action, "error", err)
		refused = s.internal()
	}
	s.Fail(w, refused)
}

func (s *Service) internal() *Error {
	return &Error{http.StatusInternalServerError, s.Internal, "The server's log says more."}
}
