package report

import "errors"

var (
	// ErrEmpty is returned by Read when the input holds nothing but blank lines.
	ErrEmpty = errors.New("report: the mail is empty")
	// ErrTooLarge is noted when a header, a line or a part is larger than its
	// bound, and the rest of it was left out.
	ErrTooLarge = errors.New("report: larger than the bound, the rest was left out")
	// ErrTooDeep is noted when parts are nested deeper than the bound, and the
	// inner ones were left out.
	ErrTooDeep = errors.New("report: nested too deep, inner parts were left out")
	// ErrTooMany is noted when there are more parts or fields than the bound,
	// and the rest were left out.
	ErrTooMany = errors.New("report: too many, the rest were left out")
	// ErrNoBoundary is noted when a multipart names no usable boundary, and its
	// parts were looked for without one.
	ErrNoBoundary = errors.New("report: multipart without a boundary parameter")
	// ErrNotClosed is noted when the input ends before the closing delimiter of
	// a multipart: the mail was probably cut off.
	ErrNotClosed = errors.New("report: the mail ends inside a multipart")
	// ErrDate is noted when a date cannot be read.
	ErrDate = errors.New("report: not a date (RFC 5322 section 3.3)")
)
