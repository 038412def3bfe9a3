package store

import (
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"
)

var twoSteps = fstest.MapFS{
	"00001_note.sql":  {Data: []byte("-- +goose Up\nCREATE TABLE note (id INTEGER);\n-- +goose Down\nDROP TABLE note;\n")},
	"00002_added.sql": {Data: []byte("-- +goose Up\nALTER TABLE note ADD COLUMN added BIGINT;\n-- +goose Down\nALTER TABLE note DROP COLUMN added;\n")},
	"doc.go":          {Data: []byte("package migrations\n")},
}

func only(names ...string) fs.FS {
	files := fstest.MapFS{}
	for _, name := range names {
		files[name] = twoSteps[name]
	}
	return files
}

func TestMigrateAppliesWhatIsMissing(t *testing.T) {
	scratch := connect(filepath.Join(t.TempDir(), "scratch.db"), nil, url.Values{})
	defer scratch.Close()
	for _, files := range []fs.FS{only("00001_note.sql", "doc.go"), twoSteps, twoSteps} {
		if err := migrate(t.Context(), scratch, files); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := scratch.Exec("INSERT INTO note (id, added) VALUES (1, 2)"); err != nil {
		t.Error(err)
	}
}

func TestEveryMigrationGoesDownAgain(t *testing.T) {
	scratch := connect(filepath.Join(t.TempDir(), "scratch.db"), nil, url.Values{})
	defer scratch.Close()
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := goose.NewProvider(goose.DialectSQLite3, scratch, files)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := steps.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := steps.DownTo(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		var left string
		err := scratch.QueryRow("SELECT coalesce(group_concat(name), '') FROM sqlite_master WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'").Scan(&left)
		if err != nil || left != "" {
			t.Errorf("%s is left, error %v", left, err)
		}
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	scratch := connect(filepath.Join(t.TempDir(), "scratch.db"), nil, url.Values{})
	defer scratch.Close()
	if err := migrate(t.Context(), scratch, twoSteps); err != nil {
		t.Fatal(err)
	}
	err := migrate(t.Context(), scratch, only("00001_note.sql"))
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("got %v, want ErrNewer with the version", err)
	}
}

func TestAMigrationThatFailsLeavesNothingBehind(t *testing.T) {
	scratch := connect(filepath.Join(t.TempDir(), "scratch.db"), nil, url.Values{})
	defer scratch.Close()
	wrong := fstest.MapFS{"00001_wrong.sql": {Data: []byte("-- +goose Up\nCREATE TABLE half (id INTEGER);\nCREATE TABEL no;\n")}}
	if err := migrate(t.Context(), scratch, wrong); err == nil || !strings.Contains(err.Error(), "version:1") {
		t.Errorf("got %v, want an error with the step's version", err)
	}
	if _, err := scratch.Exec("SELECT * FROM half"); err == nil {
		t.Error("the table of the failed step is there")
	}
}

func TestSuppressedAddressesMoveToTheSmallerTable(t *testing.T) {
	scratch := connect(filepath.Join(t.TempDir(), "scratch.db"), nil, url.Values{})
	defer scratch.Close()
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := goose.NewProvider(goose.DialectSQLite3, scratch, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.UpTo(t.Context(), 39); err != nil {
		t.Fatal(err)
	}
	_, err = scratch.Exec(`INSERT INTO suppression VALUES ('', x'01', 'a@example.net', 'BOUNCE', 'f1', 'm1', 10, 15, 20),
		('123456789012', x'01', 'a@example.net', 'COMPLAINT', '', '', 10, 10, 0)`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	var moved string
	err = scratch.QueryRow(`SELECT group_concat(concat_ws(' ', account, hex(hash), address, reason, typeof(feedback), feedback, message, created, age, expires), '; ')
		FROM suppression_entry JOIN suppression_list ON id = list`).Scan(&moved)
	want := " 01 a@example.net 1 blob f1 m1 10 5 20; 123456789012 01 a@example.net 2 blob   10 0 0"
	if err != nil || moved != want {
		t.Errorf("got %q, want %q, error %v", moved, want, err)
	}
}
