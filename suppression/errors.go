package suppression

import "errors"

var (
	// ErrInvalid is wrapped by the error for an address, entry or query that breaks a rule; the text tells which.
	ErrInvalid = errors.New("suppression: invalid input")
	// ErrCursor is returned by List for a cursor that List did not give.
	ErrCursor = errors.New("suppression: invalid cursor: pass the one that the page before came with")
)
