package suppression

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// pollEach is how long another process's entry may take to be known here.
	pollEach = time.Second
	// An index is built anew when it knows of more changes than this, and more than a sixty-fourth of its entries: they take
	// some 30 bytes each, and little more than one where they are in the filter.
	minRebuild  = 100_000
	rebuildPart = 64
)

// Index answers most checks in memory. It keeps a filter of all entries at one time and the keys of what was put since, and
// asks the tables only about addresses that one of them may hold: so it never lets a mail to a suppressed address through,
// and an entry that was removed costs one look-up. Its methods may be called by many goroutines at once.
//
// What is put in this process is known when [Index.Follow] has returned, which belongs behind every commit; what other
// processes put is known after a second at most while [Index.Run] runs. Removals hold at once for all.
type Index struct {
	db   *sql.DB
	path string
	log  *slog.Logger

	following  sync.Mutex // held by the one who reads the journal
	rebuilding sync.Mutex

	mutex  sync.RWMutex
	lists  map[List]int64
	base   *filter             // nil: everything is asked of the tables
	recent map[uint64]struct{} // what was put after base was begun
	fresh  map[uint64]struct{} // what was put after the next base was begun; nil while none is
	seq    int64               // of the last change that is known
	behind bool                // the journal could not be read: everything is asked of the tables
}

// OpenIndex reads the index that was kept at path ("" keeps none) and what changed since. When there is none, or it belongs
// to another state of the database, all checks are answered by the tables until Rebuild or Run has built one.
func OpenIndex(ctx context.Context, db *sql.DB, path string, log *slog.Logger) (*Index, error) {
	ix := &Index{db: db, path: path, log: log, seq: -1}                     // before any: what the journal does not tell of is there already
	if err := ix.load(ctx); err != nil && !errors.Is(err, fs.ErrNotExist) { // a first start has none
		log.Info("building the index of suppressed addresses anew", "reason", err)
	}
	return ix, ix.Follow(ctx)
}

// Follow takes in the changes that were committed since the last call. When it fails the tables answer all checks until it
// succeeds.
func (ix *Index) Follow(ctx context.Context) error {
	ix.following.Lock()
	defer ix.following.Unlock()
	err := ix.follow(ctx)
	ix.mutex.Lock()
	ix.behind = err != nil
	ix.mutex.Unlock()
	return err
}

func (ix *Index) follow(ctx context.Context) error {
	last, purged, err := journal(ctx, ix.db)
	if err != nil {
		return err
	}
	if ix.seq < purged || ix.seq > last {
		return ix.restart(ctx, last)
	}
	for ix.seq < last {
		if err := ix.take(ctx, last); err != nil {
			return fmt.Errorf("suppression: follow the changes: %w", err)
		}
	}
	return nil
}

// restart forgets all: what it knows cannot be brought up to date by the journal.
func (ix *Index) restart(ctx context.Context, last int64) error {
	rows, err := ix.db.QueryContext(ctx, selectAllLists)
	if err != nil {
		return fmt.Errorf("suppression: the lists: %w", err)
	}
	lists := map[List]int64{}
	err = scanAll(rows, func(r row) error {
		l, id, err := scanList(r)
		lists[l] = id
		return err
	})
	if err != nil {
		return fmt.Errorf("suppression: the lists: %w", err)
	}
	ix.mutex.Lock()
	defer ix.mutex.Unlock()
	ix.lists, ix.base, ix.recent, ix.seq = lists, nil, map[uint64]struct{}{}, last
	ix.fresh = nil // a base that is being built is of no use
	return nil
}

// take reads the next changes, not over last.
func (ix *Index) take(ctx context.Context, last int64) error {
	rows, err := ix.db.QueryContext(ctx, selectChanges, ix.seq, last, 0, "", MaxPage)
	if err != nil {
		return err
	}
	lists := map[List]int64{}
	var puts []uint64
	seq, n := ix.seq, 0
	err = scanAll(rows, func(r row) error {
		c, list, err := scanChange(r)
		if err != nil {
			return err
		}
		seq, n = c.Seq, n+1
		lists[c.List] = list
		if c.Reason == "" {
			return nil
		}
		at, err := placeOf(c.Address)
		puts = append(puts, keyOf(list, at.hash[:]).short())
		return err
	})
	if err != nil {
		return err
	}
	if n < MaxPage {
		seq = last
	}
	ix.mutex.Lock()
	defer ix.mutex.Unlock()
	maps.Copy(ix.lists, lists)
	for _, k := range puts {
		ix.recent[k] = struct{}{}
		if ix.fresh != nil {
			ix.fresh[k] = struct{}{}
		}
	}
	ix.seq = seq
	return nil
}

// Check is as the function of that name.
func (ix *Index) Check(ctx context.Context, sender Sender, addr string, now time.Time) (Verdict, error) {
	at, err := placeOf(addr)
	if err != nil {
		return Verdict{}, err
	}
	places := []place{at}
	deciding, candidates, sure := ix.candidates(sender, places)
	if sure && len(candidates) == 0 {
		return Verdict{}, nil
	}
	verdicts := make([]Verdict, 1)
	err = ix.look(ctx, sender, deciding, places, candidates, verdicts, now, sure)
	return verdicts[0], err
}

// CheckMany is as the function of that name.
func (ix *Index) CheckMany(ctx context.Context, sender Sender, addrs []string, now time.Time) ([]Verdict, error) {
	places, err := placesOf(addrs)
	if err != nil {
		return nil, err
	}
	deciding, candidates, sure := ix.candidates(sender, places)
	verdicts := make([]Verdict, len(addrs))
	return verdicts, ix.look(ctx, sender, deciding, places, candidates, verdicts, now, sure)
}

// look asks the tables about the candidates, or about all places when the index is not sure.
func (ix *Index) look(ctx context.Context, sender Sender, deciding []numbered, places []place, candidates []int, verdicts []Verdict,
	now time.Time, sure bool) error {
	if !sure {
		return lookAll(ctx, ix.db, sender, places, verdicts, now)
	}
	return sender.look(ctx, ix.db, deciding, places, candidates, verdicts, now)
}

// candidates returns the lists that decide and the places that one of them may hold. It is not sure while there is no index
// that is up to date.
func (ix *Index) candidates(sender Sender, places []place) (deciding []numbered, candidates []int, sure bool) {
	ix.mutex.RLock()
	defer ix.mutex.RUnlock()
	if ix.base == nil || ix.behind {
		return nil, nil, false
	}
	deciding = sender.deciding(ix.lists)
	for i := range places {
		for _, on := range deciding {
			if ix.may(keyOf(on.id, places[i].hash[:])) {
				candidates = append(candidates, i)
				break
			}
		}
	}
	return deciding, candidates, true
}

func (ix *Index) may(k rowKey) bool {
	_, put := ix.recent[k.short()]
	return put || ix.base.contains(k)
}

// Size returns how many entries the filter was built of and how many were put since; built is false while there is none.
func (ix *Index) Size() (entries, since int, built bool) {
	ix.mutex.RLock()
	defer ix.mutex.RUnlock()
	if ix.base == nil {
		return 0, 0, false
	}
	return ix.base.size, len(ix.recent), true
}

// Rebuild builds the index anew from the tables, while checks go on, and keeps it at its path.
func (ix *Index) Rebuild(ctx context.Context) error {
	ix.rebuilding.Lock()
	defer ix.rebuilding.Unlock()
	began, err := ix.begin(ctx)
	if err != nil {
		return err
	}
	built, err := buildFilter(ctx, ix.db)
	if err := ix.finish(built, err); err != nil {
		return err
	}
	debug.FreeOSMemory() // as much as the index takes became garbage, and there will be none soon to take its room
	if ix.path == "" {
		return nil
	}
	return ix.save(ctx, built, began)
}

// begin notes from now on what the filter that is about to be built may lack: what is put after the change whose number it
// returns.
func (ix *Index) begin(ctx context.Context) (seq int64, err error) {
	if err := ix.Follow(ctx); err != nil {
		return 0, err
	}
	ix.mutex.Lock()
	defer ix.mutex.Unlock()
	ix.fresh = map[uint64]struct{}{}
	return ix.seq, nil
}

// finish puts what was built in the place of the old filter.
func (ix *Index) finish(built *filter, err error) error {
	ix.mutex.Lock()
	defer ix.mutex.Unlock()
	fresh := ix.fresh
	ix.fresh = nil
	if err != nil {
		return err
	}
	if fresh == nil { // restart ran meanwhile
		return errors.New("suppression: the journal of changes was lost while the index was built; build it once more")
	}
	ix.base, ix.recent = built, fresh
	return nil
}

// Run follows the changes of other processes and builds the index anew when it has grown old, until ctx ends.
func (ix *Index) Run(ctx context.Context) error {
	poll := time.NewTicker(pollEach)
	defer poll.Stop()
	for {
		if err := ix.turn(ctx); err != nil && ctx.Err() == nil {
			ix.log.Warn("the index of suppressed addresses is not up to date; checks ask the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
	}
}

func (ix *Index) turn(ctx context.Context) error {
	if err := ix.Follow(ctx); err != nil {
		return err
	}
	if entries, since, built := ix.Size(); built && since <= max(minRebuild, entries/rebuildPart) {
		return nil
	}
	return ix.Rebuild(ctx)
}
