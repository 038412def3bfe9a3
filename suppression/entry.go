package suppression

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
)

// GlobalListing is how long an address stays on the global list after the last bounce that put it there.
const GlobalListing = 14 * 24 * time.Hour

// Reason tells why an address is on a list.
type Reason string

// The reasons: those of SES, and one for what a person or a program put there for a cause of its own.
const (
	Bounce    Reason = "BOUNCE"
	Complaint Reason = "COMPLAINT"
	Manual    Reason = "MANUAL"
)

// stored are the reasons by the number that stands for them in the tables; 0 is none.
var stored = []Reason{"", Bounce, Complaint, Manual}

// Reasons returns the reasons that SES knows, for which an account may choose that its list counts.
func Reasons() []Reason { return []Reason{Bounce, Complaint} }

// Valid reports whether r is one of Reasons.
func (r Reason) Valid() bool { return slices.Contains(Reasons(), r) }

// SES returns the reason as SES's APIs show it, which do not know Manual: BOUNCE or COMPLAINT.
func (r Reason) SES() Reason {
	if r == Manual {
		return Bounce
	}
	return r
}

// number returns what stands for the reason in the tables, 0 when an entry cannot have it.
func (r Reason) number() int { return max(0, slices.Index(stored, r)) }

// Entry is an address on a list. Times are kept in milliseconds.
type Entry struct {
	List
	Address    string // as first given, in the form of address.Normalize
	Reason     Reason // of entries that allow it is Manual
	FeedbackID string // of the report that put it there; empty when a person did
	MessageID  string // of the mail that the report is about; empty when a person put it there
	Created    time.Time
	Updated    time.Time // when it was put there last
	Expires    time.Time // when it goes by itself; zero is never, which the global list does not have
}

// hashLength is the part of the SHA-256 that is the key of a row: 16 bytes do not collide by chance, and make rows small.
const hashLength = 16

// place is where an address stands in every list.
type place struct {
	key  string // address.Key: equal for all spellings of an address
	hash [hashLength]byte
}

func placeOf(addr string) (place, error) {
	key, err := address.Key(addr)
	if err != nil {
		return place{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	sum := sha256.Sum256([]byte(key))
	return place{key: key, hash: [hashLength]byte(sum[:])}, nil
}

// holds tells whether the address of a row is the one that was looked for: two addresses could share a hash, and then one
// must not suppress the other.
func (p place) holds(stored string) bool {
	key, err := address.Key(stored)
	return err == nil && key == p.key
}
