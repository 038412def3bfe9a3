package report

// The bounds keep what is held of one mail below 1 MiB, whatever its size. Each
// is far above what reports need: of 500 real ones the largest had a header of
// 14 KB in 74 fields, a returned header of 6 KB and a machine part of 2 KB.
const (
	// maxLine is the longest line that is read whole; RFC 5322 allows 998 bytes,
	// but base64 without line ends is sent.
	maxLine = 64 << 10
	// maxHeader bounds the header of the mail; Postfix cuts at 100 KB as well.
	maxHeader = 100 << 10
	// maxPartHeader bounds the header of a part, which needs a few Content fields.
	maxPartHeader = 16 << 10
	// maxReturned bounds the header of the returned mail.
	maxReturned = 64 << 10
	// maxFields bounds the fields of one header.
	maxFields = 500
	// maxDepth bounds nested multiparts; a forwarded report in a mail with a
	// footer needs five.
	maxDepth = 10
	// maxParts bounds the parts of all multiparts together.
	maxParts = 100
	// maxMachine bounds one machine part, and with it the recipients of a report:
	// a group of 150 bytes each gives 430.
	maxMachine = 64 << 10
	// maxMachineParts and maxMachineTotal bound all machine parts together.
	maxMachineParts = 8
	maxMachineTotal = 96 << 10
	// maxGroupFields bounds the fields of a machine part: fewer than 16 bytes a
	// field is no report.
	maxGroupFields = maxMachine / 16
	// maxText bounds Message.Text.
	maxText = 64 << 10
	// maxHTML bounds the HTML that text is taken from; markup is most of it.
	maxHTML = 128 << 10
	// maxProblems bounds Message.Problems, and maxValue the value of each.
	maxProblems, maxValue = 20, 200
)
