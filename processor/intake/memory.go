package intake

import (
	"io"

	"golang.org/x/sync/semaphore"
)

const (
	// firstBytes is the room that every mail starts with: most reports fit.
	firstBytes = 16 << 10
	// freeBytes is the size up to which a mail does not count, so that large mails never keep the small ones out. What these
	// take is bounded by the number of connections.
	freeBytes = 64 << 10
)

// Memory bounds the bytes of the large mails that are read or handed on at a time. A mail takes up to twice its size while it is
// read.
type Memory struct{ room *semaphore.Weighted }

// NewMemory makes a Memory of so many bytes.
func NewMemory(bytes int64) *Memory {
	return &Memory{room: semaphore.NewWeighted(bytes)}
}

// read reads a mail of at most limit bytes to the end of r. It returns errTooLarge, errMemory, or the error of r. The caller calls
// release when it has handed the mail on; after an error there is nothing to release.
func (m *Memory) read(r io.Reader, limit int64) (mail []byte, release func(), err error) {
	mail = make([]byte, 0, min(firstBytes, limit+1))
	var held int64
	release = func() { m.room.Release(held) }
	for {
		if len(mail) == cap(mail) {
			if mail, held, err = m.grow(mail, held, limit); err != nil {
				break
			}
		}
		var n int
		n, err = r.Read(mail[len(mail):cap(mail)])
		mail = mail[:len(mail)+n]
		if int64(len(mail)) > limit {
			err = errTooLarge
		}
		if err != nil {
			break
		}
	}
	if err != io.EOF {
		release()
		return nil, nil, err
	}
	return mail, release, nil
}

// grow doubles the room for mail; one byte over the limit is enough to see that it is too large.
func (m *Memory) grow(mail []byte, held, limit int64) ([]byte, int64, error) {
	size := min(2*int64(cap(mail)), limit+1)
	if size <= freeBytes {
		return append(make([]byte, 0, size), mail...), held, nil
	}
	if !m.room.TryAcquire(size) {
		return mail, held, errMemory
	}
	larger := append(make([]byte, 0, size), mail...)
	m.room.Release(held)
	return larger, size, nil
}
