package returnpath_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rebound-mail/rebound/processor/returnpath"
)

func reload(t *testing.T, path string) *returnpath.Keys {
	t.Helper()
	keys, err := returnpath.LoadKeys(path, now)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestPathsAreVerifiedAfterARestart(t *testing.T) {
	keys, path := loadKeys(t)
	token := keys.Make(account, recipient, now)
	if _, err := reload(t, path).Verify(token, now); err != nil {
		t.Error(err)
	}
}

func TestTheKeysFileIsForItsOwnerOnly(t *testing.T) {
	keys, path := loadKeys(t)
	for range 2 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("got mode %o, want 600", got)
		}
		if err := keys.Rotate(now); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRotatedKeysVerifyUntilTheirPathsHaveExpired(t *testing.T) {
	keys, path := loadKeys(t)
	token := keys.Make(account, recipient, now)
	last := now.Add(returnpath.Lifetime)
	for at := now; !at.After(last); at = at.Add(10 * day) {
		if err := keys.Rotate(at); err != nil {
			t.Fatal(err)
		}
		for name, keys := range map[string]*returnpath.Keys{"rotated": keys, "loaded": reload(t, path)} {
			if _, err := keys.Verify(token, at); err != nil {
				t.Errorf("%s, after %v: %v", name, at.Sub(now), err)
			}
		}
	}
	if _, err := keys.Verify(token, last.Add(day)); !errors.Is(err, returnpath.ErrExpired) {
		t.Errorf("got %v, want ErrExpired", err)
	}
}

func TestTheNewestKeySigns(t *testing.T) {
	keys, path := loadKeys(t)
	before := reload(t, path)
	if err := keys.Rotate(now); err != nil {
		t.Fatal(err)
	}
	if _, err := before.Verify(keys.Make(account, recipient, now), now); !errors.Is(err, returnpath.ErrInvalid) {
		t.Errorf("the old key verifies what the new one signed: %v", err)
	}
	if _, err := keys.Verify(before.Make(account, recipient, now), now); err != nil {
		t.Error(err)
	}
}

func TestRotationForgetsKeysWhosePathsHaveExpired(t *testing.T) {
	keys, path := loadKeys(t)
	const rotations = 600 // more than there are key numbers
	for i := range rotations {
		if err := keys.Rotate(now.AddDate(0, 0, 30*i)); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(content), `"secret"`); got > 5 {
		t.Errorf("got %d keys, want those of the last months", got)
	}
}

func TestRotationIsRefusedWhenAllKeyNumbersAreInUse(t *testing.T) {
	keys, path := loadKeys(t)
	for range 255 {
		if err := keys.Rotate(now); err != nil {
			t.Fatal(err)
		}
	}
	token := keys.Make(account, recipient, now)
	if err := keys.Rotate(now); err == nil || !strings.Contains(err.Error(), "rotate less often") {
		t.Errorf("got %v", err)
	}
	if _, err := reload(t, path).Verify(token, now); err != nil {
		t.Error(err)
	}
}

func TestProcessesThatStartTogetherShareOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "returnpath.json")
	var starting sync.WaitGroup
	loaded := make([]*returnpath.Keys, 8)
	for i := range loaded {
		starting.Go(func() {
			keys, err := returnpath.LoadKeys(path, now)
			if err != nil {
				t.Error(err)
			}
			loaded[i] = keys
		})
	}
	starting.Wait()
	token := loaded[0].Make(account, recipient, now)
	for _, keys := range loaded {
		if _, err := keys.Verify(token, now); err != nil {
			t.Error(err)
		}
	}
}

func TestKeysCanBeUsedWhileTheyRotate(t *testing.T) {
	keys, _ := loadKeys(t)
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			for range 200 {
				if _, err := keys.Verify(keys.Make(account, recipient, now), now); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		if err := keys.Rotate(now); err != nil {
			t.Error(err)
		}
	}
	users.Wait()
}

func TestABrokenKeysFileIsNamedAndLeftAlone(t *testing.T) {
	secret := strings.Repeat("A", 43) + "="
	entry := `{"number":1,"secret":"` + secret + `","created":"2026-01-27T00:00:00Z"}`
	for name, content := range map[string]string{
		"empty": "", "no key": `{"keys":[]}`, "not JSON": "hello", "twice": `{"keys":[` + entry + `,` + entry + `]}`,
		"short secret": `{"keys":[{"number":1,"secret":"AAAA","created":"2026-01-27T00:00:00Z"}]}`,
		"no date":      `{"keys":[{"number":1,"secret":"` + secret + `"}]}`,
		"unknown key":  `{"keys":[` + entry + `],"more":1}`,
		"huge":         strings.Repeat(" ", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "returnpath.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := returnpath.LoadKeys(path, now)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "backup") {
				t.Errorf("got %v, want an error with the path and the remedy", err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != content {
				t.Errorf("the file was changed, error %v", err)
			}
		})
	}
}

func TestARotationThatCannotBeWrittenChangesNothing(t *testing.T) {
	keys, path := loadKeys(t)
	token := keys.Make(account, recipient, now)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := keys.Rotate(now); err == nil {
		t.Fatal("the rotation succeeded without a file")
	}
	if got := keys.Make(account, recipient, now); got != token {
		t.Errorf("got %s, want the old key's %s", got, token)
	}
}
