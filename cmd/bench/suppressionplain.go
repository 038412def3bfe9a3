package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3" // the plain table beside ours
)

// plainSQLite asks what anybody would write: a table of addresses.
func (s *suppressions) plainSQLite(ctx context.Context) error {
	path := filepath.Join(s.folder, "plain.db")
	db, err := sql.Open("sqlite3", path+"?_journal_mode=WAL&_cache_size=-16384")
	if err != nil {
		return err
	}
	defer db.Close()
	s.say("writing a plain table of %d addresses", s.entries)
	if _, err := db.ExecContext(ctx, `CREATE TABLE plain (address TEXT PRIMARY KEY)`); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO plain VALUES (?)`)
	if err != nil {
		return err
	}
	for _, addr := range s.sorted() {
		if _, err := insert.ExecContext(ctx, addr); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return s.plain(ctx, "plain SQLite", db, `SELECT 1 FROM plain WHERE address = ?`, float64(info.Size())/float64(s.entries))
}

// sorted are the addresses of the account's list in order, which is how a table takes them soonest.
func (s *suppressions) sorted() []string {
	all := make([]string, s.entries)
	for i := range all {
		all[i] = listed("account", i)
	}
	slices.Sort(all)
	return all
}

// plain measures look-ups in a table of addresses.
func (s *suppressions) plain(ctx context.Context, name string, db *sql.DB, query string, bytes float64) error {
	one, err := db.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer one.Close()
	for _, group := range []string{"free", "account"} {
		all, err := s.timed(s.count(50_000), func(i int) error {
			var found int
			err := one.QueryRowContext(ctx, listed(group, i*7919%s.entries)).Scan(&found)
			if (group == "free") != errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("%s: address %d of group %s: %d, %w", name, i, group, found, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		kind := map[string]string{"free": "a free", "account": "a suppressed"}[group]
		s.timedRow(name+": look-up of "+kind+" address", true, all)
		s.rows[len(s.rows)-1].Values[6] = bytes
	}
	return nil
}

// plainPostgreSQL asks the same of a PostgreSQL of its own on this machine, where one is installed.
func (s *suppressions) plainPostgreSQL(ctx context.Context) (err error) {
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(programs) == 0 {
		s.say("no PostgreSQL is installed (apt-get install postgresql): nothing to compare with")
		return nil
	}
	stop, folder, err := startPostgreSQL(ctx, programs[len(programs)-1])
	if err != nil {
		return fmt.Errorf("PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, stop()) }()
	settings, err := pgx.ParseConfig("host=" + folder + " user=postgres dbname=postgres")
	if err != nil {
		return err
	}
	s.say("writing %d addresses to PostgreSQL", s.entries)
	conn, err := pgx.ConnectConfig(ctx, settings)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `CREATE TABLE plain (address TEXT PRIMARY KEY)`); err != nil {
		return err
	}
	all := s.sorted()
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"plain"}, []string{"address"}, pgx.CopyFromSlice(len(all), func(i int) ([]any, error) { return []any{all[i]}, nil }))
	if err != nil {
		return err
	}
	var size int64
	if err := conn.QueryRow(ctx, `SELECT pg_total_relation_size('plain')`).Scan(&size); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `VACUUM ANALYZE plain`); err != nil {
		return err
	}
	db := stdlib.OpenDB(*settings)
	defer db.Close()
	return s.plain(ctx, "PostgreSQL", db, `SELECT 1 FROM plain WHERE address = $1`, float64(size)/float64(s.entries))
}

// startPostgreSQL starts a cluster in a folder of its own that listens on a socket there alone. It does not run as root.
func startPostgreSQL(ctx context.Context, programs string) (stop func() error, folder string, err error) {
	// Not in TMPDIR, whose name may be too long for a socket's.
	if folder, err = os.MkdirTemp("/tmp", "rebound-pg-"); err != nil {
		return nil, "", err
	}
	remove := func() error { return os.RemoveAll(folder) }
	var as *syscall.SysProcAttr
	if os.Getuid() == 0 {
		if as, err = asPostgres(folder); err != nil {
			return nil, "", errors.Join(err, remove())
		}
	}
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, "", errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), remove())
	}
	server := exec.CommandContext(ctx, filepath.Join(programs, "postgres"), "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "shared_buffers=512MB")
	server.SysProcAttr, server.Dir = as, folder
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGINT) }
	if err := server.Start(); err != nil {
		return nil, "", errors.Join(err, remove())
	}
	stop = func() error {
		_ = server.Process.Signal(syscall.SIGINT) // closes its connections and ends
		return errors.Join(server.Wait(), remove())
	}
	for range 200 {
		if conn, err := pgx.Connect(ctx, "host="+folder+" user=postgres dbname=postgres"); err == nil {
			return stop, folder, conn.Close(ctx)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, "", errors.Join(errors.New("it does not answer after ten seconds"), stop())
}

// asPostgres gives the folder to the user postgres and returns what starts a program as that user.
func asPostgres(folder string) (*syscall.SysProcAttr, error) {
	found, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr, os.Chown(folder, int(uid), int(gid))); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}
