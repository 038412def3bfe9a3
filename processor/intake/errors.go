package intake

import "errors"

var (
	// ErrTemporary is returned by Client.Send when the same mail can be accepted later: the server cannot be reached, is busy,
	// full or stopping. Other errors of Send are final.
	ErrTemporary = errors.New("try again later")

	// errTooLarge says that a mail is larger than Limits.MessageBytes.
	errTooLarge = errors.New("the mail is larger than the limit")
	// errMemory says that the mails which are being read fill Limits.Memory.
	errMemory = errors.New("too many large mails at a time")
)
