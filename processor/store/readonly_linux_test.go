package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/rebound-mail/rebound/processor/store"
)

func TestAFolderThatCannotBeWrittenIsErrReadOnly(t *testing.T) {
	folder := t.TempDir()
	for mode, name := range map[os.FileMode]string{0o755: filepath.Dir(folder), 0o555: folder} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	asNobody(t)
	if _, err := store.Open(t.Context(), filepath.Join(folder, "rebound.db")); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("got %v, want ErrReadOnly", err)
	}
}

// asNobody takes the right to write everywhere from the rest of the test, which the superuser would have. The right
// belongs to the thread, which ends with the test's goroutine.
func asNobody(t *testing.T) {
	t.Helper()
	const nobody = 65534
	if os.Geteuid() != 0 {
		return
	}
	runtime.LockOSThread()
	setfsuid := func(id uintptr) {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, id, 0, 0); errno != 0 {
			t.Error(errno)
		}
	}
	setfsuid(nobody)
	t.Cleanup(func() { setfsuid(0) })
}
