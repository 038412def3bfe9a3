package suppression

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/FastFilter/xorfilter"
)

// fileHead begins the file of an index. Seq and At are the number and the time of the last change that its filter holds: a
// database that has another change under that number is another one, or an older copy.
type fileHead struct {
	Magic [8]byte
	Seq   int64
	At    int64
	Size  int64
	Runs  int64
}

var magic = [8]byte{'s', 'u', 'p', 'p', 'i', 'd', 'x', 1}

// maxRuns bounds what a damaged file can make us read.
const maxRuns = 1 << 16

// save writes the filter beside its place and moves it there.
func (ix *Index) save(ctx context.Context, f *filter, seq int64) error {
	at, err := timeOf(ctx, ix.db, seq)
	if err != nil {
		return fmt.Errorf("suppression: keep the index: %w", err)
	}
	head := fileHead{Magic: magic, Seq: seq, At: at, Size: int64(f.size), Runs: int64(len(f.runs))}
	file, err := os.OpenFile(ix.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("suppression: keep the index: %w", err)
	}
	err = errors.Join(f.write(file, head), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), ix.path)
	}
	if err != nil {
		return fmt.Errorf("suppression: keep the index: %w", err)
	}
	return nil
}

// timeOf returns when a change was made, 0 when it is no longer kept.
func timeOf(ctx context.Context, db *sql.DB, seq int64) (at int64, err error) {
	err = db.QueryRowContext(ctx, selectChangeTime, seq).Scan(&at)
	return at, err
}

// write writes the head, the runs, and the SHA-256 of both.
func (f *filter) write(to io.Writer, head fileHead) error {
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(to, sum), 1<<20)
	if err := binary.Write(out, binary.LittleEndian, head); err != nil {
		return err
	}
	for _, r := range f.runs {
		from := []uint64{uint64(r.from.list), r.from.high, r.from.low}
		if err := errors.Join(binary.Write(out, binary.LittleEndian, from), r.holds.Save(out)); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := to.Write(sum.Sum(nil))
	return err
}

// load reads the index that was kept. The error says why it is of no use.
func (ix *Index) load(ctx context.Context) error {
	if ix.path == "" {
		return errors.New("none is kept")
	}
	file, err := os.Open(ix.path)
	if err != nil {
		return err
	}
	defer file.Close()
	f, head, err := readFilter(file)
	if err != nil {
		return fmt.Errorf("%s: %w", ix.path, err)
	}
	last, purged, err := journal(ctx, ix.db)
	if err != nil {
		return err
	}
	at, err := timeOf(ctx, ix.db, head.Seq)
	if err != nil {
		return err
	}
	if at != head.At || head.Seq > last || head.Seq < purged {
		return fmt.Errorf("%s: it belongs to another state of the database", ix.path)
	}
	if err := ix.restart(ctx, head.Seq); err != nil {
		return err
	}
	ix.base = f
	return nil
}

// readFilter reads what write wrote, and nothing that was changed since.
func readFilter(from io.Reader) (f *filter, head fileHead, err error) {
	damaged := errors.New("not the file of an index, or a damaged one")
	sum := sha256.New()
	whole := bufio.NewReaderSize(from, 1<<20)
	in := io.TeeReader(whole, sum)
	if err := binary.Read(in, binary.LittleEndian, &head); err != nil || head.Magic != magic || head.Runs < 0 || head.Runs > maxRuns {
		return nil, head, damaged
	}
	f = &filter{size: int(head.Size)}
	for range head.Runs {
		r, err := readOneRun(in)
		if err != nil {
			return nil, head, damaged
		}
		f.runs = append(f.runs, r)
	}
	var want [sha256.Size]byte
	if _, err := io.ReadFull(whole, want[:]); err != nil || [sha256.Size]byte(sum.Sum(nil)) != want {
		return nil, head, damaged
	}
	return f, head, nil
}

// readOneRun reads the first key of a run, and its filter. It checks the length before it makes room: a run is never larger
// than its entries need.
func readOneRun(in io.Reader) (r run, err error) {
	var from [3]uint64
	if err := binary.Read(in, binary.LittleEndian, &from); err != nil {
		return run{}, err
	}
	const lengthAt = 24 // in what the filter begins with: seed, segments, length
	var head [lengthAt + 4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return run{}, err
	}
	if length := binary.LittleEndian.Uint32(head[lengthAt:]); length > 4*runLength {
		return run{}, fmt.Errorf("a run of %d bytes", length)
	}
	holds, err := xorfilter.LoadBinaryFuse[uint8](io.MultiReader(bytes.NewReader(head[:]), in))
	return run{from: rowKey{int64(from[0]), from[1], from[2]}, holds: holds}, err
}
