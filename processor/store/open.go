package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/mattn/go-sqlite3"
)

const (
	// busyMillis is how long a connection waits for the write lock of another process, in milliseconds.
	busyMillis = "10000"
	// writerCache and readerCache are the page caches of a connection in KiB (negative: SQLite's way to say KiB rather
	// than pages). The writer's holds the inner pages of lists with tens of millions of rows. There are several readers:
	// theirs are small, because the system has in its memory what they lack.
	writerCache = "-65536"
	readerCache = "-4096"
	// preparedStatements is how many statements a connection keeps prepared.
	preparedStatements = "128"
)

// writerSettings are set on the writing connection once it is open. A checkpoint each 4,000 pages (16 MB) holds up whoever
// commits for half as long as one each 10,000 pages, and imports as fast; one each 1,000 halves the throughput of large
// lists. The limit gives the room of a burst back to the disk.
var writerSettings = []string{
	"PRAGMA wal_autocheckpoint = 4000",
	"PRAGMA journal_size_limit = 67108864",
	"PRAGMA temp_store = MEMORY",
}

// Open opens the database file at path and applies the migrations it lacks. File and folder are made when they do not
// exist, readable by their owner only. The error wraps ErrReadOnly, ErrFull, ErrNotDatabase, ErrNewer or ErrBusy where
// one of them is the cause.
func Open(ctx context.Context, path string) (*Store, error) {
	s, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, explain(err))
	}
	return s, nil
}

func open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, err
	}
	steps, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return nil, err
	}
	write := connect(path, writerSettings, url.Values{
		"_txlock": {"immediate"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_cache_size": {writerCache},
	})
	write.SetMaxOpenConns(1)
	write.SetMaxIdleConns(1)
	if err := migrate(ctx, write, steps); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read := connect(path, nil, url.Values{"mode": {"ro"}, "_query_only": {"on"}, "_cache_size": {readerCache}})
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	if err := read.PingContext(ctx); err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	return &Store{Write: write, Read: read, turn: make(chan struct{}, 1)}, nil
}

// create makes the file and its folder when they do not exist. It exists because SQLite would make the file readable
// for everybody, and because the system's words say better than SQLite's why a file cannot be opened.
func create(path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return explainFile(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return explainFile(err)
	}
	if err := file.Close(); err != nil {
		return err
	}
	return errors.Join(syncFolder(folder), syncFolder(filepath.Dir(folder)))
}

// syncFolder makes the names in a folder durable, so that a file made in it is found after a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if errors.Is(err, os.ErrPermission) {
		return nil // a parent that is not ours to read was there before us
	}
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// connect makes a pool of connections to the file; each runs the settings when it is opened.
func connect(path string, settings []string, options url.Values) *sql.DB {
	options.Set("_busy_timeout", busyMillis)
	options.Set("_foreign_keys", "on") // PostgreSQL knows no other way
	options.Set("_stmt_cache_size", preparedStatements)
	options.Set("_mutex", "no") // database/sql gives a connection to one goroutine at a time
	location := url.URL{Scheme: "file", Path: path, RawQuery: options.Encode()}
	return sql.OpenDB(connector{
		location: location.String(),
		driver: &sqlite3.SQLiteDriver{ConnectHook: func(conn *sqlite3.SQLiteConn) error {
			for _, setting := range settings {
				if _, err := conn.Exec(setting, nil); err != nil {
					return fmt.Errorf("%s: %w", setting, err)
				}
			}
			return nil
		}},
	})
}

// connector opens connections without a driver name that the whole process would share.
type connector struct {
	location string
	driver   *sqlite3.SQLiteDriver
}

// Connect opens one connection.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.location) }

// Driver returns the SQLite driver.
func (c connector) Driver() driver.Driver { return c.driver }
