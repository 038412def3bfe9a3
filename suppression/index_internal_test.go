package suppression

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/store"
)

// TestWhatIsPutWhileAnIndexIsBuiltIsInIt puts an address when all rows have been read and the filter is not yet in its place.
func TestWhatIsPutWhileAnIndexIsBuiltIsInIt(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ix, err := OpenIndex(t.Context(), s.Read, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ix.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	built, err := buildFilter(t.Context(), s.Read)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	err = s.Transact(t.Context(), func(tx *sql.Tx) error {
		return Put(t.Context(), tx, Entry{Address: "jane@example.net", Reason: Bounce, Expires: now.Add(GlobalListing)}, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ix.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ix.finish(built, nil); err != nil {
		t.Fatal(err)
	}
	got, err := ix.Check(t.Context(), Sender{}, "jane@example.net", now)
	if err != nil || !got.Suppressed {
		t.Errorf("got %+v, error %v, want the entry", got, err)
	}
}
