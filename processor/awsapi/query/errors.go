package query

import (
	"fmt"
	"net/http"
)

// Error is a refusal that the caller reads. Its Code is what SDKs make a type of.
type Error struct {
	Status  int // of HTTP
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Refuse returns an Error of status 400.
func Refuse(code, format string, args ...any) *Error {
	return &Error{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

// Null says in AWS's words that a parameter is missing, named in camel case: "message".
func Null(parameter string) *Error {
	return Refuse("ValidationError", "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", parameter)
}

func malformed(format string, args ...any) *Error {
	return &Error{http.StatusNotFound, "MalformedQueryString", fmt.Sprintf(format, args...)}
}
