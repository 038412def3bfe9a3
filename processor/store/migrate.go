package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var embedded embed.FS

// migrate applies the files that the database lacks, each in a transaction of its own. A database with a step that is
// not among the files comes from a later program: it is refused before anything is changed.
func migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	steps, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	current, target, err := steps.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read its version: %w", err)
	}
	if current > target {
		return fmt.Errorf("%w (it is at version %d, this program knows up to %d)", ErrNewer, current, target)
	}
	if _, err := steps.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
