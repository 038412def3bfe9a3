package returnpath_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/returnpath"
)

const (
	account   = "123456789012"
	recipient = uint64(0xfedcba9876543210)
	day       = 24 * time.Hour
)

var now = time.Date(2026, 1, 27, 14, 59, 38, 0, time.UTC)

func loadKeys(t testing.TB) (keys *returnpath.Keys, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "returnpath.json")
	keys, err := returnpath.LoadKeys(path, now)
	if err != nil {
		t.Fatal(err)
	}
	return keys, path
}

func TestAPathTellsWhatItWasMadeFor(t *testing.T) {
	keys, _ := loadKeys(t)
	for _, account := range []string{"000000000000", "000000000001", account, "999999999999"} {
		for _, recipient := range []uint64{0, 1, recipient, 1<<64 - 1} {
			token := keys.Make(account, recipient, now)
			if len(token) != 40 || token != strings.ToLower(token) {
				t.Errorf("got token %q, want 40 lower-case characters", token)
			}
			got, err := keys.Verify(token, now)
			if err != nil {
				t.Fatal(err)
			}
			want := returnpath.Path{Account: account, RecipientID: recipient, Day: time.Date(2026, 1, 27, 0, 0, 0, 0, time.UTC)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestAnAccountThatIsNoTwelveDigitsIsLeftOut(t *testing.T) {
	keys, _ := loadKeys(t)
	for _, account := range []string{"", "1", "1234567890123", "12345678901a", "-12345678901", "+12345678901"} {
		got, err := keys.Verify(keys.Make(account, recipient, now), now)
		if err != nil || got.Account != "" || got.RecipientID != recipient {
			t.Errorf("account %q: got %+v, error %v", account, got, err)
		}
	}
}

func TestUpperAndLowerCaseAreTheSame(t *testing.T) {
	keys, _ := loadKeys(t)
	token := keys.Make(account, recipient, now)
	for _, token := range []string{token, strings.ToUpper(token), strings.ToUpper(token[:20]) + token[20:]} {
		if _, err := keys.Verify(token, now); err != nil {
			t.Errorf("%s: %v", token, err)
		}
	}
}

func TestEachChangedBitIsNoticed(t *testing.T) {
	keys, _ := loadKeys(t)
	token := keys.Make(account, recipient, now)
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	for i := range len(token) {
		value := strings.IndexByte(alphabet, token[i])
		for bit := range 5 {
			changed := token[:i] + string(alphabet[value^1<<bit]) + token[i+1:]
			if _, err := keys.Verify(changed, now); !errors.Is(err, returnpath.ErrInvalid) {
				t.Errorf("bit %d of character %d changed: got %v, want ErrInvalid", bit, i, err)
			}
		}
	}
}

func TestWhatIsNoTokenIsInvalid(t *testing.T) {
	keys, _ := loadKeys(t)
	token := keys.Make(account, recipient, now)
	for name, odd := range map[string]string{
		"empty": "", "short": token[:39], "long": token + "a", "prefix": "b+" + token, "line end": token[:38] + "\r\n",
		"line end inside": token[:20] + "\n" + token[20:], "padding": token[:38] + "==", "digit outside": "0" + token[1:],
		"letter that Unicode folds": "\u212a" + token[3:], "zeros": strings.Repeat("a", 40),
	} {
		if _, err := keys.Verify(odd, now); !errors.Is(err, returnpath.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func TestAnotherKeysPathIsInvalid(t *testing.T) {
	ours, _ := loadKeys(t)
	theirs, _ := loadKeys(t)
	if _, err := ours.Verify(theirs.Make(account, recipient, now), now); !errors.Is(err, returnpath.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestAPathIsAcceptedForSixtyDays(t *testing.T) {
	keys, _ := loadKeys(t)
	token := keys.Make(account, recipient, now)
	midnight := now.Truncate(day)
	for _, test := range []struct {
		at   time.Time
		want error
	}{
		{now.Add(-day), nil}, // made on a machine whose clock is ahead
		{now.Add(-2 * day), returnpath.ErrInvalid},
		{now, nil},
		{now.Add(returnpath.Lifetime), nil},
		{midnight.Add(returnpath.Lifetime + day - 1), nil},
		{midnight.Add(returnpath.Lifetime + day), returnpath.ErrExpired},
		{now.Add(255 * day), returnpath.ErrExpired},
		{now.Add(256 * day), returnpath.ErrExpired}, // the low byte of the day is that of the first day again
		{now.Add(1000 * day), returnpath.ErrExpired},
	} {
		if _, err := keys.Verify(token, test.at); !errors.Is(err, test.want) {
			t.Errorf("%v: got %v, want %v", test.at.Sub(now), err, test.want)
		}
	}
}

func TestAKeyMadeWhileTheClockWasAheadWorks(t *testing.T) {
	keys, _ := loadKeys(t)
	earlier := now.Add(-365 * day)
	if _, err := keys.Verify(keys.Make(account, recipient, earlier), earlier.Add(30*day)); err != nil {
		t.Error(err)
	}
}

func TestFindTakesWhatFollowsThePrefix(t *testing.T) {
	keys, _ := loadKeys(t)
	token := keys.Make(account, recipient, now)
	for _, local := range []string{token, "bounces+" + token, "bounces-" + token, "bounces=" + token, "a+b-c=" + token, "+" + token,
		"prvs=0123456789=bounces+" + token, strings.ToUpper("bounces+" + token)} {
		got, ok := returnpath.Find(local)
		if !ok || got != token {
			t.Errorf("%s: got %q, %v", local, got, ok)
		}
	}
	for _, local := range []string{"", "bounces", token[1:], "b" + token, "bounces." + token, "bounces+" + token + "x", "+" + token[1:],
		"bounces+" + token[:39] + "1", strings.Repeat("é", 30)} {
		if got, ok := returnpath.Find(local); ok {
			t.Errorf("%s: got %q, want none", local, got)
		}
	}
}

func FuzzVerify(f *testing.F) {
	keys, _ := loadKeys(f)
	token := keys.Make(account, recipient, now)
	for _, seed := range []string{token, strings.ToUpper(token), "bounces+" + token, token[:39], token + "\n", strings.Repeat("a", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		_, err := keys.Verify(input, now)
		if (err == nil) != (len(input) == len(token) && strings.EqualFold(input, token)) {
			t.Errorf("%q: got %v", input, err)
		}
	})
}

func FuzzFind(f *testing.F) {
	for _, seed := range []string{strings.Repeat("a2", 20), "bounces+" + strings.Repeat("A7", 20), "bounces+", "=" + strings.Repeat("é", 20)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, local string) {
		token, ok := returnpath.Find(local)
		if !ok {
			return
		}
		if len(token) != 40 || !strings.EqualFold(token, local[len(local)-40:]) {
			t.Errorf("%q: got %q", local, token)
		}
		if again, ok := returnpath.Find(token); !ok || again != token {
			t.Errorf("%q is not found in itself", token)
		}
	})
}
