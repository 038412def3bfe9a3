package suppression

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
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

// TestNoQueryReadsMoreThanItNeeds asks the database how it runs the statements: by the keys, from the place on that is given.
func TestNoQueryReadsMoreThanItNeeds(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, test := range map[string]struct {
		statement string
		arguments int
		want      string
	}{
		"entry":      {selectEntry, 2, "SEARCH suppression_entry USING PRIMARY KEY (list=? AND hash=?)"},
		"entries":    {selectEntries + "$2,$3)", 3, "SEARCH suppression_entry USING PRIMARY KEY (list=? AND hash=?)"},
		"page":       {selectPage, 9, "SEARCH suppression_entry USING PRIMARY KEY (list=? AND hash>?)"},
		"expired":    {selectExpired, 4, "SEARCH suppression_entry USING PRIMARY KEY ((list,hash)>(?,?))"},
		"run":        {selectRun, 3, "SEARCH suppression_entry USING PRIMARY KEY ((list,hash)>(?,?))"},
		"changes":    {selectChanges, 5, "SEARCH suppression_change USING PRIMARY KEY (seq>? AND seq<?)"},
		"old change": {selectOldChange, 2, "SCAN suppression_change"}, // as many as the limit, in order
		"lists":      {selectLists, 2, "SEARCH suppression_list USING INDEX sqlite_autoindex_suppression_list_2 (account=? AND identity=?)"},
		"everywhere": {selectEverywhere, 2, "SEARCH suppression_entry USING PRIMARY KEY (list=? AND hash=?)"},
	} {
		rows, err := s.Read.Query("EXPLAIN QUERY PLAN "+test.statement, make([]any, test.arguments)...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var plan []string
		err = scanAll(rows, func(r row) error {
			var id, parent, unused int
			var step string
			err := r.Scan(&id, &parent, &unused, &step)
			plan = append(plan, step)
			return err
		})
		if err != nil || !slices.Contains(plan, test.want) {
			t.Errorf("%s: got %q, want %q, error %v", name, plan, test.want, err)
		}
		if slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "TEMP B-TREE FOR ORDER BY") }) && name != "everywhere" {
			t.Errorf("%s: got %q, which sorts", name, plan)
		}
	}
}
