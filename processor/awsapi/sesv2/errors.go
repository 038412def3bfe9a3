package sesv2

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/rebound-mail/rebound/processor/account"
)

// refusal is an error that the caller reads: an exception of SES.
type refusal struct {
	status    int // of HTTP
	exception string
	message   string
}

func (r *refusal) Error() string { return r.exception + ": " + r.message }

func badRequest(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "BadRequestException", fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *refusal {
	return &refusal{http.StatusNotFound, "NotFoundException", fmt.Sprintf(format, args...)}
}

func alreadyExists(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "AlreadyExistsException", fmt.Sprintf(format, args...)}
}

var errToken = &refusal{http.StatusBadRequest, "InvalidNextTokenException", "The specified next token is invalid."}

// limited says that there are as many as there may be.
func limited(err error) error {
	if errors.Is(err, account.ErrTooMany) {
		return &refusal{http.StatusBadRequest, "LimitExceededException", err.Error()}
	}
	return err
}

// invalid turns what breaks a rule of package account into a BadRequestException.
func invalid(err error) error {
	if errors.Is(err, account.ErrInvalid) {
		return badRequest("%v", err)
	}
	return limited(err)
}
