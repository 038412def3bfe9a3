package suppression_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rebound-mail/rebound/suppression"
)

// indexed is a store whose commits an index follows.
func indexed(t *testing.T) (lists, *suppression.Index) {
	t.Helper()
	l := open(t)
	index := l.index("")
	l.Committed = follow(t, index)
	return l, index
}

func (l lists) index(path string) *suppression.Index {
	l.Helper()
	index, err := suppression.OpenIndex(l.Context(), l.Read, path, slog.New(slog.DiscardHandler))
	if err != nil {
		l.Fatal(err)
	}
	return index
}

func (l lists) wantIndexed(index *suppression.Index, addr string, want bool) {
	l.Helper()
	got, err := index.Check(l.Context(), suppression.Sender{Account: ours, Reasons: ownList}, addr, now)
	if err != nil || got.Suppressed != want {
		l.Errorf("%s: got %+v, error %v, want suppressed %v", addr, got, err, want)
	}
}

func wantBuilt(t *testing.T, index *suppression.Index, want bool) {
	t.Helper()
	if _, _, built := index.Size(); built != want {
		t.Errorf("got built %v, want %v", built, want)
	}
}

// TestTheIndexNeverMissesAnEntry puts, deletes and rebuilds at once: what is put is suppressed from the moment that its
// transaction has returned, and what is deleted is not.
func TestTheIndexNeverMissesAnEntry(t *testing.T) {
	l, index := indexed(t)
	stop := make(chan struct{})
	var building sync.WaitGroup
	building.Go(func() {
		for {
			if err := index.Rebuild(t.Context()); err != nil {
				t.Error(err)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	var writers sync.WaitGroup
	for writer := range 4 {
		writers.Go(func() { l.putAndDelete(index, writer) })
	}
	writers.Wait()
	close(stop)
	building.Wait()
}

// putAndDelete puts 15 times 50 addresses, deletes those of the turn before, and checks both.
func (l lists) putAndDelete(index *suppression.Index, writer int) {
	name := func(turn, i int) string { return fmt.Sprintf("w%d.%d.%d@example.net", writer, turn, i) }
	for turn := range 15 {
		entries, before := make([]suppression.Entry, 50), make([]string, 50)
		for i := range entries {
			entries[i] = suppression.Entry{List: own, Address: name(turn, i), Reason: suppression.Bounce}
			before[i] = name(turn-1, i)
		}
		err := l.Transact(l.Context(), func(tx *sql.Tx) error {
			if _, err := suppression.DeleteMany(l.Context(), tx, own, before, now); err != nil {
				return err
			}
			return suppression.PutMany(l.Context(), tx, entries, now)
		})
		if err != nil {
			l.Error(err)
			return
		}
		for i := range entries {
			l.wantIndexed(index, entries[i].Address, true)
			l.wantIndexed(index, before[i], false)
		}
	}
}

func TestAnEntryOfAnotherProcessIsKnownOnceItsChangeIsFollowed(t *testing.T) {
	l := open(t)
	index := l.index("")
	if err := index.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.put(on(own, suppression.Bounce), now)
	if err := index.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.wantIndexed(index, jane, true)
	l.remove(ours, jane)
	l.wantIndexed(index, jane, false) // not followed: the tables decide
}

func TestAnIndexIsKeptFromStartToStart(t *testing.T) {
	l := open(t)
	path := filepath.Join(t.TempDir(), "suppression.index")
	l.fill(ours, 1000)
	index := l.index(path)
	wantBuilt(t, index, false)
	l.wantIndexed(index, "a1@example.net", true)
	if err := index.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.put(on(own, suppression.Bounce), now) // after the file was written
	again := l.index(path)
	wantBuilt(t, again, true)
	for i := range 1000 {
		l.wantIndexed(again, fmt.Sprintf("a%d@example.net", i), true)
	}
	l.wantIndexed(again, jane, true)
	l.wantIndexed(again, "joe@example.net", false)
	if entries, since, _ := again.Size(); entries != 1000 || since != 1 {
		t.Errorf("got %d entries and %d since, want 1000 and 1", entries, since)
	}
}

func TestAFileThatIsNotOfThisDatabaseIsNotUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "suppression.index")
	l := open(t)
	l.fill(ours, 10)
	if err := l.index(path).Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte{}, whole...)
	damaged[len(damaged)/2] ^= 1
	younger := open(t) // has fewer changes
	younger.put(on(own, suppression.Bounce), now)
	other := open(t) // has as many, made at another time
	other.transact(func(ctx context.Context, tx *sql.Tx) error {
		for i := range 20 {
			e := suppression.Entry{List: own, Address: fmt.Sprintf("b%d@example.net", i), Reason: suppression.Bounce}
			if err := suppression.Put(ctx, tx, e, now.Add(-day)); err != nil {
				return err
			}
		}
		return nil
	})
	purged := open(t) // no longer has the changes since
	purged.fill(ours, 20)
	purged.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := suppression.PurgeChanges(ctx, tx, now.Add(100*day), 500)
		return err
	})
	for name, test := range map[string]struct {
		lists
		content []byte
	}{"damaged": {l, damaged}, "cut off": {l, whole[:len(whole)/2]}, "empty": {l, nil}, "fewer changes": {younger, whole}, "other changes": {other, whole},
		"changes are gone": {purged, whole}} {
		if err := os.WriteFile(path, test.content, 0o600); err != nil {
			t.Fatal(err)
		}
		index := test.index(path)
		t.Log(name)
		wantBuilt(t, index, false)
	}
}

func TestAnIndexThatCannotFollowAsksTheTables(t *testing.T) {
	l := open(t)
	index := l.index("")
	if err := index.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write.Exec(`ALTER TABLE suppression_journal RENAME TO hidden`); err != nil {
		t.Fatal(err)
	}
	if err := index.Follow(t.Context()); err == nil {
		t.Error("there is no journal, and following it did not fail")
	}
	if _, err := l.Write.Exec(`ALTER TABLE hidden RENAME TO suppression_journal`); err != nil {
		t.Fatal(err)
	}
	l.put(on(own, suppression.Bounce), now)
	l.wantIndexed(index, jane, true) // though it has not followed
}

// TestMoreThanOneRunIsSearched holds that entries are found whichever part of the filter they are in.
func TestMoreThanOneRunIsSearched(t *testing.T) {
	l := open(t)
	const n = 70_000 // a run has 65,536
	l.insert(n)
	index := l.index("")
	if err := index.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entries, _, _ := index.Size(); entries != n {
		t.Errorf("the index has %d entries, want %d", entries, n)
	}
	addrs := make([]string, 0, 10_000)
	for i := 0; i < n; i += 10 {
		addrs = append(addrs, fmt.Sprintf("b%d@example.net", i))
	}
	got, err := index.CheckMany(t.Context(), suppression.Sender{Account: ours, Reasons: ownList}, addrs, now)
	if err != nil {
		t.Fatal(err)
	}
	for i, verdict := range got {
		if !verdict.Suppressed {
			t.Fatalf("%s is not suppressed", addrs[i])
		}
	}
}

// insert puts many entries in one transaction.
func (l lists) insert(n int) {
	l.Helper()
	entries := make([]suppression.Entry, n)
	for i := range entries {
		entries[i] = suppression.Entry{List: own, Address: fmt.Sprintf("b%d@example.net", i), Reason: suppression.Bounce}
	}
	l.transact(func(ctx context.Context, tx *sql.Tx) error { return suppression.PutMany(ctx, tx, entries, now) })
}
