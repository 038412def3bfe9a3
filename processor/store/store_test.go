package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/store"
)

// openNotes opens a database in a folder of its own, with a table for the tests to write to.
func openNotes(t *testing.T) (s *store.Store, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "rebound.db")
	s = open(t, path)
	run(t, s, "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
	return s, path
}

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func run(t *testing.T, s *store.Store, statement string, args ...any) {
	t.Helper()
	err := s.Transact(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func notes(t *testing.T, s *store.Store) []string {
	t.Helper()
	rows, err := s.Read.QueryContext(t.Context(), "SELECT text FROM note ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestWhatTransactCommittedIsReadAtOnceAndAfterReopening(t *testing.T) {
	s, path := openNotes(t)
	run(t, s, "INSERT INTO note (text) VALUES ($1)", "kept")
	if diff := cmp.Diff([]string{"kept"}, notes(t, s)); diff != "" {
		t.Errorf("before closing:\n%s", diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"kept"}, notes(t, open(t, path))); diff != "" {
		t.Errorf("after reopening:\n%s", diff)
	}
}

func TestTransactRollsBackOnError(t *testing.T) {
	s, _ := openNotes(t)
	mine := errors.New("mine")
	err := s.Transact(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO note (text) VALUES ('gone')"); err != nil {
			return err
		}
		return mine
	})
	if err != mine {
		t.Errorf("got %v, want the function's own error", err)
	}
	if got := notes(t, s); len(got) != 0 {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestTransactRollsBackOnPanicAndLetsOthersWrite(t *testing.T) {
	s, _ := openNotes(t)
	func() {
		defer func() {
			if got := recover(); got != "odd" {
				t.Errorf("got panic %v, want odd", got)
			}
		}()
		_ = s.Transact(t.Context(), func(tx *sql.Tx) error {
			if _, err := tx.Exec("INSERT INTO note (text) VALUES ('gone')"); err != nil {
				return err
			}
			panic("odd")
		})
	}()
	run(t, s, "INSERT INTO note (text) VALUES ('next')")
	if diff := cmp.Diff([]string{"next"}, notes(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestTransactionsRunInTheOrderOfTheirCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := openNotes(t)
		const callers = 100
		var order []int
		var done sync.WaitGroup
		err := s.Transact(t.Context(), func(*sql.Tx) error {
			for i := range callers {
				done.Go(func() {
					err := s.Transact(t.Context(), func(*sql.Tx) error {
						order = append(order, i)
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				})
				synctest.Wait() // until the new one waits behind the others
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		done.Wait()
		if len(order) != callers || !slices.IsSorted(order) {
			t.Errorf("got order %v", order)
		}
	})
}

func TestReadersNeverSeeHalfATransaction(t *testing.T) {
	s, _ := openNotes(t)
	const rounds, rows = 50, 20
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				var count int
				if err := s.Read.QueryRow("SELECT count(*) FROM note").Scan(&count); err != nil || count%rows != 0 {
					t.Errorf("got %d rows, error %v; want a multiple of %d", count, err, rows)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range rounds {
		err := s.Transact(t.Context(), func(tx *sql.Tx) error {
			for i := range rows {
				if _, err := tx.Exec("INSERT INTO note (text) VALUES ($1)", fmt.Sprint(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	readers.Wait()
}

func TestTheReadPoolCannotWrite(t *testing.T) {
	s, _ := openNotes(t)
	if _, err := s.Read.Exec("INSERT INTO note (text) VALUES ('no')"); err == nil {
		t.Error("the read pool wrote a row")
	}
}

func TestOpenSetsWhatDurabilityNeeds(t *testing.T) {
	s, path := openNotes(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "wal_autocheckpoint": "4000", "foreign_keys": "1", "busy_timeout": "10000",
	} {
		var got string
		if err := s.Write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %q, error %v, want %q", pragma, got, err, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %o, want 600: the database holds secrets", got)
	}
}

func TestTransactStopsWaitingWhenItsContextEnds(t *testing.T) {
	s, _ := openNotes(t)
	err := s.Transact(t.Context(), func(*sql.Tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Transact(ctx, func(*sql.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCloseLetsTheTransactionFinishAndRefusesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path := openNotes(t)
		closed := make(chan error, 1)
		err := s.Transact(t.Context(), func(tx *sql.Tx) error {
			go func() { closed <- s.Close() }()
			synctest.Wait() // until Close waits for this transaction
			_, err := tx.Exec("INSERT INTO note (text) VALUES ('finished')")
			return err
		})
		if err := errors.Join(err, <-closed); err != nil {
			t.Fatal(err)
		}
		if err := s.Transact(t.Context(), func(*sql.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
		if diff := cmp.Diff([]string{"finished"}, notes(t, open(t, path))); diff != "" {
			t.Error(diff)
		}
	})
}
