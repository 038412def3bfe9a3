package delivery

import "errors"

var (
	// ErrMessage is returned by Enqueue for a message that cannot be delivered to anybody.
	ErrMessage = errors.New("invalid message")
	// ErrTooLarge is returned by Enqueue for a subject and body of more than MaxMessage bytes.
	ErrTooLarge = errors.New("message too long")
	// ErrNotFound is returned for an entry that is not in the outbox: it was delivered, dropped or purged, or never was there.
	ErrNotFound = errors.New("no such entry in the outbox")
	// ErrNotPublic is the reason why nothing is sent to an address of a private network.
	ErrNotPublic = errors.New("not a public address; list its network in the setting webhooks.allow to send there all the same")
)
