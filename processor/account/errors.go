package account

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound is wrapped by the error for an account, key or identity that does not exist.
	ErrNotFound = errors.New("it does not exist")
	// ErrExists is wrapped by the error for creating what is there already.
	ErrExists = errors.New("it exists already")
	// ErrInvalid is wrapped by the error for an input that breaks a rule; the text tells which.
	ErrInvalid = errors.New("invalid input")
	// ErrDenied is returned by Authenticate for an unknown access key and for a wrong secret alike.
	ErrDenied = errors.New("account: unknown access key or wrong secret")
	// ErrNoChannel is wrapped by the error for an identity whose forwarding is off while bounces or complaints have no topic:
	// its owner must hear of them in one way at least.
	ErrNoChannel = errors.New("forwarding can be off only when both bounces and complaints have a topic")
	// ErrTooMany is wrapped by the error for one more than MaxIdentities, MaxConfigurationSets or MaxEventDestinations.
	ErrTooMany = errors.New("there are as many as there may be")
	// ErrNoConfigurationSet is wrapped by the error for a configuration set that does not exist. It is ErrNotFound too.
	ErrNoConfigurationSet = fmt.Errorf("configuration set: %w", ErrNotFound)
)
