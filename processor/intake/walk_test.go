package intake_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/intake"
)

// plant writes files, named by their path under a new folder, and returns the folder.
func plant(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// walk returns "name: mail" for each mail, with names relative to folder.
func walk(t *testing.T, folder string, paths ...string) (mails []string, err error) {
	t.Helper()
	for i := range paths {
		if paths[i] != "-" {
			paths[i] = filepath.Join(folder, paths[i])
		}
	}
	err = intake.Walk(paths, strings.NewReader("stdin"), func(name string, r io.Reader) error {
		text, err := io.ReadAll(r)
		if rel, relErr := filepath.Rel(folder, name); relErr == nil {
			name = filepath.ToSlash(rel)
		}
		mails = append(mails, fmt.Sprintf("%s: %s", name, text))
		return err
	})
	return mails, err
}

const twoMails = "From a@b\nA: 1\n\nFrom c@d\nA: 2\n"

func TestFolderGivesItsMailsInTheOrderOfNames(t *testing.T) {
	folder := plant(t, map[string]string{
		"b.eml": "b", "a/2.eml": "a2", "a/1.EML": "a1", "c.mbox": twoMails, "d": "spool", "e.2": "numbered", "f.txt": "text",
		"g.msg": "message", "1700000000.M1P2.host:2,S": "maildir style", "h.host:2,": "flags",
		"a/1.env": "x", "a/1.json": "x", "b.eml.gz": "x", ".hidden.eml": "x", ".git/x.eml": "x", "b.eml~": "x", "empty.mbox": "", "empty.eml": "",
	})
	if err := os.Symlink("b.eml", filepath.Join(folder, "z.eml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", filepath.Join(folder, "loop")); err != nil {
		t.Fatal(err)
	}
	got, err := walk(t, folder, ".")
	want := []string{"1700000000.M1P2.host:2,S: maildir style", "a/1.EML: a1", "a/2.eml: a2", "b.eml: b", "c.mbox: A: 1\n", "c.mbox: A: 2\n",
		"d: spool", "e.2: numbered", "empty.eml: ", "f.txt: text", "g.msg: message", "h.host:2,: flags", "z.eml: b"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s\nerror %v", diff, err)
	}
}

func TestNamedFileIsReadWhateverItsName(t *testing.T) {
	folder := plant(t, map[string]string{"mail.json": "A: 1\n", "box.old": twoMails, "saved.eml": twoMails})
	got, err := walk(t, folder, "mail.json", "box.old", "saved.eml", "-")
	want := []string{"mail.json: A: 1\n", "box.old: A: 1\n", "box.old: A: 2\n", "saved.eml: A: 1\n", "saved.eml: A: 2\n", "-: stdin"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s\nerror %v", diff, err)
	}
}

func TestMaildirGivesNewThenCurThenItsSubFolders(t *testing.T) {
	folder := plant(t, map[string]string{
		"mail/new/2.b": "n2", "mail/new/1.a": "n1", "mail/cur/odd.name:2,RS": "c1", "mail/tmp/3.c": "x", "mail/cur/.index": "x", "mail/dovecot.index": "x",
		"mail/.Sent/new/1.a": "s1", "mail/.Sent/cur/2.a": "s2", "mail/.Sent/tmp/3.a": "x",
	})
	got, err := walk(t, folder, "mail")
	want := []string{"mail/new/1.a: n1", "mail/new/2.b: n2", "mail/cur/odd.name:2,RS: c1", "mail/.Sent/new/1.a: s1", "mail/.Sent/cur/2.a: s2"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s\nerror %v", diff, err)
	}
}

func TestAnInputThatFailsDoesNotStopTheOthers(t *testing.T) {
	folder := plant(t, map[string]string{"a.eml": "a", "b.eml": "b", "c/x.eml": "x"})
	if err := os.Symlink("gone", filepath.Join(folder, "c", "broken.eml")); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	var seen []string
	err := intake.Walk([]string{filepath.Join(folder, "missing"), filepath.Join(folder, "a.eml"), folder}, nil, func(name string, r io.Reader) error {
		seen = append(seen, filepath.Base(name))
		if filepath.Base(name) == "b.eml" {
			return refused
		}
		return nil
	})
	if diff := cmp.Diff([]string{"a.eml", "a.eml", "b.eml", "x.eml"}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, want := range []string{"missing", "broken.eml", "b.eml: refused"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that names %s", err, want)
		}
	}
	if !errors.Is(err, refused) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got error %v, want one that wraps both causes", err)
	}
}

func TestSkipAllEndsTheWalk(t *testing.T) {
	folder := plant(t, map[string]string{"a.eml": "a", "b.eml": "b", "mail/new/1": "x", "mail/cur/2": "x"})
	calls := 0
	err := intake.Walk([]string{folder, "-", folder}, strings.NewReader("x"), func(string, io.Reader) error {
		calls++
		return fs.SkipAll
	})
	if calls != 1 || err != nil {
		t.Errorf("got %d calls and error %v, want 1 and none", calls, err)
	}
}
