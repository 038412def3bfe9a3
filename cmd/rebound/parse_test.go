package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/schemas"
)

const recordings = "../../testdata/recordings"

// expected is the line that a recorded mail gives, under the name of the input it comes from.
func expected(t *testing.T, recording, file string) schemas.Parsed {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(recordings, strings.TrimSuffix(recording, ".eml")+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Parsed schemas.Parsed }
	if err := json.Unmarshal(content, &golden); err != nil {
		t.Fatal(err)
	}
	golden.Parsed.File = file
	return golden.Parsed
}

func mailOf(t *testing.T, recording string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(recordings, recording))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestParsePrintsALineForAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(recordings, "postfix/nouser.failed.eml")
	got := must(t, "parse", file)
	if diff := cmp.Diff([]schemas.Parsed{expected(t, "postfix/nouser.failed.eml", file)}, lines[schemas.Parsed](t, got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := schemas.Validate(schemas.ParsedSchema, []byte(got)); err != nil {
		t.Error(err)
	}
}

func TestParsePrintsALineForEachMailOfAFolderInOrder(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"dma", "autoreply", "opendmarc"} {
		files, err := filepath.Glob(filepath.Join(recordings, folder, "*.eml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%d mails, %v", len(files), err)
		}
		var want []schemas.Parsed
		for _, file := range files {
			want = append(want, expected(t, folder+"/"+filepath.Base(file), file))
		}
		if diff := cmp.Diff(want, lines[schemas.Parsed](t, must(t, "parse", filepath.Join(recordings, folder)))); diff != "" {
			t.Errorf("%s: -want +got:\n%s", folder, diff)
		}
	}
}

func TestParseReadsAnMboxFromAFileAndFromAPipe(t *testing.T) {
	t.Parallel()
	names := []string{"postfix/nouser.failed.eml", "exim4/full.failed.eml", "autoreply/vacation-bsd.eml"}
	box := ""
	for _, name := range names {
		box += "From MAILER-DAEMON Tue Jan 27 14:59:39 2026\n" + strings.ReplaceAll(mailOf(t, name), "\r\n", "\n") + "\n"
	}
	path := filepath.Join(t.TempDir(), "box")
	if err := os.WriteFile(path, []byte(box), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, input := range map[string][]string{path: {"parse", path}, "-": {"parse", "-"}} {
		stdout, stderr, status := command(t, box, input...)
		var want []schemas.Parsed
		for _, recording := range names {
			want = append(want, expected(t, recording, name))
		}
		if diff := cmp.Diff(want, lines[schemas.Parsed](t, stdout)); diff != "" || status != 0 {
			t.Errorf("%s: status %d %s, -want +got:\n%s", name, status, stderr, diff)
		}
	}
}

func TestParseReadsOneMailFromAPipe(t *testing.T) {
	t.Parallel()
	stdout, _, status := command(t, mailOf(t, "sendmail/full.failed.eml"), "parse")
	if diff := cmp.Diff([]schemas.Parsed{expected(t, "sendmail/full.failed.eml", "-")}, lines[schemas.Parsed](t, stdout)); diff != "" || status != 0 {
		t.Errorf("status %d, -want +got:\n%s", status, diff)
	}
}

func TestNothingInAMailStopsParse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"1.eml": "", "2.eml": mailOf(t, "postfix/nouser.failed.eml"), "3.eml": "\x00\xff\xfe", "4.eml": "Subject: hello\n\nnothing\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, status := command(t, "", "parse", dir)
	var kinds []string
	for _, line := range lines[schemas.Parsed](t, stdout) {
		kinds = append(kinds, filepath.Base(line.File)+" "+line.Kind)
		if (line.Kind == "error") != (line.Error != "") {
			t.Errorf("kind %s with the error %q", line.Kind, line.Error)
		}
	}
	if diff := cmp.Diff([]string{"1.eml error", "2.eml bounce", "3.eml error", "4.eml none"}, kinds); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if status != 1 || !strings.Contains(stderr, "2 could not be read") {
		t.Errorf("status %d, %q", status, stderr)
	}
}

func TestParseSaysWhatItCannotOpenAndReadsTheRest(t *testing.T) {
	t.Parallel()
	missing, file := filepath.Join(t.TempDir(), "missing.eml"), filepath.Join(recordings, "postfix/nouser.failed.eml")
	stdout, stderr, status := command(t, "", "parse", missing, file)
	if len(lines[schemas.Parsed](t, stdout)) != 1 || status != 1 || !strings.Contains(stderr, missing) {
		t.Errorf("status %d, %q, %s", status, stderr, stdout)
	}
}
