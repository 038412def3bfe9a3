package account_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/suppression"
)

const (
	ours   = "123456789012"
	theirs = "210987654321"
)

var now = time.Date(2026, 1, 27, 14, 59, 38, 237e6, time.UTC)

type accounts struct {
	*testing.T
	*store.Store
}

// open makes a database with the accounts ours and theirs.
func open(t *testing.T) accounts {
	t.Helper()
	a := empty(t)
	for _, id := range []string{ours, theirs} {
		a.transact(func(ctx context.Context, tx *sql.Tx) error {
			_, err := account.Create(ctx, tx, account.Account{ID: id}, now)
			return err
		})
	}
	return a
}

func empty(t *testing.T) accounts {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return accounts{t, s}
}

func (a accounts) transact(f func(ctx context.Context, tx *sql.Tx) error) {
	a.Helper()
	if err := a.try(f); err != nil {
		a.Fatal(err)
	}
}

func (a accounts) try(f func(ctx context.Context, tx *sql.Tx) error) error {
	return a.Transact(a.Context(), func(tx *sql.Tx) error { return f(a.Context(), tx) })
}

func (a accounts) create(given account.Account) (created account.Account, err error) {
	err = a.try(func(ctx context.Context, tx *sql.Tx) (err error) {
		created, err = account.Create(ctx, tx, given, now)
		return err
	})
	return created, err
}

func TestAnAccountIsReadAsItWasCreated(t *testing.T) {
	a := empty(t)
	want, err := a.create(account.Account{ID: ours, Name: "News", SuppressedReasons: []suppression.Reason{suppression.Complaint}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := account.Get(t.Context(), a.Read, ours)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !got.Created.Equal(now) || got.Suppresses(suppression.Bounce) || !got.Suppresses(suppression.Complaint) {
		t.Errorf("got %+v", got)
	}
}

func TestANewAccountSuppressesForAllReasons(t *testing.T) {
	a := empty(t)
	got, err := a.create(account.Account{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(suppression.Reasons(), got.SuppressedReasons); diff != "" {
		t.Error(diff)
	}
	if !regexp.MustCompile(`^[0-9]{12}$`).MatchString(got.ID) || got.ID == account.DefaultID {
		t.Errorf("got id %q, want 12 random digits", got.ID)
	}
}

func TestAnAccountWithoutReasonsHasNoListOfItsOwn(t *testing.T) {
	a := empty(t)
	if _, err := a.create(account.Account{ID: ours, SuppressedReasons: []suppression.Reason{}}); err != nil {
		t.Fatal(err)
	}
	got, err := account.Get(t.Context(), a.Read, ours)
	if err != nil || len(got.SuppressedReasons) != 0 {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestPutChangesNameAndReasons(t *testing.T) {
	a := open(t)
	twice := []suppression.Reason{suppression.Bounce, suppression.Bounce}
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		return account.Put(ctx, tx, account.Account{ID: ours, Name: "News", SuppressedReasons: twice})
	})
	got, err := account.Get(t.Context(), a.Read, ours)
	want := account.Account{ID: ours, Name: "News", SuppressedReasons: twice[:1], SuppressionScope: account.ScopeAccount, Created: now}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestAnAccountChoosesHowLongItsEntriesStayAndForWhichMails(t *testing.T) {
	a := open(t)
	ttl := map[suppression.Reason]time.Duration{suppression.Bounce: 90 * 24 * time.Hour, suppression.Manual: time.Second}
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		return account.Put(ctx, tx, account.Account{ID: ours, SuppressionTTL: ttl, SuppressionScope: account.ScopeIdentity})
	})
	got, err := account.Get(t.Context(), a.Read, ours)
	if diff := cmp.Diff(ttl, got.SuppressionTTL); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for reason, want := range map[suppression.Reason]time.Time{suppression.Bounce: now.Add(90 * 24 * time.Hour), suppression.Complaint: {}} {
		if until := got.SuppressedUntil(reason, now); !until.Equal(want) {
			t.Errorf("%s: got until %v, want %v", reason, until, want)
		}
	}
	if list := got.SuppressionList("sender.example"); list != (suppression.List{Account: ours, Identity: "sender.example"}) {
		t.Errorf("got %+v, want the list of the identity", list)
	}
	other, err := account.Get(t.Context(), a.Read, theirs)
	if err != nil || other.SuppressionScope != account.ScopeAccount || other.SuppressionTTL != nil {
		t.Errorf("got %+v, error %v, want entries without end for all mails", other, err)
	}
	if list := other.SuppressionList("sender.example"); list != (suppression.List{Account: theirs}) {
		t.Errorf("got %+v, want the list of the account", list)
	}
}

func TestAccountsAreListedInPages(t *testing.T) {
	a := open(t)
	var got []string
	for after := ""; ; {
		page, err := account.List(t.Context(), a.Read, after, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		after = page[0].ID
		got = append(got, after)
	}
	if diff := cmp.Diff([]string{ours, theirs}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDeleteTakesKeysAndIdentitiesAlong(t *testing.T) {
	a := open(t)
	key := a.createKey(ours)
	a.createIdentity(ours, "example.com")
	for _, want := range []bool{true, false} {
		a.transact(func(ctx context.Context, tx *sql.Tx) error {
			existed, err := account.Delete(ctx, tx, ours)
			if existed != want {
				t.Errorf("got existed %v, want %v", existed, want)
			}
			return err
		})
	}
	if _, err := account.Get(t.Context(), a.Read, ours); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if _, err := account.GetKey(t.Context(), a.Read, key.ID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if _, found, err := account.IdentityOf(t.Context(), a.Read, "example.com"); found || err != nil {
		t.Errorf("the identity is still there, error %v", err)
	}
}

func TestAnAccountThatBreaksARuleIsRefused(t *testing.T) {
	a := open(t)
	for name, test := range map[string]struct {
		given account.Account
		want  error
	}{
		"short id":     {account.Account{ID: "1"}, account.ErrInvalid},
		"letters":      {account.Account{ID: "12345678901a"}, account.ErrInvalid},
		"long name":    {account.Account{Name: strings.Repeat("n", 257)}, account.ErrInvalid},
		"reason":       {account.Account{SuppressedReasons: []suppression.Reason{"SPAM"}}, account.ErrInvalid},
		"ttl reason":   {account.Account{SuppressionTTL: map[suppression.Reason]time.Duration{"SPAM": time.Hour}}, account.ErrInvalid},
		"ttl of halfs": {account.Account{SuppressionTTL: map[suppression.Reason]time.Duration{suppression.Bounce: 1500 * time.Millisecond}}, account.ErrInvalid},
		"ttl of none":  {account.Account{SuppressionTTL: map[suppression.Reason]time.Duration{suppression.Bounce: 0}}, account.ErrInvalid},
		"scope":        {account.Account{SuppressionScope: "world"}, account.ErrInvalid},
		"id in use":    {account.Account{ID: ours}, account.ErrExists},
		"it is fine":   {account.Account{ID: "000000000001"}, nil},
	} {
		if _, err := a.create(test.given); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	err := a.try(func(ctx context.Context, tx *sql.Tx) error {
		return account.Put(ctx, tx, account.Account{ID: "999999999999"})
	})
	if !errors.Is(err, account.ErrNotFound) {
		t.Errorf("put: got %v, want ErrNotFound", err)
	}
	if _, err := account.List(t.Context(), a.Read, "", 1001); !errors.Is(err, account.ErrInvalid) {
		t.Errorf("list: got %v, want ErrInvalid", err)
	}
}
