package suppression_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/suppression"
)

// fill puts n addresses on the account's list, every third for a complaint, each updated a minute after the one before.
func (l lists) fill(account string, n int) {
	l.Helper()
	l.transact(func(ctx context.Context, tx *sql.Tx) error {
		for i := range n {
			e := suppression.Entry{List: of(account), Address: fmt.Sprintf("a%d@example.net", i), Reason: suppression.Bounce}
			if i%3 == 0 {
				e.Reason = suppression.Complaint
			}
			if err := suppression.Put(ctx, tx, e, now.Add(time.Duration(i)*time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
}

// pages reads all pages of a query and returns the addresses.
func (l lists) pages(q suppression.Query) (addrs []string) {
	l.Helper()
	q.Now = now
	for {
		entries, next, err := suppression.Entries(l.Context(), l.Read, q)
		if err != nil {
			l.Fatal(err)
		}
		if len(entries) > max(q.Limit, 100) {
			l.Fatalf("got a page of %d entries, want at most %d", len(entries), q.Limit)
		}
		for _, e := range entries {
			addrs = append(addrs, e.Address)
		}
		if q.Cursor = next; next == "" {
			return addrs
		}
	}
}

func TestCheckManyAnswersAsCheckDoes(t *testing.T) {
	l := open(t)
	l.fill(ours, 30)
	l.bounce("A40@example.net", now)
	var addrs []string
	for i := range 2500 {
		addrs = append(addrs, fmt.Sprintf("A%d@Example.net", i%1200)) // more than two queries, many twice
	}
	for _, reasons := range [][]suppression.Reason{nil, ownList, {suppression.Complaint}} {
		got, err := suppression.CheckMany(t.Context(), l.Read, suppression.Sender{Account: ours, Reasons: reasons}, addrs, now)
		if err != nil || len(got) != len(addrs) {
			t.Fatalf("got %d verdicts, error %v", len(got), err)
		}
		for i, addr := range addrs {
			if i%1200 > 50 && !got[i].Suppressed {
				continue // no address from 41 on is on a list
			}
			if diff := cmp.Diff(l.check(ours, reasons, addr, now), got[i]); diff != "" {
				t.Errorf("%s with %v:\n%s", addr, reasons, diff)
			}
		}
	}
}

func TestCheckManyOfNothingIsNothing(t *testing.T) {
	l := open(t)
	got, err := suppression.CheckMany(t.Context(), l.Read, suppression.Sender{Account: ours, Reasons: ownList}, nil, now)
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, error %v", got, err)
	}
}

func TestPagesHoldEachEntryOnce(t *testing.T) {
	l := open(t)
	l.fill(ours, 100)
	l.fill(theirs, 3)
	l.bounce(jane, now)
	for _, limit := range []int{1, 7, 50, 99, 100, 101, 1000} {
		got := l.pages(suppression.Query{List: of(ours), Limit: limit})
		slices.Sort(got)
		if len(got) != 100 || len(slices.Compact(got)) != 100 {
			t.Errorf("pages of %d: got %d entries, want 100", limit, len(got))
		}
	}
	if diff := cmp.Diff([]string{jane}, l.pages(suppression.Query{})); diff != "" {
		t.Errorf("the global list:\n%s", diff)
	}
}

func TestAPageHasAHundredEntriesUnlessAskedOtherwise(t *testing.T) {
	l := open(t)
	l.fill(ours, 101)
	entries, next, err := suppression.Entries(t.Context(), l.Read, suppression.Query{List: of(ours), Now: now})
	if err != nil || len(entries) != 100 || next == "" {
		t.Errorf("got %d entries, cursor %q, error %v", len(entries), next, err)
	}
}

func TestPagesStayRightWhileTheListChanges(t *testing.T) {
	l := open(t)
	l.fill(ours, 20)
	first, next, err := suppression.Entries(t.Context(), l.Read, suppression.Query{List: of(ours), Now: now, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range first {
		l.remove(ours, e.Address)
	}
	rest := l.pages(suppression.Query{List: of(ours), Cursor: next, Limit: 10})
	if len(rest) != 10 {
		t.Errorf("got %d entries after the first page, want the other 10", len(rest))
	}
}

func TestAQueryFiltersByReasonAndTime(t *testing.T) {
	l := open(t)
	l.fill(ours, 9)
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	for name, test := range map[string]struct {
		query suppression.Query
		want  []int
	}{
		"complaints":   {suppression.Query{Reasons: []suppression.Reason{suppression.Complaint}}, []int{0, 3, 6}},
		"bounces":      {suppression.Query{Reasons: []suppression.Reason{suppression.Bounce}}, []int{1, 2, 4, 5, 7, 8}},
		"both":         {suppression.Query{Reasons: []suppression.Reason{suppression.Complaint, suppression.Bounce, suppression.Complaint}}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		"from a time":  {suppression.Query{Start: at(7)}, []int{7, 8}},
		"until before": {suppression.Query{End: at(2)}, []int{0, 1}},
		"all":          {suppression.Query{Start: at(2), End: at(7), Reasons: []suppression.Reason{suppression.Complaint}}, []int{3, 6}},
		"none":         {suppression.Query{Start: at(9)}, nil},
	} {
		test.query.Account, test.query.Limit = ours, 2
		got := l.pages(test.query)
		slices.Sort(got)
		var want []string
		for _, i := range test.want {
			want = append(want, fmt.Sprintf("a%d@example.net", i))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestExpiredEntriesAreNotListed(t *testing.T) {
	l := open(t)
	l.bounce(jane, now.Add(-14*day))
	if got := l.pages(suppression.Query{}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestACursorOfAnotherIsRefused(t *testing.T) {
	l := open(t)
	for _, cursor := range []string{"x", "AAAA", strings.Repeat("A", 21) + "B", strings.Repeat("A", 22) + "==", strings.Repeat("A", 1<<20)} {
		_, _, err := suppression.Entries(t.Context(), l.Read, suppression.Query{List: of(ours), Cursor: cursor, Now: now})
		if !errors.Is(err, suppression.ErrCursor) {
			t.Errorf("%.30s: got %v, want ErrCursor", cursor, err)
		}
	}
}

func TestAQueryThatBreaksARuleIsInvalid(t *testing.T) {
	l := open(t)
	for name, q := range map[string]suppression.Query{
		"large page": {Limit: 1001, Now: now}, "negative page": {Limit: -1, Now: now}, "no time": {},
		"reason": {Reasons: []suppression.Reason{"SPAM"}, Now: now},
	} {
		if _, _, err := suppression.Entries(t.Context(), l.Read, q); !errors.Is(err, suppression.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func BenchmarkCheckMany(b *testing.B) {
	l := open(b)
	l.fill(ours, 10_000)
	addrs := make([]string, 1000)
	for i := range addrs {
		addrs[i] = fmt.Sprintf("a%d@example.net", i*20)
	}
	for b.Loop() {
		if _, err := suppression.CheckMany(b.Context(), l.Read, suppression.Sender{Account: ours, Reasons: ownList}, addrs, now); err != nil {
			b.Fatal(err)
		}
	}
}
