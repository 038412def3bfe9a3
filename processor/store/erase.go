package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Erase is Transact for what nobody is to read any more: what f deletes or replaces is overwritten in the file, and the write-ahead log,
// which holds it as well, is emptied as far as no reader needs it.
func (s *Store) Erase(ctx context.Context, f func(tx *sql.Tx) error) error {
	err := s.Transact(ctx, func(tx *sql.Tx) error {
		if err := setting(ctx, tx, "PRAGMA secure_delete = ON"); err != nil {
			return err
		}
		defer func() { _ = setting(context.WithoutCancel(ctx), tx, "PRAGMA secure_delete = OFF") }() // left on it only costs time
		return f(tx)
	})
	if err != nil {
		return err
	}
	if _, err := s.Write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("store: empty the log: %w", explain(err))
	}
	return nil
}

// setting sets a pragma, which answers with a row.
func setting(ctx context.Context, tx *sql.Tx, pragma string) error {
	var now int
	if err := tx.QueryRowContext(ctx, pragma).Scan(&now); err != nil {
		return fmt.Errorf("store: %s: %w", pragma, explain(err))
	}
	return nil
}
