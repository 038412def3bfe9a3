package processor_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/rebound-mail/rebound/"

// listed is a package of ours as `go list` shows it; names of our own packages come without the module.
type listed struct {
	imports []string // by the package itself
	deps    []string // by the package and all that it imports
}

func listPackages(t *testing.T) map[string]listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}|{{join .Deps " "}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string]listed{}
	for line := range strings.Lines(string(out)) {
		parts := strings.Split(strings.ReplaceAll(strings.TrimSpace(line), module, ""), "|")
		packages[parts[0]] = listed{strings.Fields(parts[1]), strings.Fields(parts[2])}
	}
	if len(packages) < 10 {
		t.Fatalf("go list shows %d packages", len(packages))
	}
	return packages
}

// storeys are the house from the ground up: a package imports from its own storey or lower ones.
var storeys = [][]string{
	{"dsn", "arf", "schemas", "processor/autoreply", "processor/classify", "processor/store", "processor/bus"},
	{"suppression", "processor/account", "processor/topic", "processor/sentmail", "processor/statistics", "processor/returnpath", "processor/forward"},
	{"processor/delivery", "processor/simulator"},
	{"processor", "processor/intake", "processor/relay"},
	{"processor/api", "processor/awsapi", "processor/dashboard"},
	{"cmd"},
}

// storeyOf finds a package's storey, or that of the nearest package it lies in; -1 when there is none.
func storeyOf(name string) int {
	for ; name != "."; name = filepath.Dir(name) {
		for height, storey := range storeys {
			if slices.Contains(storey, name) {
				return height
			}
		}
	}
	return -1
}

func isOurs(packages map[string]listed, name string) bool {
	_, ours := packages[name]
	return ours
}

func TestArrowsGoDown(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for name, p := range packages {
		height := storeyOf(name)
		if height < 0 {
			t.Errorf("%s has no place in the house", name)
		}
		for _, used := range p.imports {
			if isOurs(packages, used) && storeyOf(used) > height {
				t.Errorf("%s imports %s, which lies above it", name, used)
			}
			if isOurs(packages, used) && strings.HasPrefix(used, "cmd/") {
				t.Errorf("%s imports %s: commands are only wiring", name, used)
			}
		}
	}
}

// What knows mail is useful to someone who imports only that: it needs nothing else of ours, and reads nothing but its argument.
func TestReadersOfMailKnowMailAndNothingElse(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	readers := []string{"dsn", "dsn/address", "dsn/plaintext", "dsn/report", "dsn/status", "arf", "processor/autoreply", "processor/classify"}
	shared := []string{"dsn/address", "dsn/report", "dsn/status"}
	for _, reader := range readers {
		for _, used := range packages[reader].imports {
			switch {
			case isOurs(packages, used) && !slices.Contains(shared, used):
				t.Errorf("%s imports %s", reader, used)
			case slices.Contains([]string{"os", "os/exec", "net", "net/http", "database/sql", "log", "log/slog"}, used):
				t.Errorf("%s imports %s, and should do nothing but read its argument", reader, used)
			}
		}
	}
	for _, alone := range append(shared, "schemas", "processor/store", "processor/bus") {
		for _, used := range packages[alone].imports {
			if isOurs(packages, used) {
				t.Errorf("%s imports %s, and should import nothing of ours", alone, used)
			}
		}
	}
}

// The owners of tables get a transaction or a database handed in, so that the worker can put the effects of many into one transaction.
func TestOwnersOfTablesOpenNothing(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for _, owner := range []string{"suppression", "processor/account", "processor/topic", "processor/sentmail", "processor/statistics"} {
		p, found := packages[owner]
		if !found {
			t.Errorf("there is no package %s", owner)
		}
		for _, ground := range []string{"processor/store", "processor/bus"} {
			if slices.Contains(p.deps, ground) {
				t.Errorf("%s depends on %s", owner, ground)
			}
		}
	}
	for _, used := range packages["suppression"].imports {
		if isOurs(packages, used) && !strings.HasPrefix(used, "dsn/") {
			t.Errorf("suppression imports %s, and should be usable alone", used)
		}
	}
}

func TestOnePackageEachKnowsALibrary(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for library, want := range map[string]string{
		"github.com/mattn/go-sqlite3":    "processor/store",
		"github.com/pressly/goose":       "processor/store",
		"github.com/nats-io/nats.go":     "processor/bus",
		"github.com/nats-io/nats-server": "processor/bus",
		"github.com/robfig/cron":         "processor",
	} {
		var users []string
		for name, p := range packages {
			if name == "cmd/bench" { // measures the bus beside a bare JetStream
				continue
			}
			if slices.ContainsFunc(p.imports, func(used string) bool { return used == library || strings.HasPrefix(used, library+"/") }) {
				users = append(users, name)
			}
		}
		if !slices.Equal(users, []string{want}) {
			t.Errorf("%s is imported by %q, want %s alone", library, users, want)
		}
	}
}

var namedFile = regexp.MustCompile(`[\w./-]*testdata/[\w./+-]+\.\w+`)

// A deviation that is written into the code is shown by a mail.
func TestEveryQuirkNamesAFileThatExists(t *testing.T) {
	t.Parallel()
	const root = ".."
	seen := 0
	check := func(path string, comment *ast.CommentGroup) {
		if !strings.HasPrefix(strings.TrimSpace(comment.Text()), "QUIRK(") && !strings.Contains(comment.Text(), "\nQUIRK(") {
			return
		}
		seen++
		files := namedFile.FindAllString(comment.Text(), -1)
		if len(files) == 0 {
			t.Errorf("%s: a quirk without a file that shows it: %s", path, comment.Text())
		}
		for _, file := range files {
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, comment := range file.Comments {
			check(path, comment)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("no quirk was found")
	}
}
