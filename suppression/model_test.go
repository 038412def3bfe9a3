package suppression_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/suppression"
)

// model is what the lists should hold.
type model map[modelKey]suppression.Entry

type modelKey struct {
	suppression.List
	address string // folded
}

func (m model) key(on suppression.List, addr string) modelKey {
	return modelKey{on, strings.ToLower(addr)}
}

func (m model) get(on suppression.List, addr string, at time.Time) (suppression.Entry, bool) {
	e, found := m[m.key(on, addr)]
	if found && !e.Expires.IsZero() && !e.Expires.After(at) {
		return suppression.Entry{}, false
	}
	return e, found
}

func (m model) put(e suppression.Entry, at time.Time) {
	if !e.Expires.IsZero() && !e.Expires.After(at) {
		return
	}
	if e.Allow {
		e.Reason = suppression.Manual
	}
	e.Created, e.Updated = at, at
	if old, found := m.get(e.List, e.Address, at); found {
		e.Address, e.Created = old.Address, old.Created
	}
	m[m.key(e.List, e.Address)] = e
}

// check says the rules once more, in other words than the package: the own lists where there are reasons for them, else what
// is allowed, else the global list.
func (m model) check(s suppression.Sender, addr string, at time.Time) suppression.Verdict {
	wide, narrow := suppression.List{Account: s.Account}, suppression.List{Account: s.Account, Identity: s.Identity}
	if len(s.Reasons) > 0 {
		for _, on := range []suppression.List{wide, narrow} {
			if e, found := m.get(on, addr, at); found && (e.Reason == suppression.Manual || slices.Contains(s.Reasons, e.Reason)) {
				return suppression.Verdict{Suppressed: true, Entry: e, List: suppression.AccountList}
			}
		}
		return suppression.Verdict{}
	}
	wide.Allow, narrow.Allow = true, true
	for _, on := range []suppression.List{wide, narrow} {
		if e, found := m.get(on, addr, at); found {
			return suppression.Verdict{Entry: e, List: suppression.AllowList}
		}
	}
	if e, found := m.get(suppression.List{}, addr, at); found {
		return suppression.Verdict{Suppressed: true, Entry: e, List: suppression.GlobalList}
	}
	return suppression.Verdict{}
}

func (m model) list(on suppression.List, at time.Time) (entries []suppression.Entry) {
	for key := range m {
		if e, found := m.get(key.List, key.address, at); found && key.List == on {
			entries = append(entries, e)
		}
	}
	return sorted(entries)
}

func sorted(entries []suppression.Entry) []suppression.Entry {
	slices.SortFunc(entries, func(a, b suppression.Entry) int {
		return strings.Compare(strings.ToLower(a.Address), strings.ToLower(b.Address))
	})
	return entries
}

// walk does random things to the lists and to the model, and compares what they say. The clock moves on.
type walk struct {
	testing.TB
	*rand.Rand
	folder string
	store  *store.Store
	index  *suppression.Index
	model  model
	at     time.Time
}

func (w *walk) open() {
	w.Helper()
	var err error
	if w.store, err = store.Open(w.Context(), filepath.Join(w.folder, "rebound.db")); err != nil {
		w.Fatal(err)
	}
	if w.index, err = suppression.OpenIndex(w.Context(), w.store.Read, filepath.Join(w.folder, "suppression.index"), slog.New(slog.DiscardHandler)); err != nil {
		w.Fatal(err)
	}
	w.store.Committed = follow(w, w.index)
}

// follow is what belongs behind every commit.
func follow(t testing.TB, index *suppression.Index) func(context.Context) {
	return func(ctx context.Context) {
		if err := index.Follow(ctx); err != nil {
			t.Error(err)
		}
	}
}

func (w *walk) restart() {
	w.Helper()
	if err := w.store.Close(); err != nil {
		w.Fatal(err)
	}
	w.open()
}

var walkLists = []suppression.List{global, own, news, allowed, newsMay, {Account: theirs}, {Account: theirs, Allow: true}}

func (w *walk) list() suppression.List { return walkLists[w.IntN(len(walkLists))] }

func (w *walk) address() string {
	return []string{"a", "A"}[w.IntN(2)] + fmt.Sprintf("%d@example.net", w.IntN(5000))
}

func (w *walk) tick() {
	w.at = w.at.Add(time.Duration(w.Int64N(int64(20 * time.Minute))).Truncate(time.Millisecond))
}

// write puts and deletes in one transaction.
func (w *walk) write(ctx context.Context, tx *sql.Tx) error {
	for range 200 {
		w.tick()
		if w.IntN(4) == 0 {
			if err := w.delete(ctx, tx); err != nil {
				return err
			}
			continue
		}
		entries := make([]suppression.Entry, 1+w.IntN(2)*w.IntN(5))
		for i := range entries {
			entries[i] = w.entry()
			w.model.put(entries[i], w.at)
		}
		if err := suppression.PutMany(ctx, tx, entries, w.at); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry() suppression.Entry {
	e := suppression.Entry{List: w.list(), Address: w.address(), FeedbackID: fmt.Sprint(w.IntN(100)), MessageID: fmt.Sprint(w.IntN(100)),
		Reason: []suppression.Reason{suppression.Bounce, suppression.Complaint, suppression.Manual}[w.IntN(3)]}
	if e.Account == "" || w.IntN(4) == 0 {
		e.Expires = w.at.Add(time.Duration(w.Int64N(int64(15*day))) - day).Truncate(time.Millisecond)
	}
	return e
}

func (w *walk) delete(ctx context.Context, tx *sql.Tx) error {
	on, addr := w.list(), w.address()
	_, want := w.model.get(on, addr, w.at)
	delete(w.model, w.model.key(on, addr))
	existed, err := suppression.Delete(ctx, tx, on, addr, w.at)
	if existed != want {
		w.Fatalf("delete %s from %+v: got %v, want %v", addr, on, existed, want)
	}
	return err
}

func (w *walk) purge() {
	spots, err := suppression.Expired(w.Context(), w.store.Read, suppression.Spot{}, w.at, 1+w.IntN(200))
	if err != nil {
		w.Fatal(err)
	}
	err = w.store.Transact(w.Context(), func(tx *sql.Tx) error {
		if _, err := suppression.PurgeChanges(w.Context(), tx, w.at.Add(-day), 500); err != nil {
			return err
		}
		_, err := suppression.Purge(w.Context(), tx, spots, w.at)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// check compares what the index says of an address, of many, and what the tables say. It returns how many it checked.
func (w *walk) check() (operations int) {
	sender := suppression.Sender{Account: []string{ours, theirs, "000000000000"}[w.IntN(3)], Identity: []string{"", news.Identity, "other@sender.example"}[w.IntN(3)],
		Reasons: [][]suppression.Reason{nil, ownList, bounces, complaints}[w.IntN(4)]}
	addrs := make([]string, 1+w.IntN(2)*w.IntN(4))
	for i := range addrs {
		addrs[i] = w.address()
	}
	one, err := w.index.Check(w.Context(), sender, addrs[0], w.at)
	if err != nil {
		w.Fatal(err)
	}
	many, err := w.index.CheckMany(w.Context(), sender, addrs, w.at)
	if err != nil {
		w.Fatal(err)
	}
	w.same(sender, addrs[0], one)
	for i, addr := range addrs {
		w.same(sender, addr, many[i])
	}
	if w.IntN(50) == 0 {
		direct, err := suppression.CheckMany(w.Context(), w.store.Read, sender, addrs, w.at)
		if diff := cmp.Diff(many, direct); err != nil || diff != "" {
			w.Fatalf("index and tables differ for %+v, error %v:\n%s", sender, err, diff)
		}
	}
	return 1 + len(addrs)
}

func (w *walk) same(sender suppression.Sender, addr string, got suppression.Verdict) {
	if want := w.model.check(sender, addr, w.at); got != want {
		w.Fatalf("check %s for %+v at %v:\n%s", addr, sender, w.at, cmp.Diff(want, got))
	}
}

func (w *walk) read() {
	q := suppression.Query{List: w.list(), Limit: 1 + w.IntN(1000), Now: w.at}
	on := q.List
	var got []suppression.Entry
	for {
		entries, next, err := suppression.Entries(w.Context(), w.store.Read, q)
		if err != nil {
			w.Fatal(err)
		}
		got = append(got, entries...)
		if q.Cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(w.model.list(on, w.at), sorted(got)); diff != "" {
		w.Fatalf("list %+v at %v:\n%s", on, w.at, diff)
	}
}

// TestTheListsFollowTheModel compares the lists with a simple model through 100,000 operations.
func TestTheListsFollowTheModel(t *testing.T) {
	w := &walk{TB: t, Rand: rand.New(rand.NewPCG(1, 2)), folder: t.TempDir(), model: model{}, at: now}
	w.open()
	defer func() { _ = w.store.Close() }()
	for operations, round := 0, 0; operations < 100_000; round++ {
		if err := w.store.Transact(t.Context(), func(tx *sql.Tx) error { return w.write(t.Context(), tx) }); err != nil {
			t.Fatal(err)
		}
		operations += 200
		for range 400 {
			operations += w.check()
		}
		switch {
		case round%15 == 14:
			w.restart()
		case round%9 == 8:
			w.read()
		case round%5 == 4:
			w.purge()
		case round%8 == 6:
			if err := w.index.Rebuild(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
