package suppression_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/rebound-mail/rebound/suppression"
)

// An import of more than a transaction takes is whole, and one that fails says how far it came: what it committed stays.
func TestImportPutsAllInTransactionsOfItsOwn(t *testing.T) {
	l := open(t)
	entries := make([]suppression.Entry, 3000)
	for i := range entries {
		entries[i] = suppression.Entry{List: suppression.List{Account: ours}, Address: fmt.Sprintf("a%d@example.net", i), Reason: suppression.Manual}
	}
	left := 2
	broken := errors.New("no room left")
	transact := func(ctx context.Context, f func(*sql.Tx) error) error {
		if left--; left < 0 {
			return broken
		}
		return l.Transact(ctx, f)
	}
	done, err := suppression.Import(t.Context(), transact, entries, now)
	if !errors.Is(err, broken) || done == 0 || done == len(entries) {
		t.Fatalf("got %d, %v", done, err)
	}
	for i, e := range entries {
		_, there, err := suppression.Get(t.Context(), l.Read, e.List, e.Address, now)
		if err != nil || there != (i < done) {
			t.Fatalf("entry %d of %d done: %v, %v", i, done, there, err)
		}
	}
	if done, err := suppression.Import(t.Context(), l.Transact, entries, now); err != nil || done != len(entries) {
		t.Fatalf("got %d, %v", done, err)
	}
	for _, e := range entries {
		if _, there, err := suppression.Get(t.Context(), l.Read, e.List, e.Address, now); err != nil || !there {
			t.Fatalf("%s: %v, %v", e.Address, there, err)
		}
	}
	wrong := []suppression.Entry{{List: suppression.List{Account: ours}, Address: "nobody", Reason: suppression.Manual}}
	if _, err := suppression.Import(t.Context(), l.Transact, wrong, now); !errors.Is(err, suppression.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}
