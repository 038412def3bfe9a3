package returnpath

import "errors"

var (
	// ErrInvalid is returned for a token that none of the keys has signed.
	ErrInvalid = errors.New("returnpath: no valid return path")
	// ErrExpired is returned for a token that was signed, but longer ago than [Lifetime].
	ErrExpired = errors.New("returnpath: the return path has expired")
)
