package suppression_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/suppression"
)

func TestAForgottenAddressLeavesItsHashAndNothingElse(t *testing.T) {
	l := open(t)
	l.put(on(own, suppression.Complaint), now)
	l.put(on(allowed, ""), now)
	l.bounce("Jane@example.net", now)
	l.remove(ours, jane) // whoever has not read this yet still has her on a list
	l.bounce("joe_@example.net", now)
	l.transact(func(ctx context.Context, tx *sql.Tx) error {
		entries, changes, err := suppression.Forget(ctx, tx, "JANE@Example.net", now.Add(time.Hour))
		if entries != 2 || changes != 4 {
			t.Errorf("got %d entries and %d changes, want 2 and 4", entries, changes)
		}
		return err
	})
	hash, err := suppression.HashOf(jane)
	if err != nil {
		t.Fatal(err)
	}
	off := func(seq int64, list suppression.List, action suppression.Action) suppression.Change {
		return suppression.Change{Seq: seq, List: list, Action: action, Hash: hash, At: now.Add(time.Hour)}
	}
	got, _ := l.changes(suppression.ChangeQuery{})
	want := []suppression.Change{
		{Seq: 5, List: global, Action: suppression.ActionPut, Address: "joe_@example.net", Reason: suppression.Bounce, Expires: now.Add(14 * day), At: now},
		off(6, global, suppression.ActionDelete), off(7, own, suppression.ActionDelete), off(8, allowed, suppression.ActionDisallow),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if entries, err := suppression.Everywhere(t.Context(), l.Read, ours, jane, now); err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v", entries, err)
	}
}
