package report

// Message is what Read found in a mail.
type Message struct {
	// Header is the header of the mail itself.
	Header Header
	// MediaType is the media type of the whole mail in lower case, "text/plain"
	// when it names none.
	MediaType string
	// ReportType is the report-type parameter of the Content-Type in lower case
	// (RFC 6522 section 3), "" when there is none.
	ReportType string
	// Text is what people are to read: the text/plain parts before the returned
	// mail joined by line feeds, or, when there are none, the text of the
	// text/html parts. It is decoded to UTF-8 and at most 64 KiB long.
	Text string
	// Machine holds the parts for machines in the order of the mail.
	Machine []Part
	// Returned is the header of the returned mail, nil when there is none.
	Returned Header
	// Problems lists the bounds that were hit and the MIME that was broken.
	Problems []Problem
	// Size is the number of bytes read.
	Size int64
}

// Part is a part for machines: message/delivery-status (RFC 3464),
// message/global-delivery-status (RFC 6533), message/feedback-report (RFC 5965),
// message/disposition-notification (RFC 8098), or application/json of an abuse
// report in XARF, whose Groups mean nothing.
type Part struct {
	// MediaType is in lower case. It is the type that the content shows when the
	// part was labelled with another one.
	MediaType string
	// Header is the header of the part.
	Header Header
	// Groups are the fields of the part, a group for each block of lines that
	// stands between blank lines.
	Groups []Header
	// Body is the part as text, transfer encoding undone, lines ended by line
	// feeds, at most 64 KiB.
	Body string
}

// Problem is something odd that did not keep the report from being read.
type Problem struct {
	// Field names the field or the thing that is odd.
	Field string
	// Value is what stood there, whole or its first bytes.
	Value string
	// Err says what is odd about it.
	Err error
}
