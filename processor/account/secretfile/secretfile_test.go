package secretfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/rebound-mail/rebound/processor/account/secretfile"
)

func TestReplaceLeavesOneFileForItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "keys.json")
	for _, content := range []string{"first", "second"} {
		if err := secretfile.Replace(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		wantFile(t, path, content)
	}
}

func TestReplaceTightensAFileThatOthersCouldRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := secretfile.Replace(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, "new")
}

func TestCreateKeepsTheFileThatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := secretfile.Create(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := secretfile.Create(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	wantFile(t, path, "first")
}

func TestAFailureLeavesNothingBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := secretfile.Replace(path, []byte("new")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	wantAlone(t, path)
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("got mode %o, want 600", mode)
	}
	wantAlone(t, path)
}

func wantAlone(t *testing.T, path string) {
	t.Helper()
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("got %v, error %v, want %s alone in its folder", names, err, filepath.Base(path))
	}
}
