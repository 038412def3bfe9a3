package account_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
)

func (a accounts) createKey(owner string) (key account.AccessKey) {
	a.Helper()
	a.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		key, err = account.CreateKey(ctx, tx, owner, now)
		return err
	})
	return key
}

func (a accounts) createDefault() (key account.AccessKey, created bool) {
	a.Helper()
	a.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		key, created, err = account.CreateDefault(ctx, tx, now)
		return err
	})
	return key, created
}

func TestAccessKeysHaveTheShapeOfAWS(t *testing.T) {
	a := open(t)
	key := a.createKey(ours)
	if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(key.ID) || !regexp.MustCompile(`^[A-Za-z0-9/+]{40}$`).MatchString(key.Secret) {
		t.Errorf("got id %q and secret %q", key.ID, key.Secret)
	}
	got, err := account.GetKey(t.Context(), a.Read, key.ID)
	if diff := cmp.Diff(key, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestOnlyTheRightSecretAuthenticates(t *testing.T) {
	a := open(t)
	key := a.createKey(ours)
	got, err := account.Authenticate(t.Context(), a.Read, key.ID, key.Secret)
	if err != nil || got.Account != ours {
		t.Errorf("got %v of account %q, error %v", got, got.Account, err)
	}
	for _, wrong := range [][2]string{
		{key.ID, ""}, {key.ID, key.Secret[1:]}, {key.ID, strings.ToLower(key.Secret)}, {key.ID + "A", key.Secret}, {"", ""},
	} {
		if _, err := account.Authenticate(t.Context(), a.Read, wrong[0], wrong[1]); !errors.Is(err, account.ErrDenied) {
			t.Errorf("%v: got %v, want ErrDenied", wrong, err)
		}
	}
}

func TestASecretDoesNotComeIntoALog(t *testing.T) {
	key := account.AccessKey{ID: "AKIAABCDEFGHIJKLMNOP", Secret: "secret"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "key", key)
	fmt.Fprintf(&log, "%v %+v %s", key, key, key)
	if strings.Contains(log.String(), "secret") || !strings.Contains(log.String(), key.ID) {
		t.Errorf("got %s", log.String())
	}
}

func TestAKeyMadeElsewhereCanBeUsed(t *testing.T) {
	a := open(t)
	imported := account.AccessKey{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Account: theirs,
		Permissions: []account.Permission{account.Read}, Created: now}
	for range 2 { // the second time in place of the first
		a.transact(func(ctx context.Context, tx *sql.Tx) error { return account.PutKey(ctx, tx, imported) })
	}
	if _, err := account.Authenticate(t.Context(), a.Read, imported.ID, imported.Secret); err != nil {
		t.Error(err)
	}
	for name, test := range map[string]struct {
		key  account.AccessKey
		want error
	}{
		"no account":      {account.AccessKey{ID: imported.ID, Secret: imported.Secret, Account: "999999999999", Permissions: imported.Permissions}, account.ErrNotFound},
		"short secret":    {account.AccessKey{ID: imported.ID, Secret: "short", Account: ours}, account.ErrInvalid},
		"line end in id":  {account.AccessKey{ID: imported.ID + "\n", Secret: imported.Secret, Account: ours}, account.ErrInvalid},
		"blank in secret": {account.AccessKey{ID: imported.ID, Secret: imported.Secret + " ", Account: ours}, account.ErrInvalid},
		"long":            {account.AccessKey{ID: strings.Repeat("A", 129), Secret: imported.Secret, Account: ours}, account.ErrInvalid},
	} {
		err := a.try(func(ctx context.Context, tx *sql.Tx) error { return account.PutKey(ctx, tx, test.key) })
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestKeysAreListedAndDeleted(t *testing.T) {
	a := open(t)
	first, second := a.createKey(ours), account.AccessKey{}
	a.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		second, err = account.CreateKey(ctx, tx, ours, now.Add(time.Second))
		return err
	})
	a.createKey(theirs)
	keys, err := account.ListKeys(t.Context(), a.Read, ours)
	if diff := cmp.Diff([]account.AccessKey{first, second}, keys); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for _, want := range []bool{true, false} {
		a.transact(func(ctx context.Context, tx *sql.Tx) error {
			existed, err := account.DeleteKey(ctx, tx, first.ID)
			if existed != want {
				t.Errorf("got existed %v, want %v", existed, want)
			}
			return err
		})
	}
	if _, err := account.Authenticate(t.Context(), a.Read, first.ID, first.Secret); !errors.Is(err, account.ErrDenied) {
		t.Errorf("the deleted key: got %v, want ErrDenied", err)
	}
}

func TestTheFirstStartMakesTheDefaultAccount(t *testing.T) {
	a := empty(t)
	key, created := a.createDefault()
	if !created || key.Account != "000000000000" {
		t.Errorf("got key %v of account %q, created %v", key, key.Account, created)
	}
	if _, err := account.Authenticate(t.Context(), a.Read, key.ID, key.Secret); err != nil {
		t.Error(err)
	}
	again, created := a.createDefault()
	if diff := cmp.Diff(key, again); created || diff != "" {
		t.Errorf("the second start: created %v\n%s", created, diff)
	}
}

func TestADeletedDefaultAccountDoesNotComeBack(t *testing.T) {
	a := open(t)
	key, created := a.createDefault()
	if created || key.ID != "" {
		t.Errorf("got key %v, created %v", key, created)
	}
	if _, err := account.Get(t.Context(), a.Read, account.DefaultID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestCredentialsAreWrittenAsAWSToolsReadThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "credentials")
	key := account.AccessKey{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	if err := account.WriteCredentials(path, key); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	want := "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Error(err, diff)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("got mode %o, want 600", mode)
	}
}
