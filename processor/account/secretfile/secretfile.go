package secretfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Replace writes the file at path, in place of the one that may be there. A reader sees the old content or the new.
// Folders that do not exist are made, for their owner only.
func Replace(path string, content []byte) error {
	if err := place(path, content, os.Rename); err != nil {
		return fmt.Errorf("secretfile: replace %s: %w", path, err)
	}
	return nil
}

// Create writes the file at path when there is none. The error wraps fs.ErrExist when there is one, which is then left
// as it is: of two processes that create the same file, one does.
func Create(path string, content []byte) error {
	if err := place(path, content, link); err != nil {
		return fmt.Errorf("secretfile: create %s: %w", path, err)
	}
	return nil
}

// link gives the file its name only when the name is free, which a rename does not look at.
func link(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	return os.Remove(from)
}

// place writes a file beside path, makes it durable, and gives it the name path.
func place(path string, content []byte, name func(from, to string) error) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	if err := fill(file, content); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if err := name(file.Name(), path); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(folder)
}

func fill(file *os.File, content []byte) error {
	if _, err := file.Write(content); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Sync(); err != nil {
		return errors.Join(err, file.Close())
	}
	return file.Close()
}

// syncFolder makes the new name durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
