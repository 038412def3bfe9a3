package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runCommand runs the program with a standard input and returns what it prints.
func runCommand(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	command, out := root(), &bytes.Buffer{}
	command.SetArgs(args)
	command.SetIn(strings.NewReader(in))
	command.SetOut(out)
	command.SetErr(&bytes.Buffer{})
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

func TestClassifyPrintsTheVerdictAndItsRule(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(own, []byte("- {name: mine, cause: moved, text: gone fishing}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, in string
		args     []string
		want     []string
	}{
		{"words of one reply", "", []string{"550", "5.1.1", "no"}, []string{"Permanent", "NoEmail", "code x.1.1", "550 5.1.1 no"}},
		{"several replies", "", []string{"--json", "550 5.1.1 no", "552 mailbox full"}, []string{`"bounceSubType":"NoEmail"`, `"bounceSubType":"MailboxFull"`}},
		{"lines", "550 user unknown\n\n421 too many connections\n", []string{"--json"}, []string{`"smtpReply":"550"`, `"reason":"rate"`}},
		{"own rules", "", []string{"--rules", own, "550 gone fishing"}, []string{"moved", "mine"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := runCommand(t, test.in, append([]string{"classify"}, test.args...)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("got %s, want it to hold %s", out, want)
				}
			}
		})
	}
}

func TestBrokenOwnRulesAreRefusedByFileAndLine(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(own, []byte("\n- {name: mine, cause: nosuch, text: abc}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"classify", "parse"} {
		if _, err := runCommand(t, "", command, "--rules", own); err == nil || !strings.Contains(err.Error(), own+":2: ") {
			t.Errorf("%s: got error %v, want one that names %s:2", command, err, own)
		}
	}
	if _, err := runCommand(t, "", "classify", "--rules", own+"x", "550 x"); err == nil || !strings.Contains(err.Error(), "--rules") {
		t.Errorf("got error %v for a file that is not there, want the remedy", err)
	}
}
