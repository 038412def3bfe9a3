package dsn

import "errors"

var (
	// ErrNotReport is returned by Parse for a mail that is no delivery status
	// notification: it has no delivery-status part, or one that tells nothing.
	ErrNotReport = errors.New("dsn: not a delivery status notification")
	// ErrNoAddress is noted for a recipient group that names no mail address. The
	// group is left out.
	ErrNoAddress = errors.New("dsn: recipient group without a mail address")
	// ErrXtext is returned for text that is not xtext (RFC 3461 section 4).
	ErrXtext = errors.New("dsn: not xtext")
	// ErrIncomplete is returned by Compose for a report that lacks what RFC 3464
	// requires.
	ErrIncomplete = errors.New("dsn: report is incomplete")
)
