package suppression

import "errors"

var (
	// ErrInvalid is wrapped by the error for an address, entry or query that breaks a rule; the text tells which.
	ErrInvalid = errors.New("suppression: invalid input")
	// ErrCursor is returned by Entries for a cursor that Entries did not give.
	ErrCursor = errors.New("suppression: invalid cursor: pass the one that the page before came with")
	// ErrChangesGone is returned by Changes when some of those that were asked for are no longer kept.
	ErrChangesGone = errors.New("suppression: these changes are no longer kept: read the whole list, and then the changes from now on")
)
