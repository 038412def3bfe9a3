package suppression_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/suppression"
)

const (
	ours   = "123456789012"
	theirs = "210987654321"
	jane   = "jane@example.net"
	day    = 24 * time.Hour
)

var now = time.Date(2026, 1, 27, 14, 59, 38, 237e6, time.UTC)

// ownList are the reasons of an account that uses a list of its own.
var ownList = suppression.Reasons()

// of is the list of an account, and the global one for none.
func of(account string) suppression.List { return suppression.List{Account: account} }

type lists struct {
	testing.TB
	*store.Store
}

func open(t testing.TB) lists {
	t.Helper()
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return lists{t, s}
}

func (l lists) transact(f func(ctx context.Context, tx *sql.Tx) error) {
	l.Helper()
	if err := l.Transact(l.Context(), func(tx *sql.Tx) error { return f(l.Context(), tx) }); err != nil {
		l.Fatal(err)
	}
}

func (l lists) put(e suppression.Entry, at time.Time) {
	l.Helper()
	l.transact(func(ctx context.Context, tx *sql.Tx) error { return suppression.Put(ctx, tx, e, at) })
}

func (l lists) purge(spots []suppression.Spot, at time.Time) (n int) {
	l.Helper()
	l.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		n, err = suppression.Purge(ctx, tx, spots, at)
		return err
	})
	return n
}

// bounce lists an address as a bounce for good does that is surely about a mail of ours.
func (l lists) bounce(addr string, at time.Time) {
	l.Helper()
	l.put(suppression.Entry{Address: addr, Reason: suppression.Bounce, Expires: at.Add(suppression.GlobalListing)}, at)
}

func (l lists) remove(account, addr string) (existed bool) {
	l.Helper()
	return l.removeAt(account, addr, now)
}

func (l lists) removeAt(account, addr string, at time.Time) (existed bool) {
	l.Helper()
	l.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		existed, err = suppression.Delete(ctx, tx, of(account), addr, at)
		return err
	})
	return existed
}

func (l lists) check(account string, reasons []suppression.Reason, addr string, at time.Time) suppression.Verdict {
	l.Helper()
	verdict, err := suppression.Check(l.Context(), l.Read, suppression.Sender{Account: account, Reasons: reasons}, addr, at)
	if err != nil {
		l.Fatal(err)
	}
	return verdict
}

func (l lists) want(want bool, account string, reasons []suppression.Reason, addr string, at time.Time) {
	l.Helper()
	if got := l.check(account, reasons, addr, at); got.Suppressed != want {
		l.Errorf("%s for account %s with %v, %v later: got %+v, want suppressed %v", addr, account, reasons, at.Sub(now), got, want)
	}
}

func TestHardBounceListsForFourteenDays(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	l.want(true, ours, nil, jane, now)
	l.want(true, ours, nil, jane, now.Add(14*day-time.Millisecond))
	l.want(false, ours, nil, jane, now.Add(14*day))
}

func TestLaterHardBounceStartsTheFourteenDaysAnew(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	l.bounce(jane, now.Add(10*day))
	l.want(true, ours, nil, jane, now.Add(24*day-time.Millisecond))
	l.want(false, ours, nil, jane, now.Add(24*day))
}

func TestAHardBounceForOneAccountSuppressesForAll(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	for _, account := range []string{ours, theirs, "000000000000"} {
		got := l.check(account, nil, jane, now)
		if !got.Suppressed || got.List != suppression.GlobalList {
			t.Errorf("account %s: got %+v", account, got)
		}
	}
}

func TestAccountListOverridesTheGlobalList(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	l.want(false, ours, ownList, jane, now)
	l.want(true, theirs, nil, jane, now)
	l.put(suppression.Entry{List: of(ours), Address: jane, Reason: suppression.Complaint}, now)
	got := l.check(ours, ownList, jane, now)
	if !got.Suppressed || got.List != suppression.AccountList || got.Entry.Reason != suppression.Complaint {
		t.Errorf("got %+v, want the account's own entry", got)
	}
}

func TestAccountListCountsForItsAccountOnly(t *testing.T) {
	l := open(t)
	l.put(suppression.Entry{List: of(ours), Address: jane, Reason: suppression.Bounce}, now)
	l.want(true, ours, ownList, jane, now)
	l.want(false, theirs, ownList, jane, now)
	l.want(false, theirs, nil, jane, now)
}

func TestAccountListHasNoExpiry(t *testing.T) {
	l := open(t)
	l.put(suppression.Entry{List: of(ours), Address: jane, Reason: suppression.Bounce}, now)
	later := now.AddDate(100, 0, 0)
	l.want(true, ours, ownList, jane, later)
	spots, err := suppression.Expired(t.Context(), l.Read, suppression.Spot{}, later, 500)
	if err != nil || len(spots) != 0 {
		t.Errorf("got %d expired, want 0, error %v", len(spots), err)
	}
	l.want(true, ours, ownList, jane, later)
}

func TestAnAccountThatSwitchedItsListOffFollowsTheGlobalList(t *testing.T) {
	l := open(t)
	l.put(suppression.Entry{List: of(ours), Address: jane, Reason: suppression.Bounce}, now)
	l.want(false, ours, nil, jane, now)
	l.bounce(jane, now)
	l.want(true, ours, nil, jane, now)
}

func TestAnEntryCountsOnlyForTheReasonsOfItsAccount(t *testing.T) {
	l := open(t)
	l.put(suppression.Entry{List: of(ours), Address: jane, Reason: suppression.Bounce}, now)
	l.want(true, ours, []suppression.Reason{suppression.Bounce}, jane, now)
	l.want(false, ours, []suppression.Reason{suppression.Complaint}, jane, now)
}

func TestRemovalTakesEffectAtOnce(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	l.put(suppression.Entry{List: of(ours), Address: jane, Reason: suppression.Bounce}, now)
	for account, reasons := range map[string][]suppression.Reason{"": nil, ours: ownList} {
		if !l.remove(account, "Jane Doe <JANE@Example.NET>") {
			t.Errorf("list %q: the entry was not there", account)
		}
		l.want(false, ours, reasons, jane, now)
		if l.remove(account, jane) {
			t.Errorf("list %q: the entry was there twice", account)
		}
	}
}

func TestRemovedAddressReturnsOnTheNextHardBounce(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	l.remove("", jane)
	l.bounce(jane, now.Add(day))
	l.want(true, theirs, nil, jane, now.Add(15*day-time.Millisecond))
}

func TestAnAddressIsFoundHoweverItIsSpelled(t *testing.T) {
	l := open(t)
	l.bounce("Jané Doe <Jane+News@EXÄMPLE.net>", now)
	for _, addr := range []string{"jane+news@exämple.net", "JANE+NEWS@xn--exmple-cua.net", `"jane+news"@exämple.net`} {
		l.want(true, ours, nil, addr, now)
	}
	for _, addr := range []string{"jane@exämple.net", "jane+new@exämple.net", "jane+news@example.net"} {
		l.want(false, ours, nil, addr, now)
	}
}

func TestALaterEntryReplacesAllButAddressAndCreation(t *testing.T) {
	l := open(t)
	first := suppression.Entry{List: of(ours), Address: "Jane@EXAMPLE.net", Reason: suppression.Bounce, FeedbackID: "f1", MessageID: "m1"}
	l.put(first, now)
	l.put(suppression.Entry{List: of(ours), Address: jane, Reason: suppression.Complaint, FeedbackID: "f2", MessageID: "m2",
		Expires: now.Add(3 * day)}, now.Add(day))
	got, found, err := suppression.Get(t.Context(), l.Read, of(ours), jane, now)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	want := suppression.Entry{List: of(ours), Address: "Jane@example.net", Reason: suppression.Complaint, FeedbackID: "f2", MessageID: "m2",
		Created: now, Updated: now.Add(day), Expires: now.Add(3 * day)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnEntryAfterAnExpiredOneIsNew(t *testing.T) {
	l := open(t)
	l.bounce("Jane@example.net", now)
	later := now.Add(20 * day)
	l.bounce(jane, later)
	got, _, err := suppression.Get(t.Context(), l.Read, of(""), jane, later)
	if err != nil || got.Address != jane || !got.Created.Equal(later) {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestABounceOlderThanFourteenDaysChangesNothing(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	old := now.Add(-15 * day)
	l.put(suppression.Entry{Address: jane, Reason: suppression.Bounce, FeedbackID: "old", Expires: old.Add(suppression.GlobalListing)}, now)
	if got := l.check(ours, nil, jane, now); !got.Suppressed || got.Entry.FeedbackID != "" {
		t.Errorf("got %+v, want the newer entry", got)
	}
}

func TestAHashThatTwoAddressesShareSuppressesOne(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	if _, err := l.Write.Exec(`UPDATE suppression_entry SET address = 'joe@example.net'`); err != nil {
		t.Fatal(err)
	}
	l.want(false, ours, nil, jane, now)
	many, err := suppression.CheckMany(t.Context(), l.Read, suppression.Sender{Account: ours, Reasons: nil}, []string{jane}, now)
	if err != nil || many[0].Suppressed {
		t.Errorf("got %+v, error %v", many, err)
	}
	if l.remove("", jane) {
		t.Error("the other address's entry was deleted")
	}
}

func TestPurgeDeletesWhatHasExpiredInPortions(t *testing.T) {
	l := open(t)
	for _, name := range []string{"a", "b", "c"} {
		l.bounce(name+"@example.net", now)
	}
	l.bounce(jane, now.Add(day))
	var last suppression.Spot
	for _, want := range []int{2, 1, 0} {
		spots, err := suppression.Expired(t.Context(), l.Read, last, now.Add(14*day), 2)
		if err != nil || len(spots) != want {
			t.Fatalf("got %d expired, want %d, error %v", len(spots), want, err)
		}
		if n := l.purge(spots, now.Add(14*day)); n != want {
			t.Errorf("got %d purged, want %d", n, want)
		}
		if want > 0 {
			last = spots[want-1]
		}
	}
	l.want(true, ours, nil, jane, now.Add(14*day))
}

func TestWhatIsPutAgainBeforeThePurgeStays(t *testing.T) {
	l := open(t)
	l.bounce(jane, now)
	later := now.Add(15 * day)
	spots, err := suppression.Expired(t.Context(), l.Read, suppression.Spot{}, later, 500)
	if err != nil || len(spots) != 1 {
		t.Fatal(spots, err)
	}
	l.bounce(jane, later)
	if n := l.purge(spots, later); n != 0 {
		t.Errorf("got %d purged, want 0", n)
	}
	l.want(true, ours, nil, jane, later)
}

func TestWhatBreaksARuleIsInvalid(t *testing.T) {
	l := open(t)
	put := func(e suppression.Entry) error {
		return l.Transact(t.Context(), func(tx *sql.Tx) error { return suppression.Put(t.Context(), tx, e, now) })
	}
	_, _, getErr := suppression.Get(t.Context(), l.Read, of(""), "jane", now)
	_, checkErr := suppression.Check(t.Context(), l.Read, suppression.Sender{Account: ours, Reasons: nil}, "", now)
	_, manyErr := suppression.CheckMany(t.Context(), l.Read, suppression.Sender{Account: ours, Reasons: nil}, []string{jane, "jane"}, now)
	deleteErr := l.Transact(t.Context(), func(tx *sql.Tx) error {
		_, err := suppression.Delete(t.Context(), tx, of(""), "jane", now)
		return err
	})
	for name, err := range map[string]error{
		"put without address": put(suppression.Entry{List: of(ours), Address: "jane", Reason: suppression.Bounce}),
		"put without reason":  put(suppression.Entry{List: of(ours), Address: jane}),
		"put other reason":    put(suppression.Entry{List: of(ours), Address: jane, Reason: "bounce"}),
		"global for ever":     put(suppression.Entry{Address: jane, Reason: suppression.Bounce}),
		"get":                 getErr, "check": checkErr, "check many": manyErr, "delete": deleteErr,
	} {
		if !errors.Is(err, suppression.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}
