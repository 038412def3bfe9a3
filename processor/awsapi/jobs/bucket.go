package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
)

// exportBucket takes the files of export jobs.
const exportBucket = "exports"

var validBucket = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,62}$`)

// maxKey bounds a key, in bytes, as at S3.
const maxKey = 1024

// parseLocation returns the path below the folder of buckets that s3://BUCKET/KEY means.
func parseLocation(location string) (string, error) {
	rest, ok := strings.CutPrefix(location, "s3://")
	bucket, key, found := strings.Cut(rest, "/")
	if !ok || !found || !validBucket.MatchString(bucket) || len(key) > maxKey || !fs.ValidPath(key) || key == "." {
		return "", fmt.Errorf("%w, not %.100q", ErrLocation, location)
	}
	return bucket + "/" + key, nil
}

// Buckets is the folder that holds a folder for each bucket.
type Buckets struct{ root *os.Root }

// OpenBuckets makes the folder when it is not there. Close closes it.
func OpenBuckets(folder string) (*Buckets, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return &Buckets{root}, nil
}

// Close closes the folder.
func (b *Buckets) Close() error { return b.root.Close() }

// open opens a file for reading. Only files are, so that no pipe holds a job up.
func (b *Buckets) open(name string) (*os.File, error) {
	info, err := b.root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(name + " is no file")
	}
	return b.root.Open(name)
}

// create opens a new file for writing in place of one that may be there, under a name that replace takes away.
func (b *Buckets) create(name string) (*os.File, error) {
	if err := b.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return nil, err
	}
	return b.root.OpenFile(name+partial, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}

// partial ends the name of a file that is being written.
const partial = ".part"

// replace closes what create opened and gives it its name, when err is nil; else it removes it.
func (b *Buckets) replace(name string, file *os.File, err error) error {
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		return b.root.Rename(name+partial, name)
	}
	_ = b.root.Remove(name + partial) // err tells more
	return err
}

// discard removes what create opened.
func (b *Buckets) discard(name string, file *os.File) error {
	return errors.Join(file.Close(), b.root.Remove(name+partial))
}
