package main

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
)

// outFile is a file that appears under its name when it is whole, in place of the one that was there.
type outFile struct {
	*bufio.Writer
	file *os.File
	path string
}

func createOut(path string) (*outFile, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &outFile{Writer: bufio.NewWriterSize(file, 64<<10), file: file, path: path}, nil
}

// finish puts the file in its place when err is nil, and else removes it.
func (o *outFile) finish(err error) error {
	if err == nil {
		err = errors.Join(o.Flush(), o.file.Chmod(0o644), o.file.Sync())
	}
	err = errors.Join(err, o.file.Close())
	if err == nil {
		return os.Rename(o.file.Name(), o.path)
	}
	return errors.Join(err, os.Remove(o.file.Name()))
}
