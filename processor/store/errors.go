package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

var (
	// ErrFull is returned when the disk, or the size that the database may have, is used up. The transaction changed
	// nothing; it can be tried again when there is room.
	ErrFull = errors.New("no space left for the database")
	// ErrReadOnly is returned when the database file or its folder cannot be written.
	ErrReadOnly = errors.New("the database cannot be written; check the permissions of the file and its folder")
	// ErrBusy is returned when another process held the database's write lock for longer than we wait.
	ErrBusy = errors.New("another process is writing to the database")
	// ErrNotDatabase is returned when the file is no SQLite database, or a damaged one.
	ErrNotDatabase = errors.New("not a database, or a damaged one; restore it from a copy, or give another data folder")
	// ErrNewer is returned when the database was made by a later version of this program.
	ErrNewer = errors.New("made by a newer rebound; run that version, or give another data folder")
	// ErrBroken is returned by every write after the disk failed once. What became of the transaction at that moment is
	// unknown, so only a new start from what is on the disk can tell; nothing is written until then.
	ErrBroken = errors.New("the disk failed while writing the database; check the disk, then start again")
	// ErrClosed is returned by writes after Close.
	ErrClosed = errors.New("the database is closed")
)

// explain puts the sentinel that tells the cause in front of an error that comes from SQLite, however deep it is
// wrapped. Other errors come back as they are.
func explain(err error) error {
	cause := causeOf(err)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// causeOf names the sentinel for an error from SQLite, nil when there is none.
func causeOf(err error) error {
	var failure sqlite3.Error
	if !errors.As(err, &failure) {
		return nil
	}
	switch failure.Code {
	case sqlite3.ErrFull:
		return ErrFull
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrCantOpen:
		return ErrReadOnly
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return ErrBusy
	case sqlite3.ErrNotADB, sqlite3.ErrCorrupt:
		return ErrNotDatabase
	case sqlite3.ErrIoErr:
		return ErrBroken
	}
	return nil
}

// explainFile does for an error of the file system what explain does for one of SQLite.
func explainFile(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// isFatal tells whether err leaves it unknown what is on the disk.
func isFatal(err error) bool {
	var failure sqlite3.Error
	return errors.As(err, &failure) && (failure.Code == sqlite3.ErrIoErr || failure.Code == sqlite3.ErrCorrupt)
}
