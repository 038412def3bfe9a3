package suppression

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/FastFilter/xorfilter"
)

// runLength is how many entries one part of a filter holds: building one takes some 2 MB for a moment, however long the
// lists are.
const runLength = 1 << 16

// filter holds the entries of all lists in nine bits each. It is sure of what it does not hold; one in 250 of what it seems
// to hold is not there. It is cut into runs in the order of the rows, so that it is built while they are read.
type filter struct {
	runs []run
	size int
}

type run struct {
	from  rowKey // its first entry
	holds *xorfilter.BinaryFuse[uint8]
}

// rowKey is the key of a row.
type rowKey struct {
	list      int64
	high, low uint64 // the hash
}

func keyOf(list int64, hash []byte) rowKey {
	return rowKey{list, binary.BigEndian.Uint64(hash), binary.BigEndian.Uint64(hash[8:])}
}

func (k rowKey) compare(other rowKey) int {
	return cmp.Or(cmp.Compare(k.list, other.list), cmp.Compare(k.high, other.high), cmp.Compare(k.low, other.low))
}

// short is what stands for the row in a filter and among the recent changes.
func (k rowKey) short() uint64 { return k.low ^ uint64(k.list)*0x9e3779b97f4a7c15 }

// contains tells whether there may be such a row.
func (f *filter) contains(k rowKey) bool {
	i, exact := slices.BinarySearchFunc(f.runs, k, func(r run, k rowKey) int { return r.from.compare(k) })
	if !exact {
		i--
	}
	return i >= 0 && f.runs[i].holds.Contains(k.short())
}

// buildFilter reads the keys of all rows, also of those that have expired.
func buildFilter(ctx context.Context, db *sql.DB) (*filter, error) {
	var built filter
	var builder xorfilter.BinaryFuseBuilder
	keys := make([]uint64, 0, runLength)
	last := Spot{list: -1}
	for {
		var from rowKey
		keys = keys[:0]
		err := readRun(ctx, db, &last, func(k rowKey) {
			if len(keys) == 0 {
				from = k
			}
			keys = append(keys, k.short())
		})
		if err != nil {
			return nil, fmt.Errorf("suppression: build the index: %w", err)
		}
		if len(keys) == 0 {
			return &built, nil
		}
		built.size += len(keys)
		holds, err := xorfilter.BuildBinaryFuse[uint8](&builder, keys)
		if err != nil {
			return nil, fmt.Errorf("suppression: build the index: %w", err)
		}
		holds.Fingerprints = slices.Clone(holds.Fingerprints) // the builder uses its own again
		built.runs = append(built.runs, run{from: from, holds: &holds})
	}
}

// readRun calls each for the rows of the next run and moves last to its end.
func readRun(ctx context.Context, db *sql.DB, last *Spot, each func(rowKey)) error {
	rows, err := db.QueryContext(ctx, selectRun, last.list, []byte(last.hash), runLength)
	if err != nil {
		return err
	}
	var list int64
	var raw sql.RawBytes
	var hash [hashLength]byte
	any := false
	err = scanAll(rows, func(r row) error {
		if err := r.Scan(&list, &raw); err != nil {
			return err
		}
		if copy(hash[:], raw) != hashLength {
			return fmt.Errorf("a row of list %d has a hash of %d bytes", list, len(raw))
		}
		any = true
		each(keyOf(list, hash[:]))
		return nil
	})
	if any {
		*last = Spot{list: list, hash: string(hash[:])}
	}
	return err
}
