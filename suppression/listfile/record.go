package listfile

import (
	"errors"
	"time"

	"github.com/rebound-mail/rebound/suppression"
)

// MaxRecord is the most that one record may have, in bytes.
const MaxRecord = 1 << 20

var (
	// ErrEncoding is returned for a file that is not UTF-8 or ASCII.
	ErrEncoding = errors.New("listfile: this is UTF-16: save it as UTF-8, or convert it with iconv -f UTF-16 -t UTF-8")
	// ErrNoAddress is returned for a file in which no column, and no member of its JSON, holds addresses.
	ErrNoAddress = errors.New("listfile: no column holds mail addresses: name it")
	// ErrFormat is wrapped by the error for a file that cannot be read on; the text tells where and why.
	ErrFormat = errors.New("listfile: cannot be read")
)

// Record is one address of a file.
type Record struct {
	Line    int                // where it begins, from 1 on
	Address string             // as it stands there, without space around it
	Reason  suppression.Reason // empty when the file does not tell
	Until   time.Time          // when the entry is to go by itself; zero when the file does not tell
	Fields  []string           // of CSV, all as they stand there; nil in other files
	// Problem tells why the record is none to put on a list: it has no address, cannot be read, or is about a fault that is not
	// the recipient's. Empty when nothing is wrong.
	Problem string
}
