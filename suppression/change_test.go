package suppression_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/suppression"
)

// changes reads all changes after a number, a few at a time.
func (l lists) changes(q suppression.ChangeQuery) (all []suppression.Change, next int64) {
	l.Helper()
	q.Limit = 2
	for {
		some, next, err := suppression.Changes(l.Context(), l.Read, q)
		if err != nil {
			l.Fatal(err)
		}
		all = append(all, some...)
		if q.After = next; len(some) < q.Limit {
			return all, next
		}
	}
}

func TestEveryChangeIsInTheJournal(t *testing.T) {
	l := open(t)
	e := on(own, suppression.Complaint)
	e.FeedbackID, e.Expires = "f1", now.Add(day)
	l.put(e, now)
	l.put(on(allowed, ""), now.Add(time.Minute))
	l.bounce("Joe@Example.NET", now.Add(2*time.Minute))
	l.remove(ours, "JANE@example.net")
	l.remove(ours, jane) // not there any more: no change
	l.transact(func(ctx context.Context, tx *sql.Tx) error {
		_, err := suppression.Delete(ctx, tx, allowed, jane, now)
		return err
	})
	l.put(suppression.Entry{Address: jane, Reason: suppression.Bounce, Expires: now}, now) // expired already: no change
	want := []suppression.Change{
		{Seq: 1, List: own, Action: suppression.ActionPut, Address: jane, Reason: suppression.Complaint, FeedbackID: "f1", Expires: now.Add(day), At: now},
		{Seq: 2, List: allowed, Action: suppression.ActionAllow, Address: jane, Reason: suppression.Manual, At: now.Add(time.Minute)},
		{Seq: 3, List: global, Action: suppression.ActionPut, Address: "Joe@example.net", Reason: suppression.Bounce,
			Expires: now.Add(14*day + 2*time.Minute), At: now.Add(2 * time.Minute)},
		{Seq: 4, List: own, Action: suppression.ActionDelete, Address: jane, At: now},
		{Seq: 5, List: allowed, Action: suppression.ActionDisallow, Address: jane, At: now},
	}
	got, next := l.changes(suppression.ChangeQuery{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if more, _ := l.changes(suppression.ChangeQuery{After: next}); len(more) != 0 {
		t.Errorf("got %v after the last", more)
	}
	got, next = l.changes(suppression.ChangeQuery{Account: ours})
	if diff := cmp.Diff([]suppression.Change{want[0], want[1], want[3], want[4]}, got); diff != "" || next != 5 {
		t.Errorf("of the account, next %d:\n%s", next, diff)
	}
	if got, next = l.changes(suppression.ChangeQuery{Account: theirs, After: 2}); len(got) != 0 || next != 5 {
		t.Errorf("of another account: got %v, next %d, want to go on after 5", got, next)
	}
}

func TestAChangeThatIsRolledBackIsNone(t *testing.T) {
	l := open(t)
	failed := errors.New("the rest of the transaction fails")
	err := l.Transact(t.Context(), func(tx *sql.Tx) error {
		if err := suppression.Put(t.Context(), tx, on(own, suppression.Bounce), now); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	l.put(on(own, suppression.Bounce), now)
	if got, _ := l.changes(suppression.ChangeQuery{}); len(got) != 1 || got[0].Seq != 1 {
		t.Errorf("got %v, want the second alone", got)
	}
}

func TestChangesAreKeptForAWhile(t *testing.T) {
	l := open(t)
	for i := range 5 {
		l.put(suppression.Entry{List: own, Address: fmt.Sprintf("a%d@example.net", i), Reason: suppression.Bounce}, now.Add(time.Duration(i)*day))
	}
	for _, want := range []int{2, 1, 0} {
		l.transact(func(ctx context.Context, tx *sql.Tx) error {
			n, err := suppression.PurgeChanges(ctx, tx, now.Add(3*day), 2)
			if n != want {
				t.Errorf("got %d purged, want %d", n, want)
			}
			return err
		})
	}
	if got, next := l.changes(suppression.ChangeQuery{After: 3}); len(got) != 2 || next != 5 {
		t.Errorf("got %v, next %d, want the last two", got, next)
	}
	for _, after := range []int64{0, 2} {
		if _, _, err := suppression.Changes(t.Context(), l.Read, suppression.ChangeQuery{After: after}); !errors.Is(err, suppression.ErrChangesGone) {
			t.Errorf("after %d: got %v, want ErrChangesGone", after, err)
		}
	}
}
