package arf

import "errors"

var (
	// ErrNotReport is returned by Parse for a mail that is no feedback report.
	ErrNotReport = errors.New("arf: not a feedback report")
	// ErrField is noted for a field whose value cannot be read.
	ErrField = errors.New("arf: value cannot be read")
	// ErrIncomplete is returned by Compose for a report that lacks what RFC 5965
	// requires.
	ErrIncomplete = errors.New("arf: report is incomplete")
)
