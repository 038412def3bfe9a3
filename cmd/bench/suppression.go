package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/suppression"
)

// suppressions is the state of the section about the lists.
type suppressions struct {
	*bench
	entries int // on the account's list, and as many on the global one
	data    string
	store   *store.Store
	index   *suppression.Index
	rows    []row
}

var suppressionColumns = []column{{"number", "number", whole}, {"seconds", "took", seconds}, {"rate", "a second", whole}, {"p50Seconds", "p50", seconds},
	{"p99Seconds", "p99", seconds}, {"maxSeconds", "longest", seconds}, {"bytes", "bytes", whole}}

func (s *suppressions) row(name string, bound bool, number int, took time.Duration, values ...float64) {
	all := []float64{float64(number), took.Seconds(), float64(number) / took.Seconds(), none, none, none, none}
	if took == 0 {
		all[1], all[2] = none, none
	}
	copy(all[3:], values)
	s.rows = append(s.rows, row{Name: name, Values: all, Bound: bound})
}

// suppressions measures the lists at their size: checks, imports, purges, starts, and what they take of disk and memory.
func (b *bench) suppressions(ctx context.Context) (_ []section, err error) {
	data, err := b.temp("suppression")
	if err != nil {
		return nil, err
	}
	s := &suppressions{bench: b, entries: b.lists, data: data}
	if s.entries == 0 {
		s.entries = b.count(1_000_000)
	}
	if s.store, err = store.Open(ctx, filepath.Join(data, "rebound.db")); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	for _, measure := range []func(context.Context) error{s.fill, s.build, s.checks, s.batches, s.imports, s.purge, s.rebuild} {
		if err := measure(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.store.Close(); err != nil {
		return nil, err
	}
	for _, measure := range []func(context.Context) error{s.serve, s.plainSQLite, s.plainPostgreSQL} {
		if err := measure(ctx); err != nil {
			return nil, err
		}
	}
	title := fmt.Sprintf("Suppression lists, %s + %s entries", whole(float64(s.entries)), whole(float64(s.entries)))
	return []section{{Key: "suppression", Title: title, Columns: suppressionColumns, Rows: s.rows}}, nil
}

// listed is one of the addresses of a group; the groups have none in common.
func listed(group string, i int) string {
	return group[:1] + strconv.Itoa(i) + "@d" + strconv.Itoa(i%5000) + ".example.net"
}

// fill writes both lists in the order of their keys. Every fourth entry of the account's list came from a report, and all of the global
// one's; a tenth of the latter have expired.
func (s *suppressions) fill(ctx context.Context) error {
	s.say("writing %d suppressed addresses", 2*s.entries)
	id := "0100019bfe3a5c5d-0f9a1b2c-3d4e-4f60-8a7b-9c0d1e2f3a4b-000000"
	now := time.Now()
	for _, group := range []string{"account", "global"} {
		before, err := s.size()
		if err != nil {
			return err
		}
		entry := suppression.Entry{Address: "first@example.net", Reason: suppression.Bounce, FeedbackID: id, Expires: now.Add(time.Hour)}
		if group == "account" {
			entry.Account, entry.Expires, entry.MessageID = account.DefaultID, time.Time{}, id
		}
		if err := s.store.Transact(ctx, func(tx *sql.Tx) error { return suppression.Put(ctx, tx, entry, now) }); err != nil {
			return err
		}
		started := time.Now()
		if err := s.copies(ctx, group, now); err != nil {
			return err
		}
		took := time.Since(started)
		after, err := s.size()
		if err != nil {
			return err
		}
		s.row("entries of the "+group+" list, bytes each", false, s.entries, took, none, none, none, float64(after-before)/float64(s.entries))
	}
	return nil
}

// size is that of the database after all is in its file.
func (s *suppressions) size() (int64, error) {
	if _, err := s.store.Write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return 0, err
	}
	info, err := os.Stat(filepath.Join(s.data, "rebound.db"))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// copies writes a list past the package: so that it has the form that an import in order leaves, soon.
func (s *suppressions) copies(ctx context.Context, group string, now time.Time) error {
	type keyed struct {
		hash [16]byte
		i    int32
	}
	all := make([]keyed, s.entries)
	for i := range all {
		sum := sha256.Sum256([]byte(listed(group, i)))
		all[i] = keyed{[16]byte(sum[:]), int32(i)}
	}
	slices.SortFunc(all, func(a, b keyed) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	const rows = 100
	statement := `INSERT INTO suppression_entry (list, hash, address, reason, feedback, message, created, age, expires)
		SELECT list, $1, $2, 1, CASE WHEN $3 = 0 THEN x'' ELSE feedback END, CASE WHEN $3 = 0 THEN x'' ELSE message END, $4, 0, $5
		FROM suppression_entry WHERE address = 'first@example.net' AND list = $6 AND hash = $7`
	first := sha256.Sum256([]byte("first@example.net"))
	list := 0
	if group == "account" {
		list = 1
	}
	for part := range slices.Chunk(all, 1000*rows) {
		err := s.store.Transact(ctx, func(tx *sql.Tx) error {
			insert, err := tx.PrepareContext(ctx, statement)
			if err != nil {
				return err
			}
			defer insert.Close()
			for _, k := range part {
				automatic, expires := 1, now.Add(suppression.GlobalListing).UnixMilli()
				if group == "account" {
					automatic, expires = 0, 0
					if k.i%4 == 0 {
						automatic = 1
					}
				} else if k.i%10 == 0 {
					expires = now.UnixMilli()
				}
				if _, err := insert.ExecContext(ctx, k.hash[:], listed(group, int(k.i)), automatic, now.UnixMilli(), expires, list, first[:16]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// build builds the index and loads it again, as a start does.
func (s *suppressions) build(ctx context.Context) (err error) {
	s.say("building the index")
	path := filepath.Join(s.data, "suppression.index")
	quiet := slog.New(slog.DiscardHandler)
	if s.index, err = suppression.OpenIndex(ctx, s.store.Read, path, quiet); err != nil {
		return err
	}
	started := time.Now()
	if err := s.index.Rebuild(ctx); err != nil {
		return err
	}
	took := time.Since(started)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	s.row("index built; bytes of its file", false, 2*s.entries, took, none, none, none, float64(info.Size()))
	started = time.Now()
	if s.index, err = suppression.OpenIndex(ctx, s.store.Read, path, quiet); err != nil {
		return err
	}
	s.row("index loaded at a start", false, 2*s.entries, time.Since(started))
	s.store.Committed = func(ctx context.Context) {
		if err := s.index.Follow(ctx); err != nil {
			s.say("the index cannot follow: %v", err)
		}
	}
	return nil
}

// rebuild brings the index up to date, as a server does whenever it has grown old.
func (s *suppressions) rebuild(ctx context.Context) error {
	s.say("building the index anew")
	started := time.Now()
	if err := s.index.Rebuild(ctx); err != nil {
		return err
	}
	entries, _, _ := s.index.Size()
	s.row("index built anew, after all that", false, entries, time.Since(started))
	return nil
}

// owner is who checks, by the account's own list or by the global one.
func owner(own bool) suppression.Sender {
	sender := suppression.Sender{Account: account.DefaultID}
	if own {
		sender.Reasons = suppression.Reasons()
	}
	return sender
}

// checks measures single checks.
func (s *suppressions) checks(ctx context.Context) error {
	s.say("checking addresses one by one")
	for _, one := range []struct {
		name, group string
		own         bool
		n           int
	}{
		{"check of a free address, own list", "free", true, 1_000_000}, {"check of a free address, global list", "free", false, 1_000_000},
		{"check of a suppressed address, own list", "account", true, 200_000}, {"check of a suppressed address, global list", "global", false, 200_000},
	} {
		all, err := s.timed(s.count(one.n), func(i int) error {
			addr := listed(one.group, i*7919%s.entries)
			verdict, err := s.index.Check(ctx, owner(one.own), addr, time.Now())
			if err == nil && verdict.Suppressed != (one.group == "account" || one.group == "global" && (i*7919%s.entries)%10 != 0) {
				err = fmt.Errorf("%s: got %+v", addr, verdict)
			}
			return err
		})
		if err != nil {
			return err
		}
		s.timedRow(one.name, false, all)
	}
	return nil
}

// timed measures each of n calls.
func (s *suppressions) timed(n int, do func(i int) error) ([]time.Duration, error) {
	all := make([]time.Duration, n)
	for i := range all {
		started := time.Now()
		if err := do(i); err != nil {
			return nil, err
		}
		all[i] = time.Since(started)
	}
	return all, nil
}

func (s *suppressions) timedRow(name string, bound bool, all []time.Duration) {
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	slices.Sort(all)
	s.row(name, bound, len(all), sum, quantile(all, 0.5), quantile(all, 0.99), all[len(all)-1].Seconds())
}

// batches measures checks of many addresses a call, a twentieth of them suppressed.
func (s *suppressions) batches(ctx context.Context) error {
	n := s.count(1_000_000)
	const size = 10_000
	started := time.Now()
	for from := 0; from < n; from += size {
		addrs := make([]string, min(size, n-from))
		for i := range addrs {
			addrs[i] = s.mixed(from + i)
		}
		if _, err := s.index.CheckMany(ctx, owner(true), addrs, time.Now()); err != nil {
			return err
		}
	}
	s.row("checks of 10,000 addresses a call, 5 % suppressed", false, n, time.Since(started))
	return nil
}

func (s *suppressions) mixed(i int) string {
	if i%20 == 0 {
		return listed("account", i*7919%s.entries)
	}
	return listed("free", i)
}

// imports puts addresses that no list has, durably, while another writer puts one now and then.
func (s *suppressions) imports(ctx context.Context) error {
	n := s.count(1_000_000)
	s.say("importing %d addresses", n)
	done := make(chan struct{})
	var waits []time.Duration
	var failed error
	var other sync.WaitGroup
	other.Go(func() { waits, failed = s.putNowAndThen(ctx, done) })
	started := time.Now()
	err := s.importAll(ctx, n)
	took := time.Since(started)
	close(done)
	other.Wait()
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	s.row("import of new addresses", false, n, took)
	if len(waits) > 0 {
		s.timedRow("another writer meanwhile, its transaction", false, waits)
	}
	return nil
}

func (s *suppressions) importAll(ctx context.Context, n int) error {
	entries := make([]suppression.Entry, n)
	for i := range entries {
		entries[i] = suppression.Entry{List: suppression.List{Account: account.DefaultID}, Address: listed("imported", i), Reason: suppression.Bounce}
	}
	if err := suppression.Sort(entries); err != nil {
		return err
	}
	var pace suppression.Pace
	for len(entries) > 0 {
		n := min(pace.Next(), len(entries))
		var began time.Time
		err := s.store.Transact(ctx, func(tx *sql.Tx) error {
			began = time.Now()
			return suppression.PutMany(ctx, tx, entries[:n], time.Now())
		})
		if err != nil {
			return err
		}
		pace.Took(time.Since(began))
		entries = entries[n:]
	}
	return nil
}

func (s *suppressions) putNowAndThen(ctx context.Context, done <-chan struct{}) (waits []time.Duration, err error) {
	for i := 0; ; i++ {
		select {
		case <-done:
			return waits, nil
		case <-time.After(20 * time.Millisecond):
		}
		started := time.Now()
		entry := suppression.Entry{List: suppression.List{Account: account.DefaultID}, Address: listed("other", i), Reason: suppression.Bounce}
		if err := s.store.Transact(ctx, func(tx *sql.Tx) error { return suppression.Put(ctx, tx, entry, time.Now()) }); err != nil {
			return nil, err
		}
		waits = append(waits, time.Since(started))
	}
}

// purge deletes what has expired while suppressed addresses are checked.
func (s *suppressions) purge(ctx context.Context) error {
	s.say("purging %d expired entries", s.entries/10)
	purges := &processor.Purges{Store: s.store, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	ended := make(chan error, 1)
	started := time.Now()
	go func() { ended <- purges.Sweep(ctx, time.Now()) }()
	var all []time.Duration
	for i := 0; ; i++ {
		select {
		case err := <-ended:
			s.row("purge of expired entries", false, s.entries/10, time.Since(started))
			if len(all) > 0 {
				s.timedRow("check of a suppressed address meanwhile", false, all)
			}
			return err
		default:
		}
		one, err := s.timed(1, func(int) error {
			_, err := s.index.Check(ctx, owner(true), listed("account", i*7919%s.entries), time.Now())
			return err
		})
		if err != nil {
			return err
		}
		all = append(all, one...)
		time.Sleep(200 * time.Microsecond)
	}
}

// serve starts a server over the lists, and measures its memory and `rebound check -`.
func (s *suppressions) serve(ctx context.Context) error {
	binary := filepath.Join(s.folder, "rebound")
	if _, err := os.Stat(binary); err != nil {
		if binary, err = s.bench.build(ctx); err != nil {
			return err
		}
	}
	return s.serveWith(ctx, binary)
}

func (s *suppressions) questions(n int) *strings.Reader {
	var all strings.Builder
	for i := range n {
		all.WriteString(s.mixed(i))
		all.WriteByte('\n')
	}
	return strings.NewReader(all.String())
}
