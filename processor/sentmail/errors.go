package sentmail

import "errors"

// ErrInvalid is wrapped by the error for a mail or a registration that breaks a rule; the text tells which.
var ErrInvalid = errors.New("sentmail: invalid mail")
