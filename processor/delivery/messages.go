package delivery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"golang.org/x/sync/singleflight"
)

const (
	// maxKept bounds the messages that are kept in memory, in bytes.
	maxKept = 16 << 20
	// keptBeside is about what a kept message takes beside its texts.
	keptBeside = 512
)

// messages keeps the messages that were read last. One goes to all its endpoints at about the same time, and its row never changes.
type messages struct {
	reading singleflight.Group

	mutex sync.Mutex
	kept  map[int64]Entry
	order []int64 // the one that was read first in front
	bytes int
}

// load returns what all entries of a message have in common, or ok false when the message is gone: it was too old.
func (m *messages) load(ctx context.Context, db *sql.DB, seq int64) (e Entry, ok bool, err error) {
	m.mutex.Lock()
	e, ok = m.kept[seq]
	m.mutex.Unlock()
	if ok {
		return e, true, nil
	}
	read, err, _ := m.reading.Do(strconv.FormatInt(seq, 10), func() (any, error) {
		e, err := scanMessage(db.QueryRowContext(ctx, selectMessage, seq))
		if err == nil {
			m.keep(seq, e)
		}
		return e, err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("delivery: load message %d: %w", seq, err)
	}
	return read.(Entry), true, nil
}

// keep remembers a message and forgets those that there is no room for.
func (m *messages) keep(seq int64, e Entry) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if _, known := m.kept[seq]; known {
		return
	}
	if m.kept == nil {
		m.kept = map[int64]Entry{}
	}
	m.kept[seq] = e
	m.order = append(m.order, seq)
	for m.bytes += keptSize(e); m.bytes > maxKept && len(m.order) > 1; m.order = m.order[1:] {
		m.bytes -= keptSize(m.kept[m.order[0]])
		delete(m.kept, m.order[0])
	}
}

// clear forgets all: an engine that has nothing to do keeps nothing of anybody.
func (m *messages) clear() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.kept, m.order, m.bytes = nil, nil, 0
}

func keptSize(e Entry) int {
	size := keptBeside + len(e.Subject) + len(e.Body)
	for name, attribute := range e.Attributes {
		size += len(name) + len(attribute.Value)
	}
	return size
}
