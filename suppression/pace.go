package suppression

import "time"

const (
	// importTime is how long a transaction of an import is to take: so long at most do others wait who want to write.
	importTime = 40 * time.Millisecond
	// The fewest and the most entries that such a transaction puts, and how many the first one does.
	minImport, maxImport, startImport = putRows, 10_000, 500
)

// Pace says how many entries each transaction of an import puts: as many as it can in some 40 ms, so that others who write wait no
// longer than that. The zero value is one for a new import.
type Pace struct{ size int }

// Next is how many entries the next transaction is to put, from 100 to 10,000.
func (p *Pace) Next() int {
	if p.size == 0 {
		return startImport
	}
	return p.size
}

// Took notes how long a transaction of Next entries took, with its commit and without the wait for its turn. The next one puts at most a
// quarter more, and no less than half, because now and then one takes long for another reason, such as a checkpoint.
func (p *Pace) Took(d time.Duration) {
	size := p.Next()
	fits := int(float64(size) * float64(importTime) / float64(max(d, time.Microsecond)))
	p.size = min(max(minImport, size/2, min(fits, size+size/4)), maxImport)
}
