package store_test

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/store"
)

func TestAFileThatIsNoDatabaseIsRefusedUntouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rebound.db")
	letter := strings.Repeat("Dear reader, this is a letter.\n", 100)
	if err := os.WriteFile(path, []byte(letter), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), path)
	if !errors.Is(err, store.ErrNotDatabase) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want ErrNotDatabase and the path", err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != letter {
		t.Errorf("the file was changed, error %v", err)
	}
}

func TestAFolderThatIsAFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), filepath.Join(path, "rebound.db")); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error with the path", err)
	}
}

func TestAFullDatabaseIsErrFullAndLosesNothing(t *testing.T) {
	s, _ := openNotes(t)
	insert := func(statement string, args ...any) error {
		return s.Transact(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(statement, args...); return err })
	}
	if err := insert("INSERT INTO note (text) VALUES ('first')"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write.Exec("PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	if err := insert("INSERT INTO note (text) VALUES ($1)", strings.Repeat("x", 1<<20)); !errors.Is(err, store.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	if _, err := s.Write.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if err := insert("INSERT INTO note (text) VALUES ('second')"); err != nil {
		t.Errorf("got %v after there was room again", err)
	}
	if diff := cmp.Diff([]string{"first", "second"}, notes(t, s)); diff != "" {
		t.Error(diff)
	}
	if err := s.Healthy(t.Context()); err != nil {
		t.Errorf("got %v, want a healthy store: a full disk passes", err)
	}
}

// TestADiskThatFailsStopsTheWriter runs itself once more as a process whose files cannot grow, because that limit, the
// nearest thing to a failing disk that needs no special device, holds for a whole process.
func TestADiskThatFailsStopsTheWriter(t *testing.T) {
	if path := os.Getenv("STORE_TEST_FAILING_DISK"); path != "" {
		writeWithoutRoom(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "rebound.db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "STORE_TEST_FAILING_DISK="+path)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := cmp.Diff([]string{"kept"}, notes(t, open(t, path))); diff != "" {
		t.Errorf("after a new start:\n%s", diff)
	}
}

func writeWithoutRoom(t *testing.T, path string) {
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	insert := func(text string) error {
		return s.Transact(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec("INSERT INTO note (text) VALUES ($1)", text)
			return err
		})
	}
	if _, err := s.Write.Exec("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	if err := insert("kept"); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // or the system ends the process instead of failing the write
	wal, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	limit := syscall.Rlimit{Cur: uint64(wal.Size()), Max: 1 << 40}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := insert(strings.Repeat("x", 1<<20)); !errors.Is(err, store.ErrBroken) {
		t.Errorf("got %v, want ErrBroken", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := insert("later"); !errors.Is(err, store.ErrBroken) {
		t.Errorf("got %v, want ErrBroken until a new start", err)
	}
	if err := s.Healthy(t.Context()); !errors.Is(err, store.ErrBroken) {
		t.Errorf("got health %v, want ErrBroken", err)
	}
}
