package forward

import (
	"errors"
	"fmt"
)

var (
	// ErrLoop is returned when the report to compose was forwarded before: sending it on again could go on for ever.
	ErrLoop = errors.New("the report was forwarded before")
	// ErrOptions is returned by Compose for options that cannot stand in the head of a mail.
	ErrOptions = errors.New("invalid option")
)

// SendError says why the smart host did not take a mail.
type SendError struct {
	Reply     int  // the SMTP reply code; 0 when the connection failed
	Permanent bool // trying again will not help
	Err       error
}

// Error tells what failed.
func (e *SendError) Error() string {
	if e.Permanent {
		return fmt.Sprintf("forward: refused: %v", e.Err)
	}
	return fmt.Sprintf("forward: not taken now: %v", e.Err)
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }
