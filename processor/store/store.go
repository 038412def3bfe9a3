package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Store is an open database. Its methods may be called by many goroutines at once.
type Store struct {
	// Write has exactly one connection. Transactions go through [Store.Transact], which keeps their order.
	Write *sql.DB
	// Read is a pool of read-only connections. A row is visible there when the Transact that wrote it has returned.
	Read *sql.DB
	// Committed, when it is set, runs after each commit and before Transact returns: what keeps something of the database in
	// memory learns of a change before those who made it go on. Set it before the first Transact.
	Committed func(context.Context)

	// turn is held by the one who writes. Those who wait for a channel are served in the order in which they came,
	// which those who wait for a connection of database/sql are not.
	turn    chan struct{}
	failure atomic.Pointer[error]
	closing sync.Once
	closed  error
}

// Transact calls f with a transaction that may write, and commits it when f returns nil; when Transact returns nil the
// changes are on the disk. When f returns an error or panics everything is rolled back and the error comes back, the
// panic goes on. One transaction runs at a time, in the order of the calls; f must not call Transact.
//
// An error from the database wraps the sentinel that tells its cause: after ErrFull and ErrBusy the same transaction
// may be tried again, after ErrBroken only a new start helps.
func (s *Store) Transact(ctx context.Context, f func(tx *sql.Tx) error) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return fmt.Errorf("store: wait to write: %w", ctx.Err())
	}
	if failure := s.failure.Load(); failure != nil {
		return *failure
	}
	err := s.transact(ctx, f)
	if isFatal(err) {
		s.fail(fmt.Errorf("store: %w: %w", ErrBroken, err))
		return *s.failure.Load()
	}
	if err == nil && s.Committed != nil {
		s.Committed(context.WithoutCancel(ctx))
	}
	return err
}

func (s *Store) transact(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: begin: %w", explain(err))
	}
	// After a commit the rollback does nothing, and where SQLite has rolled back by itself there is none to do: its
	// error says nothing that is not in err already.
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return explain(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("store: commit: %w", explain(err))
	}
	return nil
}

// fail makes every later write return err.
func (s *Store) fail(err error) { s.failure.CompareAndSwap(nil, &err) }

// Healthy returns nil when the database can be read and no write has failed for good. It does not write.
func (s *Store) Healthy(ctx context.Context) error {
	if failure := s.failure.Load(); failure != nil {
		return *failure
	}
	var one int
	if err := s.Read.QueryRowContext(ctx, "SELECT 1 FROM (SELECT count(*) FROM sqlite_master)").Scan(&one); err != nil {
		return fmt.Errorf("store: read: %w", explain(err))
	}
	return nil
}

// Close lets the transaction in progress finish, refuses later ones with ErrClosed, and closes the file. It may be
// called more than once.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.turn <- struct{}{}
		s.fail(fmt.Errorf("store: %w", ErrClosed))
		<-s.turn
		// The writer goes last, because the last connection of all moves the WAL into the file.
		if err := errors.Join(s.Read.Close(), s.Write.Close()); err != nil {
			s.closed = fmt.Errorf("store: close: %w", explain(err))
		}
	})
	return s.closed
}
